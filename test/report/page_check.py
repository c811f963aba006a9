"""Opens pages in headless Chromium and checks what only a browser can tell.

Usage: page_check.py TOOL FOLDER. TOOL is the halfwave tool; what it makes goes into FOLDER.
No message on the console, nothing wider than the window from 360 to 1920 pixels, every chart drawn (pixels),
text contrast by WCAG 2.1 AA, light, dark and printed; sorting, tooltips by pointer and keyboard, the theme's button, and the
sliding filter, whose numbers are computed once more here. Prints a line a failure; exits 1 if there is one.
"""

import base64
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import zlib

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("skipped: Selenium (python3-selenium) is not installed")
    sys.exit(0)

DRIVER = shutil.which("chromedriver")
WIDTHS = (360, 768, 1280, 1920)

# Text with less contrast to its ground than WCAG 2.1 asks for (1.4.3), as "ratio text".
CONTRAST = """
const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3])).concat(1);
const light = (c) => { const f = c.slice(0, 3).map((v) => { v /= 255;
  return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
const ground = (e) => { const layers = [];
  for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((below, c) => over(c, below), [255, 255, 255, 1]); };
const bad = [];
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim());
  if (own.length === 0 || ['SCRIPT', 'STYLE', 'title', 'OPTION'].includes(e.tagName)) continue;
  const box = e.getBoundingClientRect();
  if (box.width === 0 || box.height === 0 || e.closest('.skip')) continue;
  const style = getComputedStyle(e);
  const svg = e.closest('svg');
  const colour = parse(svg ? style.fill : style.color);
  const below = ground(svg ? svg.parentElement : e);
  const [a, b] = [light(over(colour, below)), light(below)].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < (large ? 3 : 4.5)) bad.push(ratio.toFixed(2) + ' ' + own[0].textContent.trim().slice(0, 40));
}
return bad;
"""

# The pictures of the page: where each lies, and the colours of its lines and bars.
PARTS = """
const wide = (e) => { const box = e.getBoundingClientRect(); return box.width >= 3 && box.height >= 3; };
return [...document.querySelectorAll('figure svg, figure img, canvas')].map((e) => {
  const box = e.getBoundingClientRect();
  const colours = [...e.querySelectorAll('polyline')].filter((l) => l.points.length > 1)
    .map((l) => getComputedStyle(l).stroke)
    .concat([...e.querySelectorAll('.hit rect:not(.over)')].filter((r) => !r.hasAttribute('fill-opacity') && wide(r))
      .map((r) => getComputedStyle(r).fill));
  return {box: [box.left + scrollX, box.top + scrollY, box.width, box.height].map(Math.round),
          colours: [...new Set(colours)].map((c) => c.match(/\\d+/g).map(Number).join())}; });
"""

# Of a picture of the page (a data URI), for each part: how many colours it has (at most 200), and which of its own are
# not among them.
DRAWN = """
const [uri, parts, done] = arguments;
const image = new Image();
image.onload = () => { const canvas = document.createElement('canvas');
  canvas.width = image.width; canvas.height = image.height;
  const context = canvas.getContext('2d', {willReadFrequently: true}); context.drawImage(image, 0, 0);
  done(parts.map(({box: [x, y, w, h], colours}) => {
    const data = context.getImageData(x, y, Math.max(w, 1), Math.max(h, 1)).data;
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 3).join());
    return {count: Math.min(seen.size, 200), missing: colours.filter((c) => !seen.has(c))}; })); };
image.src = uri;
"""

failures = []


def check(fact, what):
    if not fact:
        failures.append(what)
        print("failed:", what)


def write_data(folder):
    """Pictures of 12 x 12 in four classes: the quarter that is brighter than the others."""
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(1)
    for part, count in (("train", 300), ("t10k", 80)):
        labels = bytes(source.randrange(4) for _ in range(count))
        pixels = bytes(
            20 + source.randrange(180) + (35 if y // 6 * 2 + x // 6 == label else 0)
            for label in labels for y in range(12) for x in range(12))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">iiii", 2051, count, 12, 12) + pixels)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">ii", 2049, count) + labels)


