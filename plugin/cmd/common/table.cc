#include "plugin/cmd/common/table.h"

#include <algorithm>
#include <utility>

namespace signet {
namespace {

// Columns on a terminal: code points, not bytes ("…" is one).
size_t DisplayWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void Widen(const std::vector<std::string>& cells, std::vector<size_t>& widths) {
  if (widths.size() < cells.size()) widths.resize(cells.size(), 0);
  for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(cells[i]));
}

void PrintLine(const std::vector<std::string>& cells, const std::vector<size_t>& widths, size_t indent,
               std::ostream& out) {
  std::string line(indent, ' ');
  for (size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - DisplayWidth(cells[i]) + 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

}  // namespace

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

void Table::AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

void Table::Print(std::ostream& out, size_t indent) const {
  std::vector<size_t> widths;
  Widen(headings_, widths);
  for (const auto& row : rows_) Widen(row, widths);
  if (!headings_.empty()) PrintLine(headings_, widths, indent, out);
  for (const auto& row : rows_) PrintLine(row, widths, indent, out);
}

void PrintJson(const nlohmann::ordered_json& value, std::ostream& out) {
  out << value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void PrintJsonLine(const nlohmann::ordered_json& value, std::ostream& out) {
  out << value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n' << std::flush;
}

}  // namespace signet
