#pragma once

// What the operator should know beside the report: one line each, on standard error.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace blackstart {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

// Lines above this are not made. Default: warning. Safe from any thread.
void set_log_level(LogLevel level);

// `caller`: "api/server.cpp:148".
using LogSink = std::function<void(LogLevel, std::string_view line, std::string_view caller)>;

// Where lines go instead of standard error, so that a live view is not torn apart; an empty
// function restores standard error. Called under a lock: it must not log.
void set_log_sink(LogSink sink);

// A place of the program; as a default argument, that of the call. (Clang 14 has no
// std::source_location.)
struct SourceLine {
  const char* file;
  int line;

  static constexpr SourceLine here(const char* file = __builtin_FILE(),
                                   int line = __builtin_LINE()) {
    return {file, line};
  }
};

std::string to_text(const SourceLine& place);  // as a sink gets it

// "cannot remove bs0: device or resource busy". Lower case, no full stop, no line break.
// Safe from any thread.
void log_error(std::string_view line, const SourceLine& caller = SourceLine::here());
void log_warning(std::string_view line, const SourceLine& caller = SourceLine::here());
void log_info(std::string_view line, const SourceLine& caller = SourceLine::here());
void log_debug(std::string_view line, const SourceLine& caller = SourceLine::here());

}  // namespace blackstart
