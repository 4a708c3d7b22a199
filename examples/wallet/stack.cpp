// The launcher: builds the demo's world inside a sandbox and keeps it alive. What a scenario's
// `stack: {start}` calls.

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "network.h"
#include "roles.h"
#include "services.h"
#include "sys/netns.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace wallet {
namespace {

using blackstart::check;
using blackstart::Process;
using blackstart::UniqueFd;

constexpr std::chrono::seconds kStartPatience{5};
constexpr int kStartStepMs = 5;
constexpr std::chrono::milliseconds kStopPatience{500};

// All services ask Blackstart's resolver, on the bridge. A mount namespace of the launcher's
// own keeps the text from everybody else in the sandbox.
void use_resolver(std::string_view address) {
  check("unshare(mounts)", ::unshare(CLONE_NEWNS));
  check("mount(/, private)", ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
  char path[] = "/tmp/blackstart-resolv-XXXXXX";
  const UniqueFd file{check("mkstemp(/tmp)", ::mkstemp(path))};
  check("fchmod(resolv.conf)", ::fchmod(file.get(), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
  const std::string text = "nameserver " + std::string{address} + '\n';
  check("write(resolv.conf)", ::write(file.get(), text.data(), text.size()));
  const int mounted = ::mount(path, "/etc/resolv.conf", nullptr, MS_BIND, nullptr);
  ::unlink(path);
  check("mount(resolv.conf)", mounted);
}

// Asked at the service's home: across the bridge, the first packets of a young network may wait
// a second for an ARP answer.
bool accepts(const ServiceSpec& service, const UniqueFd& home) {
  const blackstart::NetnsGuard at_home{home};
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(service.port);
  ::inet_pton(AF_INET, service.address.c_str(), &address.sin_addr);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::runtime_error ended(const ServiceSpec& service, const blackstart::ExitStatus& status) {
  return std::runtime_error{service.name + " ended: " + to_text(status)};
}

class Stack {
 public:
  Stack() : network_{kBridge, kBridgeAddress, kPrefixLength} { use_resolver(kBridgeAddress); }

  void start(const ServiceSpec& service) {
    Running one{service, network_.add_home(service.name, service.address), nullptr};
    blackstart::ProcessOptions options;
    options.argv = service.arguments;
    options.argv.insert(options.argv.begin(), "/proc/self/exe");
    options.netns = &one.home;
    options.output = blackstart::ProcessOutput::inherited;
    options.supervised = false;  // services start nothing, and die with us by themselves
    one.process = std::make_unique<Process>(options);
    running_.push_back(std::move(one));
  }

  // Throws when a service ends, or does not come up in time.
  void wait_until_up() {
    const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
    for (Running& one : running_) wait_until_up(one, deadline);
  }

  // Until a stop signal comes. Throws when a service ends by itself.
  void keep(const blackstart::StopSignals& stop) {
    std::vector<pollfd> waits{{stop.fd(), POLLIN, 0}};
    for (const Running& one : running_) waits.push_back({one.process->exit_fd(), POLLIN, 0});
    while (waits[0].revents == 0) {
      if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) check("poll()", -1);
      for (Running& one : running_) {
        if (const auto status = one.process->poll()) throw ended(one.service, *status);
      }
    }
    for (Running& one : running_) one.process->terminate();
    for (Running& one : running_) one.process->stop(kStopPatience);
  }

 private:
  struct Running {
    ServiceSpec service;
    UniqueFd home;
    std::unique_ptr<Process> process;
  };

  static void wait_until_up(Running& one, std::chrono::steady_clock::time_point deadline) {
    while (!accepts(one.service, one.home)) {
      if (const auto status = one.process->poll()) throw ended(one.service, *status);
      if (std::chrono::steady_clock::now() > deadline) {
        throw std::runtime_error{one.service.name + " does not listen on port " +
                                 std::to_string(one.service.port)};
      }
      pollfd exit{one.process->exit_fd(), POLLIN, 0};
      ::poll(&exit, 1, kStartStepMs);
    }
  }

  Network network_;
  std::vector<Running> running_;
};

}  // namespace

int run_stack(const Options&) {
  const blackstart::StopSignals stop;
  Stack stack;
  for (const ServiceSpec& service : all_services()) stack.start(service);
  stack.wait_until_up();
  std::puts("stack: everything is up");
  std::fflush(stdout);
  stack.keep(stop);
  return 0;
}

}  // namespace wallet
