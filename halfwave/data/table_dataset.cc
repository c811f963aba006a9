#include "halfwave/data/table_dataset.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/data/checksum.h"
#include "halfwave/data/split.h"

namespace halfwave {
namespace {

// Rows as values.
class TableDataset : public Dataset {
 public:
  TableDataset(std::shared_ptr<const TableForm> form, std::vector<std::string> classes)
      : form_(std::move(form)), classes_(std::move(classes)) {}

  // target: the label, or the number.
  void add(const std::vector<float>& values, float target) {
    values_.insert(values_.end(), values.begin(), values.end());
    targets_.push_back(target);
  }

  std::size_t size() const override { return targets_.size(); }
  Shape shape() const override {
    return {.height = 1, .width = 1, .channels = static_cast<std::int64_t>(form_->values())};
  }
  void get(std::size_t i, float* values) const override {
    std::copy_n(values_.data() + i * form_->values(), form_->values(), values);
  }
  int label(std::size_t i) const override { return form_->regression ? 0 : static_cast<int>(targets_[i]); }
  float target(std::size_t i) const override { return targets_[i]; }
  const TableForm* table() const override { return form_.get(); }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::string fingerprint() const override {
    const std::uint32_t inputs = checksum(values_.data(), values_.size() * sizeof(float));
    return fmt::format("{}x{}-{:08x}", targets_.size(), form_->values(),
                       checksum(targets_.data(), targets_.size() * sizeof(float), inputs));
  }

 private:
  std::shared_ptr<const TableForm> form_;
  std::vector<std::string> classes_;  // of a number: its name alone
  std::vector<float> values_;
  std::vector<float> targets_;
};

// The rows that have a target; the others are told.
std::vector<std::size_t> rows_with_target(const Csv& csv, std::size_t target,
                                          std::vector<std::string>& skipped) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < csv.rows.size(); ++i) {
    if (!is_missing(csv.rows[i][target])) {
      rows.push_back(i);
    } else {
      skipped.push_back(
          fmt::format("{}, line {}: its '{}' is missing", csv.file, csv.lines[i], csv.header[target]));
    }
  }
  return rows;
}

// All that occur: as numbers if all are, else as texts.
std::vector<std::string> find_classes(const std::vector<std::string>& cells) {
  std::set<std::pair<double, std::string>> found;  // in their order
  double ignored = 0;
  const bool numbers = std::all_of(cells.begin(), cells.end(),
                                   [&](const std::string& cell) { return parse_number(cell, ignored); });
  for (const std::string& cell : cells) {
    double value = 0;
    if (numbers) parse_number(cell, value);
    found.emplace(value, cell);
  }
  std::vector<std::string> classes(found.size());
  std::transform(found.begin(), found.end(), classes.begin(),
                 [](const auto& each) { return printable(each.second); });
  return classes;
}

// Of one table, read by one form.
struct TableRows {
  const Csv& csv;
  TablePlaces places;
  std::vector<std::size_t> rows;

  TableRows(const Csv& table, const TableForm& form, std::vector<std::string>& skipped)
      : csv(table),
        places(find_places(form, table, true)),
        rows(rows_with_target(table, places.target, skipped)) {
    if (rows.empty()) fail("{}: no row has a '{}'", csv.file, form.target);
  }
  const std::string& target(std::size_t row) const { return csv.rows[row][places.target]; }
};

float target_of(const TableRows& source, std::size_t row, const TableForm& form,
                const std::vector<std::string>& classes) {
  const std::string& cell = source.target(row);
  if (form.regression) {
    double value = 0;
    if (!parse_number(cell, value)) {
      fail("{}, line {}: expected a number as '{}', got '{}'", source.csv.file, source.csv.lines[row],
           form.target, printable(cell));
    }
    return static_cast<float>(value);
  }
  const auto found = std::find(classes.begin(), classes.end(), printable(cell));
  if (found == classes.end()) {
    const std::vector<std::string_view> known(classes.begin(), classes.end());
    fail("{}, line {}: unknown class '{}' as '{}'{}", source.csv.file, source.csv.lines[row], printable(cell),
         form.target, suggestion(cell, known));
  }
  return static_cast<float>(found - classes.begin());
}

std::shared_ptr<const Dataset> make_part(const TableRows& source, const std::vector<std::size_t>& rows,
                                         const std::shared_ptr<const TableForm>& form,
                                         const std::vector<std::string>& classes) {
  auto data = std::make_shared<TableDataset>(form, classes);
  std::vector<float> values(form->values());
  for (const std::size_t row : rows) {
    encode_row(*form, source.places, source.csv, row, values.data());
    data->add(values, target_of(source, row, *form, classes));
  }
  return data;
}

std::vector<std::string> classes_of(const TableForm& form, const std::vector<TableRows>& sources) {
  if (form.regression) return {printable(form.target)};
  std::vector<std::string> cells;
  for (const TableRows& source : sources)
    for (const std::size_t row : source.rows) cells.push_back(source.target(row));
  return find_classes(cells);
}

}  // namespace

DataPair open_table(const Csv& table, const std::optional<Csv>& test, const DataOptions& options) {
  DataPair pair;
  auto form = std::make_shared<TableForm>(options.form ? *options.form
                                                       : find_form(table, options.target, pair.notes));
  std::vector<TableRows> sources;
  sources.emplace_back(table, *form, pair.skipped);
  if (test) sources.emplace_back(*test, *form, pair.skipped);
  if (options.strict && !pair.skipped.empty()) fail("{}", pair.skipped[0]);
  const std::vector<std::string> classes =
      options.classes.empty() ? classes_of(*form, sources) : options.classes;
  if (!form->regression && classes.size() < 2)
    fail("{}: expected at least two classes as '{}', got one, '{}'", table.file, form->target, classes.at(0));
  const std::string learned =
      fmt::format("{} '{}'", form->regression ? "the number" : "the class", form->target);
  if (test) {
    pair.kind = fmt::format("two tables, {} to be learned from {} columns", learned, form->columns.size());
    pair.train = make_part(sources[0], sources[0].rows, form, classes);
    pair.test = make_part(sources[1], sources[1].rows, form, classes);
    return pair;
  }
  std::vector<int> labels;
  for (const std::size_t row : sources[0].rows)
    labels.push_back(form->regression ? 0 : static_cast<int>(target_of(sources[0], row, *form, classes)));
  Split split = split_by_class(labels, options.test_share, options.split_seed);
  for (std::vector<std::size_t>* part : {&split.train, &split.test})
    for (std::size_t& place : *part) place = sources[0].rows[place];
  if (split.train.empty() || split.test.empty())
    fail("{}: expected at least two rows of some class, got {} rows", table.file, sources[0].rows.size());
  pair.kind = fmt::format("a table, {} to be learned from {} columns, {:g} % of the rows drawn for testing",
                          learned, form->columns.size(), 100 * options.test_share);
  pair.train = make_part(sources[0], split.train, form, classes);
  pair.test = make_part(sources[0], split.test, form, classes);
  return pair;
}

}  // namespace halfwave
