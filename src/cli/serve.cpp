#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "api/answers.h"
#include "api/api.h"
#include "api/listeners.h"
#include "api/server.h"
#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/errors.h"
#include "cli/go_flags.h"
#include "cli/serve_log.h"
#include "core/version.h"
#include "serve/proxies.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/process_usage.h"
#include "sys/signals.h"
#include "sys/text_file.h"

namespace blackstart::cli {
namespace {

constexpr std::string_view kUsage =
    "usage: blackstart serve [options]\n"
    "A server of TCP proxies with toxics, driven over HTTP by every client of Toxiproxy 2.\n"
    "A link to this program named toxiproxy-server takes the place of that one.\n\n"
    "  --host HOST          of the API; default localhost\n"
    "  --port PORT          of the API; default 8474\n"
    "  --unix PATH          the API on a Unix socket as well\n"
    "  --config FILE        proxies to begin with: JSON, as POST /populate takes it\n"
    "  --seed NUMBER        of every toxic's dice\n"
    "  --threads NUMBER     that carry connections; default one a processor\n"
    "  --half-close         pass the end of one direction on, and keep the other\n"
    "  --pass-resets        pass a reset on as a reset, where no toxic acts\n"
    "  --refuse-when-down   refuse clients while the upstream takes no connections\n"
    "  --proxy-metrics      bytes of each proxy at GET /metrics\n"
    "  --runtime-metrics    the process's own figures at GET /metrics\n"
    "  --no-host-check      answer requests for other hosts, and those of web pages\n"
    "  --version            the version of Toxiproxy that it stands in for\n\n"
    "One dash does as well. LOG_LEVEL: trace, debug, info, warn, error or disabled.\n\n"
    "example:\n"
    "  blackstart serve --port 8475 &\n"
    "  curl -d '{\"name\":\"redis\",\"listen\":\"localhost:26379\","
    "\"upstream\":\"localhost:6379\"}' localhost:8475/proxies\n";

GoArguments parse(std::vector<std::string> words) {
  try {
    GoArguments in = parse_go_flags({{"host"},
                                     {"port"},
                                     {"unix"},
                                     {"config"},
                                     {"seed"},
                                     {"threads"},
                                     {"half-close", "", true},
                                     {"pass-resets", "", true},
                                     {"refuse-when-down", "", true},
                                     {"proxy-metrics", "", true},
                                     {"runtime-metrics", "", true},
                                     {"no-host-check", "", true},
                                     {"version", "", true},
                                     {"help", "h", true}},
                                    std::move(words));
    if (in.rest.empty()) return in;
    throw CommandError{exit_code::usage, in.rest.front() + " is no option"};
  } catch (const CommandError& error) {
    throw CommandError{exit_code::usage, std::string{error.what()} + "\n\n" + std::string{kUsage}};
  }
}

template <class Number>
std::optional<Number> number(const GoArguments& in, std::string_view flag) {
  const std::string text = in.last(flag);
  if (text.empty()) return std::nullopt;
  Number value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed == std::errc{} && end == text.data() + text.size()) return value;
  throw CommandError{exit_code::usage, "--" + std::string{flag} + " is a number, not " + text};
}

std::string or_else(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

std::string field(const std::string& key, std::string_view value) {
  return "\"" + key + "\":" + api::json_text(value) + ",";
}

// What is wrong with it is logged, and the server goes on.
void load(const std::string& path, api::Api& api, ServeLog& log) {
  const auto text = read_text(path);
  if (!text) {
    return log.write(LogLevel::error, "cannot read the config file", field("config", path));
  }
  try {
    const Proxies::Populated made = api.populate(*text);
    for (const ProxyState& proxy : made.done) {
      log.write(LogLevel::info, "Populated proxy",
                field("name", proxy.name) + field("listen", proxy.listen) +
                    field("upstream", proxy.upstream));
    }
    if (made.failure) throw *made.failure;
  } catch (const std::exception& error) {
    log.write(LogLevel::error, "cannot populate proxies from the config file",
              field("config", path) + field("error", error.what()));
  }
}

void open_doors(const GoArguments& in, api::Server& server, ServeLog& log,
                std::optional<api::UnixListener>& unix_door) {
  const std::string host = or_else(in.last("host"), in.flags.contains("host") ? "" : "localhost");
  const std::string port = or_else(in.last("port"), "8474");
  try {
    server.serve_on(api::listen_on(host, port));
    if (const std::string path = in.last("unix"); !path.empty()) {
      server.serve_on(unix_door.emplace(path).take());
    }
  } catch (const std::exception& error) {
    log.write(LogLevel::error, error.what());
    throw CommandError{exit_code::internal_error, error.what()};
  }
  log.write(LogLevel::info, "Starting Toxiproxy HTTP server", field("address", host + ":" + port));
}

std::optional<LogLevel> log_level(std::string& unknown) {
  const char* const asked = std::getenv("LOG_LEVEL");
  const auto level = parse_log_level(asked == nullptr ? "" : asked);
  if (!level) unknown = asked;
  return level.value_or(LogLevel::debug);
}

int run_server(const GoArguments& in) {
  const auto seed = number<std::int64_t>(in, "seed");
  const ProxiesOptions options{
      .threads = number<unsigned>(in, "threads").value_or(0),
      .seed = seed ? static_cast<std::uint64_t>(*seed) : random_seed(),
      .half_close = in.on("half-close"),
      .pass_resets = in.on("pass-resets"),
      .refuse_when_down = in.on("refuse-when-down"),
  };
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the log that has gone ends nothing
  raise_open_files_limit();
  std::string unknown_level;
  ServeLog log{log_level(unknown_level)};
  if (!unknown_level.empty()) {
    log.write(LogLevel::error, "unknown LOG_LEVEL", field("level_asked", unknown_level));
  }
  log.write(LogLevel::info, "Starting Toxiproxy",
            field("version", kToxiproxyVersion) + "\"seed\":" + std::to_string(options.seed) + ",");

  StopSignals stop;  // before there are threads
  Proxies proxies{options};
  const MonotonicClock clock;
  api::Api api{proxies,
               clock,
               {.proxy_metrics = in.on("proxy-metrics"),
                .runtime_metrics = in.on("runtime-metrics"),
                .host_check = !in.on("no-host-check"),
                .own_name = in.last("host"),
                .request_ids = random_seed()}};
  if (const std::string config = in.last("config"); !config.empty()) load(config, api, log);
  std::optional<api::UnixListener> unix_door;
  api::Server server{api, clock};
  open_doors(in, server, log, unix_door);
  server.run(stop);
  log.write(LogLevel::info, "Shutdown complete");
  return exit_code::held;
}

int serve(std::vector<std::string> words) {
  const GoArguments in = parse(std::move(words));
  if (in.on("help")) {
    std::fputs(std::string{kUsage}.c_str(), stdout);
    return exit_code::held;
  }
  if (in.on("version")) {
    std::printf("toxiproxy-server version %s\n", std::string{kToxiproxyVersion}.c_str());
    return exit_code::held;
  }
  return run_server(in);
}

std::function<int()> attach(CLI::App& app) {
  app.set_help_flag();  // its own page, and one dash before a word
  app.prefix_command();
  return [&app] { return serve(app.remaining()); };
}

}  // namespace

extern const Command serve_command{
    "serve", "be a server of TCP proxies with toxics, as Toxiproxy is",
    "blackstart serve --config toxiproxy.json --proxy-metrics", attach};

}  // namespace blackstart::cli
