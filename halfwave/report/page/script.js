// What a page does by itself: the theme, sorted tables, tooltips, and filters that slide over their input.
'use strict';

function setUpTheme() {
  const button = document.getElementById('theme');
  const root = document.documentElement;
  const dark = () => root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  const name = () => { button.textContent = dark() ? 'Light' : 'Dark'; };
  button.addEventListener('click', () => { root.dataset.theme = dark() ? 'light' : 'dark'; name(); });
  name();
}

// The number that a cell begins with: "1,234", "88.1 %", "2.0 us". Others come last.
function numberIn(text) {
  const value = parseFloat(text.replace(/,/g, ''));
  return Number.isNaN(value) ? Infinity : value;
}

function setUpSorting(table) {
  if (!table.tHead.rows.length) return;
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.textContent = head.textContent;
    button.title = 'Sort';
    head.textContent = '';
    head.append(button);
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') !== 'descending' && head.classList.contains('right')
        || head.getAttribute('aria-sort') === 'ascending';
      heads.forEach((each) => each.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = (row) => row.cells[column].textContent.trim();
      const sign = down ? -1 : 1;
      const order = (a, b) => {
        if (!head.classList.contains('right')) return sign * key(a).localeCompare(key(b), undefined, {numeric: true});
        const [x, y] = [numberIn(key(a)), numberIn(key(b))];
        if (x === y) return 0;
        if (x === Infinity) return 1;
        return y === Infinity ? -1 : sign * (x - y);
      };
      body.append(...[...body.rows].sort(order));
    });
  });
}

// Each place of a chart that has a text (its <title>) shows it under the pointer. With the keyboard: tab to a
// chart, then the arrows.
function setUpTips() {
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.setAttribute('role', 'status');
  tip.hidden = true;
  document.body.append(tip);
  const show = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 4)) + 'px';
    tip.style.top = Math.max(4, y - tip.offsetHeight - 12 < 4 ? y + 18 : y - tip.offsetHeight - 12) + 'px';
  };
  const hide = () => { tip.hidden = true; };
  document.querySelectorAll('figure svg').forEach((svg) => {
    const hits = [...svg.querySelectorAll('.hit')];
    if (hits.length === 0) return;
    const texts = hits.map((hit) => {
      const title = hit.querySelector('title');
      const text = title.textContent;
      title.remove();  // else the browser shows it a second time
      return text;
    });
    let at = -1;
    const showAt = (i) => {
      hits.forEach((hit) => hit.classList.remove('on'));
      at = i;
      hits[i].classList.add('on');
      const box = hits[i].getBoundingClientRect();
      show(texts[i], box.left + box.width / 2, box.top + Math.min(box.height / 2, 60));
    };
    hits.forEach((hit, i) => {
      hit.addEventListener('pointermove', (event) => show(texts[i], event.clientX, event.clientY));
      hit.addEventListener('pointerleave', hide);
    });
    svg.setAttribute('tabindex', '0');
    svg.addEventListener('keydown', (event) => {
      const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (event.key === 'Escape') hide();
      if (!step) return;
      event.preventDefault();
      showAt((at + step + hits.length) % hits.length);
    });
    svg.addEventListener('blur', () => { hits.forEach((hit) => hit.classList.remove('on')); hide(); });
  });
}

// As signed_colour.cc: black where it is not a number.
function signedColour(stops, value) {
  if (Number.isNaN(value)) return [0, 0, 0];
  const side = value < 0 ? stops.below : stops.above;
  const place = Math.min(Math.abs(value), 1) * (side.length - 1);
  const first = Math.min(Math.floor(place), side.length - 2);
  return side[first].map((c, i) => Math.round(c + (side[first + 1][i] - c) * (place - first)));
}

