#pragma once

// Texts for a terminal: made harmless, inked, and of a known width. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "blackstart/time.h"

namespace blackstart::picture {

struct Style {
  bool colour = false;
  bool unicode = true;
};

enum class Ink { plain, bold, dim, good, bad, worst, fault };

// `text` in a colour that reads on light and on dark grounds; unchanged without colour.
std::string inked(const Style& style, Ink ink, std::string_view text);

// A block of `columns` in that colour, the word upon it. Without colour the word in its place.
std::string badge(const Style& style, Ink ink, std::string_view word, std::size_t columns);

// What a service or a scenario says, made harmless: control characters, marks that turn the
// direction of writing, and bytes that are no UTF-8 become `?`, so that no escape sequence of
// theirs reaches a terminal, and none can make a line read as another.
std::string harmless(std::string_view text);

// harmless(), and `?` for what a terminal without Unicode cannot show.
std::string shown(const Style& style, std::string_view text);

std::string upper(std::string_view word);  // of ASCII

// Columns that `text` takes: two for wide characters, none for combining ones and for the
// escape sequences of inked().
std::size_t width_of(std::string_view text);

// Cut to `columns`, with a mark where something was cut. Only for text without ink.
std::string cut(const Style& style, std::string_view text, std::size_t columns);

// cut(), then filled up with blanks on the right or on the left.
std::string left(const Style& style, std::string_view text, std::size_t columns);
std::string right(const Style& style, std::string_view text, std::size_t columns);

// `text` broken at blanks into lines of at most `columns`; a longer word is broken where it must.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

// 1.2ms, 340ms, 12.3s, 2m37s: for people, three figures at most.
std::string short_duration(Duration span);

}  // namespace blackstart::picture
