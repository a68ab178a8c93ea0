// Table: rows under headings, or name-value pairs, in aligned columns for people; the same data goes out as
// JSON for machines (PrintJson). Not thread-safe; nothing blocks but the stream.
#ifndef SIGNET_PLUGIN_CMD_COMMON_TABLE_H_
#define SIGNET_PLUGIN_CMD_COMMON_TABLE_H_

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace signet {

class Table {
 public:
  // Without headings the table starts with its first row.
  explicit Table(std::vector<std::string> headings = {});

  // A row may be shorter than the headings; cells must be fit for a terminal (SafeText).
  void AddRow(std::vector<std::string> cells);
  size_t rows() const { return rows_.size(); }

  // Columns are two blanks apart, the last one is not padded. `indent` blanks stand before every line.
  void Print(std::ostream& out, size_t indent = 0) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// Two-space indented, keys in the order they were set, a newline at the end. Bytes that are not UTF-8 are
// replaced, so this never fails.
void PrintJson(const nlohmann::ordered_json& value, std::ostream& out);
// The same on one line, for what comes line by line; flushed, so that a reader behind a pipe sees it at once.
void PrintJsonLine(const nlohmann::ordered_json& value, std::ostream& out);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_TABLE_H_
