#include "halfwave/data/image.h"

#include <gtest/gtest.h>
#include <spng.h>
#include <turbojpeg.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "halfwave/base/random.h"
#include "sample.h"

namespace halfwave {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint32_t below(RandomStream& random, std::size_t limit) {
  return random.below(static_cast<std::uint32_t>(limit));
}

std::string image_error(const std::string& bytes) {
  return message([&] { decode_image(bytes, "x"); });
}

// One kind of PNG.
struct Kind {
  spng_color_type type;
  std::uint8_t depth;
  bool interlaced;
  bool transparent;  // by a chunk: of palette entries, or one colour

  std::size_t channels() const {
    switch (type) {
      case SPNG_COLOR_TYPE_TRUECOLOR:
        return 3;
      case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
        return 4;
      case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
        return 2;
      default:
        return 1;
    }
  }
  bool grey() const { return type == SPNG_COLOR_TYPE_GRAYSCALE || type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA; }
};

std::vector<Kind> every_kind() {
  std::vector<Kind> kinds;
  for (const bool interlaced : {false, true}) {
    for (const bool transparent : {false, true}) {
      for (const std::uint8_t depth : std::initializer_list<std::uint8_t>{1, 2, 4, 8, 16}) {
        kinds.push_back({SPNG_COLOR_TYPE_GRAYSCALE, depth, interlaced, transparent});
        if (depth <= 8) kinds.push_back({SPNG_COLOR_TYPE_INDEXED, depth, interlaced, transparent});
        if (depth < 8) continue;
        kinds.push_back({SPNG_COLOR_TYPE_TRUECOLOR, depth, interlaced, transparent});
        if (transparent) continue;
        kinds.push_back({SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, depth, interlaced, false});
        kinds.push_back({SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, depth, interlaced, false});
      }
    }
  }
  return kinds;
}

struct Picture {
  std::string file;
  Bytes pixels;  // as they should come out
};

constexpr std::uint32_t height = 13;
constexpr std::uint32_t width = 21;

// What the decoder should make of the samples of one pixel.
void expect_pixel(const Kind& kind, const std::uint32_t* samples, const spng_plte& palette,
                  const spng_trns& clear, Bytes& out) {
  const auto to_byte = [&](std::uint32_t v) {
    return kind.depth == 16 ? v >> 8 : v * 255 / ((1U << kind.depth) - 1);
  };
  std::uint32_t red = to_byte(samples[0]);
  std::uint32_t green = red;
  std::uint32_t blue = red;
  std::uint32_t alpha = 255;
  if (kind.type == SPNG_COLOR_TYPE_INDEXED) {
    const spng_plte_entry& entry = palette.entries[samples[0]];
    red = entry.red;
    green = entry.green;
    blue = entry.blue;
    if (kind.transparent && samples[0] < clear.n_type3_entries) alpha = clear.type3_alpha[samples[0]];
  } else if (kind.channels() >= 3) {
    green = to_byte(samples[1]);
    blue = to_byte(samples[2]);
  }
  if (kind.type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA) alpha = to_byte(samples[1]);
  if (kind.type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA) alpha = to_byte(samples[3]);
  if (kind.transparent && kind.type == SPNG_COLOR_TYPE_GRAYSCALE && samples[0] == clear.gray) alpha = 0;
  if (kind.transparent && kind.type == SPNG_COLOR_TYPE_TRUECOLOR && samples[0] == clear.red &&
      samples[1] == clear.green && samples[2] == clear.blue) {
    alpha = 0;
  }
  const auto put = [&](std::uint32_t v) {
    const double value = (v * alpha + 255.0 * (255.0 - alpha)) / 255.0;
    out.push_back(static_cast<std::uint8_t>(std::lround(value)));
  };
  put(red);
  if (kind.grey()) return;
  put(green);
  put(blue);
}

// Samples packed into bytes as libspng's encoder takes them.
Bytes pack(const Kind& kind, const std::vector<std::uint32_t>& samples) {
  Bytes bytes;
  const std::size_t row = width * kind.channels();
  for (std::size_t y = 0; y < height; ++y) {
    unsigned bits = 0;
    unsigned count = 0;
    for (std::size_t i = y * row; i < (y + 1) * row; ++i) {
      if (kind.depth == 16) {
        const auto sample = static_cast<std::uint16_t>(samples[i]);
        std::uint8_t halves[2];
        std::memcpy(halves, &sample, 2);
        bytes.insert(bytes.end(), {halves[0], halves[1]});
        continue;
      }
      bits = bits << kind.depth | samples[i];
      count += kind.depth;
      if (count == 8) {
        bytes.push_back(static_cast<std::uint8_t>(bits));
        bits = count = 0;
      }
    }
    if (count > 0) bytes.push_back(static_cast<std::uint8_t>(bits << (8 - count)));
  }
  return bytes;
}

Picture make_png(const Kind& kind, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  const std::uint32_t levels = 1U << kind.depth;
  std::vector<std::uint32_t> samples(kind.channels() * width * height);
  for (std::uint32_t& sample : samples) sample = random.below(levels);

  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(SPNG_CTX_ENCODER), spng_ctx_free);
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{};
  header.width = width;
  header.height = height;
  header.bit_depth = kind.depth;
  header.color_type = static_cast<std::uint8_t>(kind.type);
  header.interlace_method = kind.interlaced ? SPNG_INTERLACE_ADAM7 : SPNG_INTERLACE_NONE;
  EXPECT_EQ(spng_set_ihdr(context.get(), &header), 0);