function floatsOf(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// A filter at one place after another: the window, weights, products and their sum, with the real numbers.
function setUpSlide(section) {
  const data = JSON.parse(section.querySelector('script').textContent);
  const [x, w, map, [bias]] = [data.x, data.weights, data.map, data.bias].map(floatsOf);
  const {height, width, channels} = data.input;
  const [rows, columns] = [data.output.height, data.output.width];
  const largest = (values) => values.reduce((most, v) => Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most, 1e-30);
  const most = {x: largest(x), w: largest(w), y: largest(map)};
  const number = (v) => (Math.abs(v) >= 1000 || (v !== 0 && Math.abs(v) < 0.001)) ? v.toExponential(1) : v.toFixed(3);
  const $ = (name) => section.querySelector('.' + name);
  let place = data.start;
  let channel = data.channel;
  let timer = 0;

  const draw = (canvas, values, h, w2, scale, mark) => {
    const size = Math.max(1, Math.floor(252 / Math.max(h, w2)));
    canvas.width = w2 * size;
    canvas.height = h * size;
    const context = canvas.getContext('2d');
    for (let i = 0; i < h * w2; ++i) {
      context.fillStyle = `rgb(${signedColour(data.colours, values(i) / scale).join()})`;
      context.fillRect(i % w2 * size, Math.floor(i / w2) * size, size, size);
    }
    context.strokeStyle = '#000';
    context.lineWidth = 2;
    context.strokeRect(mark.left * size, mark.top * size, mark.width * size, mark.height * size);
  };
  const table = (target, value, scale) => {
    target.replaceChildren(...Array.from({length: data.filter.height}, (_, ky) => {
      const row = document.createElement('tr');
      for (let kx = 0; kx < data.filter.width; ++kx) {
        const cell = row.insertCell();
        const v = value(ky, kx);
        cell.textContent = v === null ? 'pad' : number(v);
        const colour = v === null ? [240, 240, 240] : signedColour(data.colours, v / scale * 0.6);
        cell.style.background = `rgb(${colour.join()})`;
        if (Number.isNaN(v)) cell.style.color = '#ffffff';
      }
      return row;
    }));
  };

  const update = () => {
    const oy = Math.floor(place / columns);
    const ox = place % columns;
    const top = oy * data.stride.height - data.pad.height;
    const left = ox * data.stride.width - data.pad.width;
    const at = (ky, kx, c) => {
      const [iy, ix] = [top + ky * data.dilation.height, left + kx * data.dilation.width];
      if (iy < 0 || ix < 0 || iy >= height || ix >= width) return null;
      return x[(iy * width + ix) * channels + c];
    };
    const weight = (ky, kx, c) => w[(ky * data.filter.width + kx) * channels + c];
    draw($('input'), (i) => x[i * channels + channel], height, width, most.x, {
      top, left,
      height: (data.filter.height - 1) * data.dilation.height + 1,
      width: (data.filter.width - 1) * data.dilation.width + 1,
    });
    draw($('map'), (i) => map[i], rows, columns, most.y, {top: oy, left: ox, height: 1, width: 1});
    table($('window'), (ky, kx) => at(ky, kx, channel), most.x);
    table($('weights'), (ky, kx) => weight(ky, kx, channel), most.w);
    table($('products'), (ky, kx) => at(ky, kx, channel) === null ? null : at(ky, kx, channel) * weight(ky, kx, channel),
      most.x * most.w);
    const sums = Array.from({length: channels}, (_, c) => {
      let sum = 0;
      for (let ky = 0; ky < data.filter.height; ++ky) {
        for (let kx = 0; kx < data.filter.width; ++kx) sum += (at(ky, kx, c) ?? 0) * weight(ky, kx, c);
      }
      return sum;
    });
    const dot = sums.reduce((a, b) => a + b, 0);
    let text = channels > 1
      ? `This channel's products sum to ${number(sums[channel])}, all ${channels} channels to ${number(dot)}.`
      : `The products sum to ${number(dot)}.`;
    text += ` With the bias ${number(bias)} that is ${number(dot + bias)}`;
    if (data.changed) text += '. What comes behind it (a pool, a batch norm or a sum) is not shown here.';
    else text += data.activation === 'linear' ? '.' : `; ${data.activation} makes it ${number(map[place])}.`;
    $('sum').textContent = text;
    $('place').textContent = `row ${oy}, column ${ox} of ${rows} x ${columns}`;
    $('where').value = place;
  };
  const stop = () => { clearInterval(timer); timer = 0; $('play').textContent = 'Play'; };
  const go = (to) => { place = (to + rows * columns) % (rows * columns); update(); };
  $('where').max = rows * columns - 1;
  $('where').addEventListener('input', () => { stop(); go(+$('where').value); });
  $('step').addEventListener('click', () => { stop(); go(place + 1); });
  $('play').addEventListener('click', () => {
    if (timer) { stop(); return; }
    $('play').textContent = 'Pause';
    timer = setInterval(() => go(place + 1), 250);
  });
  const choice = $('channel');
  for (let c = 0; c < channels; ++c) choice.add(new Option(`channel ${c}`, c, c === channel, c === channel));
  choice.hidden = channels === 1;
  choice.addEventListener('change', () => { channel = +choice.value; update(); });
  const canvas = $('map');
  canvas.addEventListener('click', (event) => {
    const box = canvas.getBoundingClientRect();
    stop();
    go(Math.floor((event.clientY - box.top) / box.height * rows) * columns
       + Math.floor((event.clientX - box.left) / box.width * columns));
  });
  update();
}

setUpTheme();
document.querySelectorAll('table.sortable').forEach(setUpSorting);
setUpTips();
document.querySelectorAll('section.slide').forEach(setUpSlide);
