#pragma once

// One event, one line of JSON.
//
// Every line has its kind in "e". Instants are integers of nanoseconds from the run's start, so
// that reading a journal gives back exactly what was written. Keys that are not known are
// ignored, and so are lines of a kind that is not: a newer tool may add both. Text that is not
// UTF-8 (a server may answer anything) is written with U+FFFD in place of what is not.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "blackstart/journal.h"

namespace blackstart {

inline constexpr int kJournalVersion = 1;

// Appends the line with its newline to `out`.
void append_line(std::string& out, const RunEvent& event);

struct ParsedLine {
  enum class Kind : std::uint8_t {
    event,
    unknown,  // JSON, of a kind that this version does not know
    torn,     // not a whole event: cut off, or not of this format
    too_new,  // the header of a format that this version cannot read
  };

  Kind kind = Kind::torn;
  std::optional<RunEvent> event;  // of Kind::event
};

// `line` without its newline. Never throws for what the line says.
ParsedLine parse_line(std::string_view line);

}  // namespace blackstart
