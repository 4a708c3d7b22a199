#pragma once

// The lines of a report that is being written for a terminal of a certain width.

#include <cstddef>
#include <string>
#include <string_view>

#include "report/text.h"

namespace blackstart {

// Every line begins with one blank, which columns() does not count.
class TerminalPage {
 public:
  TerminalPage(std::size_t columns, picture::Style style) : columns_{columns}, style_{style} {}

  std::size_t columns() const { return columns_ - 1; }
  const picture::Style& style() const { return style_; }

  // Text from outside, as this terminal can show it.
  std::string safe(std::string_view text) const { return picture::shown(style_, text); }

  void blank() { text_ += "\n"; }
  // At most columns() wide; without the blanks at its end.
  void line(std::string_view text);
  void heading(std::string_view text);
  // The word across the page, so that the back of the room can read it.
  void bar(std::string_view word, picture::Ink ink);
  // Made safe, and broken into lines, each after the indent.
  void paragraph(std::string_view indent, std::string_view text,
                 picture::Ink ink = picture::Ink::plain);

  std::string take() { return std::move(text_); }

 private:
  std::size_t columns_;
  picture::Style style_;
  std::string text_;
};

std::string repeated(std::string_view cell, std::size_t times);

// 1, 60, 0.5: without zeros that say nothing.
std::string compact(double value);

// 1.48x
std::string ratio_text(double value);

// What print_report() and its like write to: standard output as it is now.
struct TerminalLook {
  int columns = 80, rows = 0;  // rows: 0 where it is no terminal
  bool colour = false, unicode = true;
};

TerminalLook look_of_stdout(bool plain);

}  // namespace blackstart
