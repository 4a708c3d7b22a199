#include "report/terminal_page.h"

#include <cstdio>

namespace blackstart {

using namespace picture;

void TerminalPage::line(std::string_view text) {
  text_ += " ";
  text_ += text;
  text_.erase(text_.find_last_not_of(' ') + 1);
  text_ += "\n";
}

void TerminalPage::heading(std::string_view text) {
  blank();
  for (const std::string& one : wrapped(text, columns())) line(inked(style_, Ink::bold, one));
}

void TerminalPage::paragraph(std::string_view indent, std::string_view text, Ink ink) {
  for (const std::string& one : wrapped(safe(text), columns() - indent.size())) {
    line(std::string{indent} + inked(style_, ink, one));
  }
}

std::string repeated(std::string_view cell, std::size_t times) {
  std::string row;
  for (std::size_t i = 0; i < times; ++i) row += cell;
  return row;
}

std::string compact(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace blackstart
