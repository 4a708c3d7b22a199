#include "service.h"

#include <httplib.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace wallet {
namespace {

constexpr std::size_t kThreads = 64;  // a dependency that hangs must not hang /healthz

}  // namespace

struct Service::Impl {
  httplib::Server server;
};

Answer unavailable(const std::string& reason) {
  return {503, nlohmann::json{{"error", reason}}.dump()};
}

Service::Service(std::string name) : name_{std::move(name)}, impl_{std::make_unique<Impl>()} {
  impl_->server.new_task_queue = [] { return new httplib::ThreadPool{kThreads}; };
  impl_->server.set_tcp_nodelay(true);
  get("/healthz", [name = name_](const std::string&) {
    return Answer{200, nlohmann::json{{"service", name}, {"status", "up"}}.dump()};
  });
}

Service::~Service() = default;

void Service::get(const std::string& pattern, Handler handler) {
  impl_->server.Get(pattern, [handler = std::move(handler)](const httplib::Request& request,
                                                            httplib::Response& response) {
    const std::string argument = request.matches.size() > 1 ? request.matches[1].str() : "";
    Answer answer = handler(argument);
    response.status = answer.status;
    response.set_content(answer.json + '\n', "application/json");
  });
}

int Service::serve(const HostPort& where) {
  const std::string shown = where.host + ':' + std::to_string(where.port);
  if (!impl_->server.bind_to_port(where.host, where.port)) {
    throw std::runtime_error{name_ + ": cannot listen on " + shown};
  }
  std::printf("%s: listening on %s\n", name_.c_str(), shown.c_str());
  std::fflush(stdout);
  return impl_->server.listen_after_bind() ? 0 : 1;
}

}  // namespace wallet
