#pragma once

// The log of a server: one JSON object a line on standard output.

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cli/outlet.h"
#include "sys/log.h"

namespace blackstart::cli {

// As zerolog names them; nullopt inside: nothing at all. nullopt: there is no such level.
std::optional<std::optional<LogLevel>> parse_log_level(std::string_view name);

// While it lives, all that is logged goes to standard output; a reader who does not keep up loses
// lines and holds nobody up. Safe from any thread. Make one at a time.
class ServeLog {
 public:
  explicit ServeLog(std::optional<LogLevel> most);
  ~ServeLog();
  ServeLog(const ServeLog&) = delete;
  ServeLog& operator=(const ServeLog&) = delete;

  // `fields`: more members, each with its comma behind: `"address":"127.0.0.1:8474",`.
  void write(LogLevel level, std::string_view message, const std::string& fields = "",
             const SourceLine& caller = SourceLine::here()) {
    write_line(level, message, fields, to_text(caller));
  }

 private:
  void write_line(LogLevel level, std::string_view message, const std::string& fields,
                  std::string_view caller);

  std::optional<LogLevel> most_;
  std::mutex mutex_;
  Outlet out_;
};

}  // namespace blackstart::cli
