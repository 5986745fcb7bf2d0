#pragma once

/// Plain aligned text tables, as a terminal or a log shows them.

#include <muhat/core/printable_text.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// Rows of cells under a header. A row may have fewer cells than the header, not more.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

namespace detail {

/// Columns that UTF-8 text takes, one for each code point.
inline std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// `text` with spaces up to `width` columns.
inline std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  const std::size_t used = display_width(text);
  return result.append(width > used ? width - used : 0, ' ');
}

inline void append_row(std::string& text, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    line += padded(cells[column], widths[column]);
    line += "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  text += line;
  text += '\n';
}

} // namespace detail

/// The table as lines, titles underlined with dashes, columns two spaces apart,
/// no blanks at the end of a line; control characters stand as escapes. Linear in the text's size.
inline std::string table_text(Table table) {
  for (std::vector<std::string>& row : table.rows) {
    for (std::string& cell : row) {
      cell = printable_text(cell);
    }
  }
  std::vector<std::size_t> widths;
  for (const std::string& title : table.header) {
    widths.push_back(detail::display_width(title));
  }
  for (const std::vector<std::string>& row : table.rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths.at(column) = std::max(widths.at(column), detail::display_width(row[column]));
    }
  }
  std::string text;
  detail::append_row(text, table.header, widths);
  std::vector<std::string> rule;
  for (std::size_t column = 0; column < widths.size(); ++column) {
    rule.emplace_back(table.header[column].empty() ? 0 : widths[column], '-');
  }
  detail::append_row(text, rule, widths);
  for (const std::vector<std::string>& row : table.rows) {
    detail::append_row(text, row, widths);
  }
  return text;
}

} // namespace muhat
