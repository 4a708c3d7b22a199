#pragma once

// What the operator should know beside the report: one line each, on standard error.

#include <cstdint>
#include <functional>
#include <string_view>

namespace blackstart {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

// Lines above this are not made. Default: warning. Safe from any thread.
void set_log_level(LogLevel level);

// Where lines go instead of standard error, so that a live view is not torn apart; an empty
// function restores standard error. Called under a lock: it must not log.
void set_log_sink(std::function<void(LogLevel, std::string_view)> sink);

// "cannot remove bs0: device or resource busy". Lower case, no full stop, no line break.
// Safe from any thread.
void log_error(std::string_view line);
void log_warning(std::string_view line);
void log_info(std::string_view line);
void log_debug(std::string_view line);

}  // namespace blackstart
