#include "serve/host_lookup.h"

#include <netdb.h>

#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "blackstart/address.h"

namespace blackstart {
namespace {

constexpr std::size_t kThreadsMost = 8;

std::optional<SocketAddress> in_numbers(const HostPort& where) {
  const auto address = parse_address(where.host.empty() ? "127.0.0.1" : where.host);
  std::uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(where.port.data(), where.port.data() + where.port.size(), port);
  if (!address || error != std::errc{} || end != where.port.data() + where.port.size()) return {};
  return to_socket_address({*address, port});
}

HostLookup::Found ask_system(const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &list) != 0) return {};
  HostLookup::Found found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    SocketAddress address;
    if (one->ai_addrlen > sizeof address.v6) continue;
    std::memcpy(&address.v6, one->ai_addr, one->ai_addrlen);
    address.length = one->ai_addrlen;
    found.push_back(address);
  }
  ::freeaddrinfo(list);
  return found;
}

}  // namespace

std::optional<HostPort> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']')) return std::nullopt;
  if (host.starts_with('[')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address wants its brackets
  }
  return HostPort{std::string{host}, std::string{text.substr(colon + 1)}};
}

struct HostLookup::State {
  struct Question {
    HostPort where;
    std::function<void(Found)> done;
  };

  std::mutex mutex;
  std::condition_variable asked;
  std::deque<Question> questions;
  std::size_t threads = 0, idle = 0;
  bool ending = false;

  void work() {
    std::unique_lock lock{mutex};
    for (;;) {
      ++idle;
      asked.wait(lock, [&] { return ending || !questions.empty(); });
      --idle;
      if (ending) return;
      const Question question = std::move(questions.front());
      questions.pop_front();
      lock.unlock();
      Found found = ask_system(question.where);
      lock.lock();
      // Under the lock, so that whoever has ended us is never called again.
      if (!ending) question.done(std::move(found));
    }
  }
};

HostLookup::HostLookup() : state_{std::make_shared<State>()} {}

HostLookup::~HostLookup() { stop(); }

void HostLookup::stop() {
  const std::scoped_lock lock{state_->mutex};
  state_->ending = true;
  state_->asked.notify_all();
}

void HostLookup::look_up(const std::string& text, std::function<void(Found)> done) {
  const auto where = split_host_port(text);
  where ? look_up(*where, std::move(done)) : done({});
}

void HostLookup::look_up(const HostPort& where, std::function<void(Found)> done) {
  if (const auto address = in_numbers(where)) return done({*address});
  State& state = *state_;
  const std::scoped_lock lock{state.mutex};
  if (state.ending) return;
  state.questions.push_back({where, std::move(done)});
  if (state.idle < state.questions.size() && state.threads < kThreadsMost) {
    ++state.threads;
    // Nobody can interrupt getaddrinfo(3), so nobody waits for it.
    std::thread{[shared = state_] { shared->work(); }}.detach();
  }
  state.asked.notify_one();
}

std::optional<HostLookup::Found> HostLookup::look_up_within(const HostPort& where,
                                                            Duration patience) {
  const auto answer = std::make_shared<std::promise<Found>>();
  std::future<Found> found = answer->get_future();
  look_up(where, [answer](Found all) { answer->set_value(std::move(all)); });
  if (found.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return found.get();
}

}  // namespace blackstart
