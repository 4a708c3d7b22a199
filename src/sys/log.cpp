#include "sys/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <utility>

namespace blackstart {
namespace {

constexpr auto kPattern = "blackstart: %^%l%$: %v";

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      break;
  }
  return spdlog::level::debug;
}

LogLevel level_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return LogLevel::error;
  if (level == spdlog::level::warn) return LogLevel::warning;
  return level == spdlog::level::info ? LogLevel::info : LogLevel::debug;
}

// From our folder of sources on, wherever that was.
std::string place_text(std::string_view file, int line) {
  constexpr std::string_view kSources = "/src/";
  const std::size_t at = file.rfind(kSources);
  if (at != std::string_view::npos) file.remove_prefix(at + kSources.size());
  return std::string{file} + ":" + std::to_string(line);
}

// Hands lines to whoever asked for them, else to standard error.
class Switch final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  Switch() { terminal_.set_pattern(kPattern); }

  void turn(LogSink to) {
    const std::lock_guard lock{mutex_};
    to_ = std::move(to);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    if (to_) {
      const std::string caller = place_text(line.source.filename, line.source.line);
      to_(level_of(line.level), {line.payload.data(), line.payload.size()}, caller);
    } else {
      terminal_.log(line);
    }
  }
  void flush_() override { terminal_.flush(); }

  spdlog::sinks::stderr_color_sink_st terminal_;
  LogSink to_;
};

struct Log {
  Log() : sink{std::make_shared<Switch>()}, logger{"blackstart", sink} {
    logger.set_level(spdlog::level::warn);
    logger.flush_on(spdlog::level::debug);
  }

  std::shared_ptr<Switch> sink;
  spdlog::logger logger;
};

Log& the_log() {
  static Log log;
  return log;
}

void write(LogLevel level, std::string_view line, const SourceLine& caller) {
  the_log().logger.log({caller.file, caller.line, ""}, level_of(level),
                       spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace

std::string to_text(const SourceLine& place) { return place_text(place.file, place.line); }

void set_log_level(LogLevel level) { the_log().logger.set_level(level_of(level)); }

void set_log_sink(LogSink sink) { the_log().sink->turn(std::move(sink)); }

void log_error(std::string_view line, const SourceLine& caller) {
  write(LogLevel::error, line, caller);
}
void log_warning(std::string_view line, const SourceLine& caller) {
  write(LogLevel::warning, line, caller);
}
void log_info(std::string_view line, const SourceLine& caller) {
  write(LogLevel::info, line, caller);
}
void log_debug(std::string_view line, const SourceLine& caller) {
  write(LogLevel::debug, line, caller);
}

}  // namespace blackstart