def break_weight(source, target, name):
    """The first value of a tensor becomes NaN, and the checksum that of the file as it then is."""
    data = bytearray(source.read_bytes())
    size = struct.unpack("<Q", data[:8])[0]
    begin = 8 + size + json.loads(data[8:8 + size])[name]["data_offsets"][0]
    data[begin:begin + 4] = struct.pack("<f", float("nan"))
    key = b'"halfwave.crc32":"'
    digits = data.index(key) + len(key)
    data[digits:digits + 8] = b"0" * 8
    data[digits:digits + 8] = b"%08x" % zlib.crc32(data)
    target.write_bytes(data)


def make_pages(tool, folder):
    shutil.rmtree(folder, ignore_errors=True)
    write_data(folder / "data")

    def run(*arguments):
        subprocess.run([tool, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    run("train", "lenet5", "data", "--epochs", "3", "--out", "run")
    run("compare", "relu", "tanh", "--data", "data", "--epochs", "2", "--seeds", "2", "--rate", "0.02", "--out", "both")
    run("export", "data", "pictures", "--count", "1")
    picture = sorted((folder / "pictures").glob("*.png"))[0]
    run("maps", "run", str(picture), "--slide", "conv2", "--out", "slide.html")
    (folder / "pooled.toml").write_text("input = [12, 12, 1]\nlayers = [ { conv = 4, kernel = 3, pad = 1 }, "
                                        "{ max_pool = 2 }, 'relu', { linear = 4 } ]\n")
    run("train", "pooled.toml", "data", "--epochs", "1", "--out", "pooled")
    run("maps", "pooled", str(picture), "--slide", "conv1", "--out", "pooled.html")
    break_weight(folder / "pooled/best.safetensors", folder / "broken.safetensors", "conv1.weight")
    run("maps", "broken.safetensors", str(picture), "--slide", "conv1:0", "--out", "broken.html")
    return {"pooled": folder / "pooled.html", "broken": folder / "broken.html",
            "run": folder / "run/report.html", "comparison": folder / "both/report.html", "slide": folder / "slide.html"}


def open_browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.chrome.service.Service(DRIVER))


def show(browser, page, width, theme, media="screen"):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                            {"media": media, "features": [{"name": "prefers-color-scheme", "value": theme}]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.get(page.as_uri())


def check_looks(browser, name, page):
    for theme in ("light", "dark"):
        for width in WIDTHS:
            show(browser, page, width, theme)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            check(wide <= width, f"{name}, {theme}, {width}: the page is {wide} wide")
            bad = browser.execute_script(CONTRAST)
            check(not bad, f"{name}, {theme}, {width}: too little contrast: {bad[:5]}")
        parts = browser.execute_script(PARTS)
        check(parts, f"{name}: there is no picture")
        height = browser.execute_script("return document.documentElement.scrollHeight")
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
        drawn = browser.execute_async_script(DRAWN, "data:image/png;base64," + shot["data"], parts)
        check(name not in ("run", "comparison") or any(part["colours"] for part in parts), f"{name}: no chart has lines or bars")
        for place, part in enumerate(drawn):
            # White, a frame, and something; what is not a number is black.
            check(part["count"] > (1 if name == "broken" else 2), f"{name}, {theme}: picture {place} has {part['count']} colours")
            check(not part["missing"], f"{name}, {theme}: picture {place} does not show {part['missing']}")
    # On paper (A4 at 96 dots an inch), of a reader who likes it dark.
    show(browser, page, 794, "dark", "print")
    bad = browser.execute_script(CONTRAST)
    check(not bad, f"{name}, print: too little contrast: {bad[:5]}")
    check(browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)",
          f"{name}, print: the paper is not white")
    show(browser, page, WIDTHS[-1], "light")
    messages = browser.get_log("browser")
    check(not messages, f"{name}: the console says {messages[:3]}")


def check_tables(browser, name):
    for table in browser.find_elements(By.CSS_SELECTOR, "table.sortable"):
        heads = table.find_elements(By.CSS_SELECTOR, "th button")
        rows = len(table.find_elements(By.CSS_SELECTOR, "tbody tr"))
        for column, head in enumerate(heads):
            browser.execute_script("arguments[0].click()", head)
            cells = [row.find_elements(By.TAG_NAME, "td")[column].get_attribute("textContent")
                     for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")]
            check(len(cells) == rows, f"{name}: sorting lost a row")
            if "right" in head.find_element(By.XPATH, "..").get_attribute("class"):
                numbers = [float(m.group()) for c in cells
                           if (m := re.match(r"[+-]?[\d.]+(e[+-]?\d+)?", c.replace(",", ""))) and m.group() != "."]
                check(numbers == sorted(numbers, reverse=True), f"{name}: column {column} is not sorted: {numbers}")


def check_tips(browser, name):
    charts = browser.find_elements(By.CSS_SELECTOR, "figure svg[tabindex]")
    check(charts, f"{name}: no chart has tooltips")
    tip = browser.find_element(By.ID, "tip")
    for chart in charts:
        browser.execute_script("arguments[0].focus({preventScroll: false})", chart)
        ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
        first = tip.text
        check(tip.is_displayed() and re.search(r"\d", first), f"{name}: no tooltip by keyboard: '{first}'")
    hit = charts[0].find_element(By.CSS_SELECTOR, ".hit")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", hit)
    ActionChains(browser).move_to_element(hit).perform()
    check(tip.is_displayed(), f"{name}: no tooltip under the pointer")


def check_theme(browser, name):
    ground = "return getComputedStyle(document.body).backgroundColor"
    before = browser.execute_script(ground)
    browser.execute_script("document.getElementById('theme').click()")
    check(browser.execute_script(ground) != before, f"{name}: the theme's button changes nothing")


def floats(text):
    data = base64.b64decode(text)
    return struct.unpack(f"<{len(data) // 4}f", data)


def check_slide(browser, name):
    section = browser.find_element(By.CSS_SELECTOR, "section.slide")
    data = json.loads(section.find_element(By.TAG_NAME, "script").get_attribute("textContent"))
    x, w, after, (bias,) = (floats(data[name]) for name in ("x", "weights", "map", "bias"))
    rows, columns = data["output"]["height"], data["output"]["width"]
    height, width, channels = (data["input"][k] for k in ("height", "width", "channels"))
    for place in range(rows * columns):
        oy, ox = divmod(place, columns)
        total = bias
        for ky in range(data["filter"]["height"]):
            for kx in range(data["filter"]["width"]):
                iy = oy * data["stride"]["height"] - data["pad"]["height"] + ky * data["dilation"]["height"]
                ix = ox * data["stride"]["width"] - data["pad"]["width"] + kx * data["dilation"]["width"]
                if 0 <= iy < height and 0 <= ix < width:
                    total += sum(x[(iy * width + ix) * channels + c] * w[(ky * data["filter"]["width"] + kx) * channels + c]
                                 for c in range(channels))
        # Sums of some hundred rounded products.
        check(abs((total if data["changed"] else max(total, 0)) - after[place]) < 1e-4 * (1 + abs(total)), f"{name}: place {place}: {total} {after[place]}")
    first = section.find_element(By.CSS_SELECTOR, ".place").text
    browser.execute_script("arguments[0].click()", section.find_element(By.CSS_SELECTOR, ".step"))
    check(section.find_element(By.CSS_SELECTOR, ".place").text != first, f"{name}: a step goes nowhere")
    said = section.find_element(By.CSS_SELECTOR, ".sum").text
    place = int(section.find_element(By.CSS_SELECTOR, ".where").get_attribute("value"))
    wanted = "that is " if data["changed"] else "relu makes it "
    check(f"{wanted}{after[place]:.3f}" in said, f"{name}: '{said}', but the map says {after[place]}")
    browser.execute_script("arguments[0].click()", section.find_element(By.CSS_SELECTOR, ".play"))
    check(section.find_element(By.CSS_SELECTOR, ".play").text == "Pause", f"{name}: it does not play")


def main():
    if DRIVER is None:
        print("skipped: Chromium (chromium, chromium-driver) is not installed")
        return 0
    pages = make_pages(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
    browser = open_browser()
    try:
        for name, page in pages.items():
            check(page.stat().st_size < 2_000_000, f"{name}: {page.stat().st_size} bytes")
            check_looks(browser, name, page)
            if name in ("run", "comparison"):
                check_tips(browser, name)
                check_tables(browser, name)
            if name in ("run", "slide", "pooled"):
                check_slide(browser, name)
            check_theme(browser, name)
            messages = browser.get_log("browser")
            check(not messages, f"{name}: the console says {messages[:3]}")
    finally:
        browser.quit()
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
