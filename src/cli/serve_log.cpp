#include "cli/serve_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/answers.h"
#include "sys/clock.h"

namespace blackstart::cli {
namespace {

std::string_view name_of(LogLevel level) {
  constexpr std::array<std::string_view, 4> kNames{"error", "warn", "info", "debug"};
  return kNames.at(static_cast<std::size_t>(level));
}

}  // namespace

std::optional<std::optional<LogLevel>> parse_log_level(std::string_view name) {
  using Row = std::pair<std::string_view, std::optional<LogLevel>>;
  constexpr std::array kLevels = std::to_array<Row>({{"", LogLevel::debug},
                                                     {"trace", LogLevel::debug},
                                                     {"debug", LogLevel::debug},
                                                     {"info", LogLevel::info},
                                                     {"warn", LogLevel::warning},
                                                     {"error", LogLevel::error},
                                                     {"fatal", std::nullopt},
                                                     {"panic", std::nullopt},
                                                     {"disabled", std::nullopt}});
  const auto found = std::ranges::find(kLevels, name, &Row::first);
  if (found == kLevels.end()) return std::nullopt;
  return found->second;
}

ServeLog::ServeLog(std::optional<LogLevel> most) : most_{most} {
  set_log_level(most.value_or(LogLevel::error));
  set_log_sink([this](LogLevel level, std::string_view line, std::string_view caller) {
    write_line(level, line, "", caller);
  });
}

ServeLog::~ServeLog() { set_log_sink({}); }

void ServeLog::write_line(LogLevel level, std::string_view message, const std::string& fields,
                          std::string_view caller) {
  if (!most_ || level > *most_) return;
  const std::string line = "{\"level\":\"" + std::string{name_of(level)} + "\"," + fields +
                           "\"caller\":" + api::json_text(caller) + ",\"time\":\"" +
                           wall_clock_text() + "\",\"message\":" + api::json_text(message) + "}\n";
  const std::lock_guard lock{mutex_};
  out_.write(line);
}

}  // namespace blackstart::cli
