#include "halfwave/data/subset.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "halfwave/base/random.h"

namespace halfwave {
namespace {

class Subset final : public Dataset {
 public:
  Subset(std::shared_ptr<const Dataset> data, std::vector<std::uint32_t> places, std::uint64_t seed)
      : data_(std::move(data)), places_(std::move(places)), seed_(seed) {}

  std::size_t size() const override { return places_.size(); }
  Shape shape() const override { return data_->shape(); }
  void get(std::size_t i, float* values) const override { data_->get(places_[i], values); }
  PictureSize picture_size(std::size_t i) const override { return data_->picture_size(places_[i]); }
  void get_part(std::size_t i, const PicturePart& part, float* values) const override {
    data_->get_part(places_[i], part, values);
  }
  int label(std::size_t i) const override { return data_->label(places_[i]); }
  const TableForm* table() const override { return data_->table(); }
  float target(std::size_t i) const override { return data_->target(places_[i]); }
  const std::vector<std::string>& classes() const override { return data_->classes(); }
  std::string name(std::size_t i) const override { return data_->name(places_[i]); }
  bool decodes() const override { return data_->decodes(); }
  std::string fingerprint() const override {
    return fmt::format("{}-{}-of-{}", data_->fingerprint(), places_.size(), seed_);
  }

 private:
  std::shared_ptr<const Dataset> data_;
  std::vector<std::uint32_t> places_;
  std::uint64_t seed_;
};

}  // namespace

std::shared_ptr<const Dataset> some_of(std::shared_ptr<const Dataset> data, std::size_t count,
                                       std::uint64_t seed) {
  if (count >= data->size()) return data;
  std::vector<std::uint32_t> places(data->size());
  std::iota(places.begin(), places.end(), 0U);
  RandomStream random(seed, RandomPurpose::subset);
  // The first steps of Fisher and Yates' shuffle.
  for (std::size_t i = 0; i < count; ++i)
    std::swap(places[i], places[i + random.below(static_cast<std::uint32_t>(places.size() - i))]);
  places.resize(count);
  std::sort(places.begin(), places.end());
  return std::make_shared<Subset>(std::move(data), std::move(places), seed);
}

}  // namespace halfwave
