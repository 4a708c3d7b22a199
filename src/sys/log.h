#pragma once

// What the operator should know beside the report: one line each, on standard error.

#include <cstdint>
#include <functional>
#include <source_location>
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

std::string to_text(const std::source_location& place);  // as a sink gets it

// "cannot remove bs0: device or resource busy". Lower case, no full stop, no line break.
// Safe from any thread.
void log_error(std::string_view line,
               const std::source_location& caller = std::source_location::current());
void log_warning(std::string_view line,
                 const std::source_location& caller = std::source_location::current());
void log_info(std::string_view line,
              const std::source_location& caller = std::source_location::current());
void log_debug(std::string_view line,
               const std::source_location& caller = std::source_location::current());

}  // namespace blackstart