  spng_plte palette{};
  spng_trns clear{};
  if (kind.type == SPNG_COLOR_TYPE_INDEXED) {
    palette.n_entries = levels;
    for (std::uint32_t i = 0; i < levels; ++i) {
      const auto value = [&] { return static_cast<std::uint8_t>(random.below(256)); };
      palette.entries[i] = {value(), value(), value(), 255};
    }
    EXPECT_EQ(spng_set_plte(context.get(), &palette), 0);
    clear.n_type3_entries = levels / 2;
    for (std::uint32_t i = 0; i < levels / 2; ++i)
      clear.type3_alpha[i] = static_cast<std::uint8_t>(random.below(256));
  } else {
    clear.gray = static_cast<std::uint16_t>(samples[0]);
    clear.red = static_cast<std::uint16_t>(samples[0]);
    clear.green = static_cast<std::uint16_t>(samples[1]);
    clear.blue = static_cast<std::uint16_t>(samples[2]);
  }
  if (kind.transparent) {
    EXPECT_EQ(spng_set_trns(context.get(), &clear), 0);
  }
  const Bytes packed = pack(kind, samples);
  EXPECT_EQ(
      spng_encode_image(context.get(), packed.data(), packed.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
  std::size_t size = 0;
  int code = 0;
  const std::unique_ptr<void, void (*)(void*)> buffer(spng_get_png_buffer(context.get(), &size, &code),
                                                      std::free);
  EXPECT_EQ(code, 0);

  Picture picture{.file = std::string(static_cast<const char*>(buffer.get()), size), .pixels = {}};
  for (std::size_t i = 0; i < samples.size(); i += kind.channels()) {
    expect_pixel(kind, &samples[i], palette, clear, picture.pixels);
  }
  return picture;
}

TEST(Png, DecodesEveryKind) {
  const std::vector<Kind> kinds = every_kind();
  EXPECT_EQ(kinds.size(), 52U);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const Kind& kind = kinds[i];
    SCOPED_TRACE(fmt::format("type {} depth {} interlaced {} transparent {}", static_cast<int>(kind.type),
                             kind.depth, kind.interlaced, kind.transparent));
    const Picture picture = make_png(kind, i);
    const Image image = decode_image(picture.file, "x");
    EXPECT_EQ(image.height, height);
    EXPECT_EQ(image.width, width);
    EXPECT_EQ(image.channels, kind.grey() ? 1 : 3);
    EXPECT_EQ(image.pixels, picture.pixels);
  }
}

const Kind colour_png{SPNG_COLOR_TYPE_TRUECOLOR, 8, false, false};

TEST(Png, IsCutAnywhere) {
  const std::string file = make_png(colour_png, 1).file;
  // libspng does not miss the checksum of the empty chunk at the end.
  for (std::size_t length = 8; length < file.size() - 4; ++length) {
    EXPECT_TRUE(image_error(file.substr(0, length)).starts_with("x: the PNG image is cut or damaged ("))
        << length;
  }
  const std::string text = "x: the PNG image is cut or damaged (";
  EXPECT_EQ(image_error(file.substr(0, 100)), text + spng_strerror(SPNG_IO_EOF) + ")");
  std::string damaged = file;
  const std::size_t checksum = file.size() - 12 - 4;  // of the pixels, before the empty chunk
  damaged[checksum] = static_cast<char>(damaged[checksum] ^ 4);
  EXPECT_EQ(image_error(damaged), text + spng_strerror(SPNG_ECHUNK_CRC) + ")");
}

// Makes the checksum of every chunk right, so that damage gets past it.
std::string with_checksums(std::string file) {
  for (std::size_t at = 8; at + 12 <= file.size();) {
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<std::uint8_t>(file[at + i]);
    if (length > file.size() - at - 12) break;
    const uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(&file[at + 4]), length + 4);
    file.replace(at + 8 + length, 4, big_endian(static_cast<std::uint32_t>(sum)));
    at += length + 12;
  }
  return file;
}

