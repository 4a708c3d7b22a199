#include "report/terminal_page.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace blackstart {
namespace {

constexpr int kColumnsMax = 140;  // a longer line is hard to read

bool utf8_terminal() { return std::string_view{::nl_langinfo(CODESET)} == "UTF-8"; }

}  // namespace

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

void TerminalPage::bar(std::string_view word, Ink ink) {
  blank();
  if (style_.colour) return line(badge(style_, ink, word, columns()));
  const std::string_view rule = style_.unicode ? "━" : "=";
  const std::string row = repeated(rule, 2) + " " + std::string{word} + " ";
  line(row + repeated(rule, columns() - width_of(row)));
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

std::string ratio_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 100.0 ? "%.2fx" : "%.0fx", value);
  return text;
}

TerminalLook look_of_stdout(bool plain) {
  TerminalLook look;
  if (::isatty(STDOUT_FILENO) != 1) return look;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    look.columns = std::min<int>(size.ws_col, kColumnsMax);
  }
  look.rows = size.ws_row;
  look.colour = !plain && std::getenv("NO_COLOR") == nullptr;
  look.unicode = utf8_terminal();
  return look;
}

}  // namespace blackstart
