#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "api/http_client.h"
#include "blackstart/params.h"
#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/errors.h"
#include "cli/go_flags.h"
#include "cli/toxi_words.h"
#include "core/version.h"

namespace blackstart::cli {
namespace {

constexpr std::string_view kDefaultHost = "http://localhost:8474";

constexpr const char* kUsage =
    R"(usage: blackstart toxi [--host URL] COMMAND, with options before arguments

  list                                    every proxy             (l, li, ls)
  inspect NAME                            its toxics              (i, ins)
  create -l LISTEN -u UPSTREAM NAME       a new proxy             (c, new)
  toggle NAME                             enable it or disable it (tog)
  delete NAME                                                     (d)
  toxic add -t TYPE [-n NAME] [--toxicity SHARE] [-a KEY=VALUE]… [-u|-d] PROXY    (t a)
  toxic update -n NAME [--toxicity SHARE] [-a KEY=VALUE]… PROXY                   (t u)
  toxic remove -n NAME PROXY                                      (t r, t delete, t d)

  -h, --host URL    the server, or unix:/path/of/its/socket; default the environment's
                    TOXIPROXY_URL, or http://localhost:8474
  -l, --listen; -u, --upstream; -t, --type; -n, --toxicName; --tox, --toxicity;
  -a, --attribute; -u, --upstream and -d, --downstream (default): the direction

example:
  blackstart toxi toxic add -t latency -a latency=250 -a jitter=50 redis
)";

[[noreturn]] void refuse(const std::string& text) { throw CommandError{exit_code::usage, text}; }

std::string user_agent() {
  utsname machine{};
  ::uname(&machine);
  return "toxiproxy-cli/" + std::string{kToxiproxyVersion} + " (linux/" + machine.machine + ")";
}

std::optional<picture::Style> style_of_stdout() {
  if (::isatty(STDOUT_FILENO) != 1) return std::nullopt;
  return picture::Style{.colour = std::getenv("NO_COLOR") == nullptr};
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// The server's proxies, as its API has them. What it refuses becomes a CommandError (exit code 1)
// that begins with what was attempted.
class Server {
 public:
  explicit Server(const std::string& host) : http_{host, user_agent()} {}

  Json ask(const std::string& attempt, const std::string& method, const std::string& path,
           const std::string& body = "") {
    try {
      const api::HttpReply reply = http_.send(method, path, body);
      const Json answer = Json::parse(reply.body.empty() ? "{}" : reply.body, nullptr, false);
      if (reply.status >= 200 && reply.status < 300 && !answer.is_discarded()) return answer;
      throw std::runtime_error{"HTTP " + std::to_string(reply.status) + ": " +
                               reason(answer, reply.body)};
    } catch (const std::runtime_error& error) {
      throw CommandError{exit_code::internal_error, "failed to " + attempt + ": " + error.what()};
    }
  }

  Json proxy(const std::string& name) {
    return ask("retrieve proxy " + name, "GET", path_of(name));
  }

  static std::string path_of(const std::string& proxy) { return "/proxies/" + api::segment(proxy); }

 private:
  static std::string reason(const Json& answer, const std::string& body) {
    if (answer.is_object() && answer.contains("error") && answer["error"].is_string()) {
      return picture::harmless(answer["error"].get<std::string>());
    }
    return picture::harmless(body.substr(0, body.find('\n')));
  }

  api::HttpClient http_;
};

struct Call {
  Server server;
  std::vector<std::string> words;  // after the verb

  GoArguments parse(std::initializer_list<GoFlag> known, std::string* name) {
    GoArguments in = parse_go_flags(known, std::move(words));
    if (name != nullptr) {
      if (in.rest.empty() || in.rest.front().empty()) refuse("a proxy's name is missing");
      *name = in.rest.front();
      in.rest.erase(in.rest.begin());
    }
    if (!in.rest.empty()) refuse("unexpected: " + in.rest.front() + " (options come first)");
    return in;
  }
};

std::string needed(const GoArguments& in, std::string_view flag) {
  std::string value = in.last(flag);
  if (value.empty()) refuse("--" + std::string{flag} + " is missing");
  return value;
}

double toxicity_of(const GoArguments& in) {
  const std::string text = in.last("toxicity");
  if (text.empty()) return 1.0;
  const auto share = parse_number(text);
  if (!share) refuse("a toxicity is a number, not " + text);
  return *share;
}

void list(Call& call) {
  call.parse({}, nullptr);
  print(proxy_list(call.server.ask("retrieve proxies", "GET", "/proxies"), style_of_stdout()));
}

void inspect(Call& call) {
  std::string name;
  call.parse({}, &name);
  print(toxic_list(call.server.proxy(name), style_of_stdout()));
}

void create(Call& call) {
  std::string name;
  const GoArguments in = call.parse({{"listen", "l"}, {"upstream", "u"}}, &name);
  const Json proxy{{"name", name},
                   {"listen", needed(in, "listen")},
                   {"upstream", needed(in, "upstream")},
                   {"enabled", true}};
  call.server.ask("create proxy", "POST", "/proxies", proxy.dump());
  print("Created new proxy " + name + "\n");
}

void toggle(Call& call) {
  std::string name;
  call.parse({}, &name);
  Json proxy = call.server.proxy(name);
  const bool enabled = !proxy.value("enabled", false);
  proxy["enabled"] = enabled;
  call.server.ask("toggle proxy " + name, "POST", Server::path_of(name), proxy.dump());
  print("Proxy " + name + " is now " + (enabled ? "enabled" : "disabled") + "\n");
}

void remove(Call& call) {
  std::string name;
  call.parse({}, &name);
  call.server.proxy(name);
  call.server.ask("delete proxy " + name, "DELETE", Server::path_of(name));
  print("Deleted proxy " + name + "\n");
}

void add_toxic(Call& call) {
  std::string proxy;
  const GoArguments in = call.parse({{"type", "t"},
                                     {"toxicName", "n"},
                                     {"toxicity", "tox"},
                                     {"attribute", "a"},
                                     {"upstream", "u", true},
                                     {"downstream", "d", true}},
                                    &proxy);
  if (in.on("upstream") && in.on("downstream")) {
    refuse("a toxic acts upstream or downstream; add two for both");
  }
  const Json toxic{{"name", in.last("toxicName")},
                   {"type", needed(in, "type")},
                   {"stream", in.on("upstream") ? "upstream" : "downstream"},
                   {"toxicity", toxicity_of(in)},
                   {"attributes", toxic_attributes(in.all("attribute"))}};
  call.server.proxy(proxy);
  const Json added =
      call.server.ask("add toxic", "POST", Server::path_of(proxy) + "/toxics", toxic.dump());
  print("Added " + added.value("stream", "") + ' ' + added.value("type", "") + " toxic '" +
        added.value("name", "") + "' on proxy '" + proxy + "'\n");
}

void update_toxic(Call& call) {
  std::string proxy;
  const GoArguments in =
      call.parse({{"toxicName", "n"}, {"toxicity", "tox"}, {"attribute", "a"}}, &proxy);
  const std::string name = needed(in, "toxicName");
  const Json change{{"attributes", toxic_attributes(in.all("attribute"))},
                    {"toxicity", toxicity_of(in)}};
  call.server.proxy(proxy);
  call.server.ask("update toxic " + name, "PATCH",
                  Server::path_of(proxy) + "/toxics/" + api::segment(name), change.dump());
  print("Updated toxic '" + name + "' on proxy '" + proxy + "'\n");
}

void remove_toxic(Call& call) {
  std::string proxy;
  const GoArguments in = call.parse({{"toxicName", "n"}}, &proxy);
  const std::string name = needed(in, "toxicName");
  call.server.proxy(proxy);
  call.server.ask("remove toxic " + name, "DELETE",
                  Server::path_of(proxy) + "/toxics/" + api::segment(name));
  print("Removed toxic '" + name + "' on proxy '" + proxy + "'\n");
}

struct Verb {
  std::array<std::string_view, 4> names;
  void (*carry_out)(Call& call);
};

constexpr std::array kVerbs{
    Verb{{"list", "l", "li", "ls"}, list}, Verb{{"inspect", "i", "ins"}, inspect},
    Verb{{"create", "c", "new"}, create},  Verb{{"toggle", "tog"}, toggle},
    Verb{{"delete", "d"}, remove},
};
constexpr std::array kToxicVerbs{
    Verb{{"add", "a"}, add_toxic},
    Verb{{"update", "u"}, update_toxic},
    Verb{{"remove", "r", "delete", "d"}, remove_toxic},
};

// Takes the verb off the front of `words`.
const Verb& take_verb(std::span<const Verb> verbs, std::vector<std::string>& words) {
  if (words.empty()) refuse("which command?\n" + std::string{kUsage});
  for (const Verb& verb : verbs) {
    for (const std::string_view name : verb.names) {
      if (name.empty() || name != words.front()) continue;
      words.erase(words.begin());
      return verb;
    }
  }
  refuse("there is no command " + words.front() + "\n" + kUsage);
}

bool asks_for_help(const std::vector<std::string>& words) {
  return !words.empty() && (words.back() == "--help" || words.front() == "help");
}

int toxi(std::vector<std::string> words) {
  if (asks_for_help(words)) {
    print(kUsage);
    return exit_code::held;
  }
  GoArguments in = parse_go_flags({{"host", "h"}, {"version", "v", true}}, std::move(words));
  if (in.on("version")) {
    print("toxiproxy-cli version " + std::string{kToxiproxyVersion} + "\n");
    return exit_code::held;
  }
  std::string host = in.last("host");
  if (const char* url = std::getenv("TOXIPROXY_URL"); host.empty() && url != nullptr) host = url;
  if (host.empty()) host = kDefaultHost;

  std::span<const Verb> verbs = kVerbs;
  if (!in.rest.empty() && (in.rest.front() == "toxic" || in.rest.front() == "t")) {
    in.rest.erase(in.rest.begin());
    verbs = kToxicVerbs;
  }
  const Verb& verb = take_verb(verbs, in.rest);
  Call call{Server{host}, std::move(in.rest)};
  try {
    verb.carry_out(call);
  } catch (const Json::exception&) {
    throw CommandError{exit_code::internal_error, host + " does not answer as Toxiproxy does"};
  }
  return exit_code::held;
}

std::function<int()> attach(CLI::App& app) {
  app.set_help_flag();  // -h is the host
  app.prefix_command();
  return [&app] { return toxi(app.remaining()); };
}

}  // namespace

extern const Command toxi_command{
    "toxi", "ask a server of proxies, with the verbs of toxiproxy-cli",
    "blackstart toxi toxic add -t latency -a latency=250 redis", attach};

}  // namespace blackstart::cli