TEST(Png, ClaimsTooMuch) {
  std::string file = make_png(colour_png, 1).file;
  file.replace(16, 8, big_endian(60'000) + big_endian(60'000));
  EXPECT_EQ(image_error(with_checksums(file)),
            "x: expected at most 100 megapixels, got 60000 x 60000 (3600 megapixels); make it smaller");
  file.replace(16, 8, big_endian(10'000) + big_endian(9'999));
  EXPECT_EQ(image_error(with_checksums(file)),
            "x: the PNG image is cut or damaged (9999 x 10000 pixels cannot be in " +
                std::to_string(file.size()) + " bytes)");
}

TEST(Png, StandsMutation) {
  RandomStream random(3, RandomPurpose::test);
  const std::vector<Kind> kinds = every_kind();
  for (int i = 0; i < 600; ++i) {
    const Picture picture = make_png(kinds[static_cast<std::size_t>(i) % kinds.size()], 7);
    std::string file = picture.file;
    for (std::uint32_t k = random.below(4) + 1; k > 0; --k) {
      file[8 + below(random, file.size() - 8)] = static_cast<char>(random.below(256));
    }
    const std::string text = image_error(i % 3 == 0 ? file : with_checksums(file));
    EXPECT_TRUE(text == "no error" || text.starts_with("x: ")) << text;
  }
}

struct Jpeg {
  int format = TJPF_RGB;
  int sampling = TJSAMP_444;
  int flags = 0;
};

std::string make_jpeg(const Bytes& pixels, int h, int w, const Jpeg& options) {
  void* handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, pixels.data(), w, 0, h, options.format, &data, &size, options.sampling, 98,
                        options.flags | TJFLAG_ACCURATEDCT),
            0);
  std::string file(reinterpret_cast<const char*>(data), size);
  tjFree(data);
  tjDestroy(handle);
  return file;
}

// A slow change from left to right, which every sampling keeps.
Bytes ramp(std::size_t channels) {
  Bytes pixels;
  for (std::size_t i = 0; i < 40 * 56; ++i) {
    for (std::size_t c = 0; c < channels; ++c) pixels.push_back(static_cast<std::uint8_t>(40 * c + i % 56));
  }
  return pixels;
}

void expect_near(const Bytes& got, const Bytes& expected, int tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], tolerance) << i;
}

TEST(Jpeg, DecodesColour) {
  for (const int sampling : {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411}) {
    for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
      const Image image =
          decode_image(make_jpeg(ramp(3), 40, 56, {.sampling = sampling, .flags = flags}), "x");
      EXPECT_EQ(image.height, 40);
      EXPECT_EQ(image.width, 56);
      EXPECT_EQ(image.channels, 3);
      expect_near(image.pixels, ramp(3), 5);
    }
  }
}

TEST(Jpeg, DecodesGrey) {
  const std::string file = make_jpeg(ramp(1), 40, 56, {.format = TJPF_GRAY, .sampling = TJSAMP_GRAY});
  const Image image = decode_image(file, "x");
  EXPECT_EQ(image.channels, 1);
  expect_near(image.pixels, ramp(1), 2);
}

TEST(Jpeg, DecodesInks) {
  // Stored the Adobe way round: 255 is no ink.
  Bytes inks;
  Bytes expected;
  for (std::size_t i = 0; i < 40 * 56; ++i) {
    inks.insert(inks.end(), {255, 128, 0, 200});
    expected.insert(expected.end(), {200, 100, 0});
  }
  const Image image = decode_image(make_jpeg(inks, 40, 56, {.format = TJPF_CMYK}), "x");
  EXPECT_EQ(image.channels, 3);
  expect_near(image.pixels, expected, 3);
}

TEST(Jpeg, IsCutAnywhere) {
  for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
    const std::string file = make_jpeg(ramp(3), 40, 56, {.flags = flags});
    for (std::size_t length = 3; length < file.size(); ++length) {
      EXPECT_TRUE(
          image_error(file.substr(0, length)).starts_with("x: the JPEG image is cut, damaged or unusual ("))
          << length << image_error(file.substr(0, length));
    }
    EXPECT_EQ(image_error(file.substr(0, file.size() - 30)),
              "x: the JPEG image is cut, damaged or unusual (Premature end of JPEG file)");
  }
}

TEST(Jpeg, ClaimsTooMuch) {
  std::string file = make_jpeg(ramp(3), 40, 56, {});
  const std::size_t frame = file.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  file.replace(frame + 5, 4, big_endian(60'000U << 16 | 60'000U));
  EXPECT_EQ(image_error(file),
            "x: expected at most 100 megapixels, got 60000 x 60000 (3600 megapixels); make it smaller");
}

TEST(Jpeg, StandsMutation) {
  RandomStream random(4, RandomPurpose::test);
  const std::vector<std::string> files = {
      make_jpeg(ramp(3), 40, 56, {.sampling = TJSAMP_420}),
      make_jpeg(ramp(3), 40, 56, {.flags = TJFLAG_PROGRESSIVE}),
      make_jpeg(ramp(1), 40, 56, {.format = TJPF_GRAY, .sampling = TJSAMP_GRAY}),
      make_jpeg(ramp(4), 40, 56, {.format = TJPF_CMYK}),
  };
  for (std::size_t i = 0; i < 600; ++i) {
    std::string file = files[i % files.size()];
    for (std::uint32_t k = random.below(4) + 1; k > 0; --k) {
      file[3 + below(random, file.size() - 3)] = static_cast<char>(random.below(256));
    }
    const std::string text = image_error(file);
    EXPECT_TRUE(text == "no error" || text.starts_with("x: ")) << text;
  }
}

TEST(Image, IsSomethingElse) {
  const auto other = [](const std::string& what) {
    return "x: expected a picture (JPEG, PNG, WebP, GIF, BMP, PGM or PPM), got " + what + "; convert it";
  };
  EXPECT_EQ(image_error(""), "x: expected a picture, got an empty file");
  EXPECT_EQ(image_error("BM6"), other("a file that begins with 42 4d 36"));
  EXPECT_EQ(image_error(std::string("II*\0", 4)), other("a TIFF image"));
  EXPECT_EQ(image_error(gzip("1")), other("a gzip file"));
  EXPECT_EQ(image_error("hello, world"), other("a file that begins with 68 65 6c 6c 6f 2c 20 77"));
  EXPECT_EQ(image_error("\xff"), other("a file that begins with ff"));
}

TEST(Image, IsReadFromAFile) {
  const TestFolder folder;
  const std::filesystem::path file = folder / "a.jpg";  // the name says nothing
  const Picture picture = make_png(colour_png, 1);
  write_file(file, picture.file);
  EXPECT_EQ(read_image(file).pixels, picture.pixels);
  write_file(file, "hello");
  EXPECT_EQ(
      message([&] { read_image(file); }),
      file.string() +
          ": expected a picture (JPEG, PNG, WebP, GIF, BMP, PGM or PPM), got a file that begins with 68 "
          "65 6c 6c 6f; convert it");
  EXPECT_EQ(message([&] { read_image(folder / "b"); }),
            "cannot read " + (folder / "b").string() + ": No such file or directory");
}

}  // namespace
}  // namespace halfwave
