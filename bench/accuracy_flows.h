#pragma once

// What applications on both ends of the link see: datagrams, requests, streams.
// The service is at the far end, on kPort unless said otherwise.

#include <sys/epoll.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>
#include <vector>

#include "accuracy_arms.h"
#include "ahead.h"

namespace blackstart::bench {

using namespace std::chrono_literals;

inline UniqueFd end_socket(int type) {
  return UniqueFd{check("socket", ::socket(AF_INET, type | SOCK_CLOEXEC, 0))};
}

inline void bind_to(const UniqueFd& fd, int end, std::uint16_t port) {
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const test::EndAddress at{false, end, port};
  check("bind", ::bind(fd.get(), at.address, at.size));
}

inline bool connect_to(const UniqueFd& fd, int end, std::uint16_t port) {
  const test::EndAddress at{false, end, port};
  return ::connect(fd.get(), at.address, at.size) == 0;
}

// When it is closed nothing of it is left to be sent, which would meet the fault that comes next.
inline void end_by_reset(const UniqueFd& fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

inline double quantile(std::vector<double> samples, double share) {
  if (samples.empty()) return std::nan("");
  std::ranges::sort(samples);
  return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
}

inline double mean_of(const std::vector<double>& samples) {
  double sum = 0;
  for (const double each : samples) sum += each;
  return sum / static_cast<double>(samples.size());
}

inline timespec left_until(RunTime due, RunTime now) {
  const Duration left = std::max(due - now, Duration::zero());
  return {.tv_sec = left / 1s, .tv_nsec = (left % 1s).count()};
}

// A socket on each end, connected to each other; datagrams carry a number and their instant.
class Datagrams {
 public:
  struct Stamp {
    std::uint32_t number;
    std::int64_t sent;
  };
  struct Came {
    std::uint32_t number;
    double took;  // ms
  };

  explicit Datagrams(const test::ShapedLink& link, std::uint16_t port = kPort) {
    near_ = end_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    bind_to(near_, 1, port);
    connect_to(near_, 2, port);
    const int room = 64 << 20;
    ::setsockopt(near_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    const NetnsGuard there{link.far()};
    far_ = end_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    bind_to(far_, 2, port);
    connect_to(far_, 1, port);
  }

  // From the far end; as long as `bytes`.
  bool send(std::uint32_t number, std::size_t bytes = sizeof(Stamp)) {
    const Stamp stamp{number, clock_.now().since_start.count()};
    std::memcpy(buffer_.data(), &stamp, sizeof stamp);
    return ::send(far_.get(), buffer_.data(), bytes, 0) == static_cast<ssize_t>(bytes);
  }
  std::optional<Came> take() {
    Stamp stamp{};
    if (::recv(near_.get(), &stamp, sizeof stamp, 0) < 0) return std::nullopt;
    return Came{stamp.number, milliseconds_of(clock_.now().since_start - Duration{stamp.sent})};
  }
  bool wait_until(RunTime due) {
    pollfd waiting{near_.get(), POLLIN, 0};
    const timespec left = left_until(due, clock_.now());
    return ::ppoll(&waiting, 1, &left, nullptr) > 0;
  }
  void forget_all() {
    while (wait_until(clock_.now() + 20ms)) static_cast<void>(take());
  }
  // A new link takes up to a second to carry anything.
  void warm_up() {
    for (int i = 0; i < 200; ++i) {
      send(0);
      if (wait_until(clock_.now() + 50ms)) return forget_all();
    }
    throw std::runtime_error{"the veth carries nothing"};
  }

  // There and back, all on this thread, and so without a wake-up: what the path itself takes.
  double there_and_back() {
    char byte = 0;
    const RunTime from = clock_.now();
    ::send(near_.get(), &byte, 1, 0);
    await(far_);
    ::recv(far_.get(), &byte, 1, 0);
    ::send(far_.get(), &byte, 1, 0);
    await(near_);
    ::recv(near_.get(), &byte, 1, 0);
    return milliseconds_of(clock_.now() - from);
  }

  const MonotonicClock& clock() const { return clock_; }

 private:
  static void await(const UniqueFd& fd) {
    pollfd waiting{fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 5'000) <= 0) throw std::runtime_error{"a bystander's packet is lost"};
  }

  MonotonicClock clock_;
  UniqueFd near_, far_;
  std::array<char, 1'400> buffer_{};
};

// Milliseconds of each datagram, one every `gap`, from send() to recv().
inline std::vector<double> one_way(Datagrams& flow, int count, Duration gap) {
  const Ahead ahead;
  std::vector<double> took;
  int sent = 0;
  RunTime next = flow.clock().now(), last = next;
  while (std::cmp_less(took.size(), count) && flow.clock().now() - last < 4s) {
    if (sent < count && flow.clock().now() >= next) {
      flow.send(0);
      next = next + gap;
      last = flow.clock().now();
      ++sent;
    }
    if (!flow.wait_until(sent < count ? next : last + 4s)) continue;
    while (const auto came = flow.take()) took.push_back(came->took);
  }
  flow.forget_all();
  return took;
}

// Connections from the near end, one request each at a time, and their echoes.
class Requests {
 public:
  Requests(const test::ShapedLink& link, int connections) {
    poll_ = UniqueFd{check("epoll_create1", ::epoll_create1(EPOLL_CLOEXEC))};
    UniqueFd listener;
    {
      const NetnsGuard there{link.far()};
      listener = end_socket(SOCK_STREAM);
      bind_to(listener, 2, kPort);
      check("listen", ::listen(listener.get(), 4'096));
    }
    for (int i = 0; i < connections; ++i) {
      near_.push_back(end_socket(SOCK_STREAM | SOCK_NONBLOCK));
      end_by_reset(near_.back());
      connect_to(near_.back(), 2, kPort);
    }
    for (int i = 0; i < connections; ++i) {
      far_.emplace_back(check(
          "accept", ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)));
      watch(near_[static_cast<std::size_t>(i)], 2 * static_cast<std::uint32_t>(i));
      watch(far_.back(), 2 * static_cast<std::uint32_t>(i) + 1);
    }
    sent_.resize(near_.size());
  }

  // Milliseconds from the request to its echo, one every `gap`.
  std::vector<double> round_trips(int count, Duration gap) {
    std::vector<std::uint32_t> idle(near_.size());
    for (std::uint32_t i = 0; i < idle.size(); ++i) idle[i] = i;
    const Ahead ahead;
    std::vector<double> took;
    int sent = 0;
    RunTime next = clock_.now(), last = next;
    while (std::cmp_less(took.size(), count) && clock_.now() - last < 8s) {
      const bool more = sent < count && !idle.empty();
      if (more && clock_.now() >= next) {
        sent_[idle.back()] = last = clock_.now();
        ::send(near_[idle.back()].get(), "?", 1, MSG_NOSIGNAL);
        idle.pop_back();
        next = next + gap;
        ++sent;
      }
      std::array<epoll_event, 64> events{};
      const timespec left = left_until(more ? next : last + 8s, clock_.now());
      const int ready = ::epoll_pwait2(poll_.get(), events.data(), events.size(), &left, nullptr);
      for (int i = 0; i < ready; ++i) {
        const std::uint32_t tag = events[static_cast<std::size_t>(i)].data.u32;
        char byte = 0;
        if (tag % 2 != 0) {
          if (::recv(far_[tag / 2].get(), &byte, 1, 0) == 1) {
            ::send(far_[tag / 2].get(), &byte, 1, MSG_NOSIGNAL);
          }
        } else if (::recv(near_[tag / 2].get(), &byte, 1, 0) == 1) {
          took.push_back(milliseconds_of(clock_.now() - sent_[tag / 2]));
          idle.push_back(tag / 2);
        }
      }
    }
    return took;
  }

 private:
  void watch(const UniqueFd& fd, std::uint32_t tag) {
    epoll_event event{.events = EPOLLIN, .data = {.u32 = tag}};
    check("epoll_ctl", ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd.get(), &event));
  }

  MonotonicClock clock_;
  UniqueFd poll_;
  std::vector<UniqueFd> far_, near_;  // the near ones are closed first, so that all end by reset
  std::vector<RunTime> sent_;
};

// Bits a second on the wire: over all, and in spans of at least 100 ms and 150 kB.
struct Rates {
  double mean = 0;
  std::vector<double> spans;
};

class Arrivals {
 public:
  void add(RunTime at, std::size_t bytes) {
    if (!first_) {
      first_ = span_from_ = last_ = at;
      return;  // what came before it is not known
    }
    last_ = at;
    all_ += bytes;
    in_span_ += bytes;
    if (at - span_from_ < 100ms || in_span_ < 150'000) return;
    spans_.push_back(per_second(in_span_, at - span_from_));
    span_from_ = at;
    in_span_ = 0;
  }
  // Frames carry `wire` bytes for each `payload` bytes that the application sees.
  Rates rates(double wire, double payload) const {
    Rates out{first_ ? per_second(all_, last_ - *first_) * wire / payload : 0.0, spans_};
    for (double& each : out.spans) each *= wire / payload;
    return out;
  }

 private:
  static double per_second(std::size_t bytes, Duration span) {
    return static_cast<double>(bytes) * 8.0 / std::max(seconds_of(span), 1e-9);
  }
  std::optional<RunTime> first_;
  RunTime last_, span_from_;
  std::size_t all_ = 0, in_span_ = 0;
  std::vector<double> spans_;
};

// Of what comes after the first second.
inline Rates stream_rate(const test::ShapedLink& link, Duration span) {
  const UniqueFd listener = end_socket(SOCK_STREAM);
  bind_to(listener, 1, kPort);
  check("listen", ::listen(listener.get(), 1));
  UniqueFd far;
  {
    const NetnsGuard there{link.far()};
    far = end_socket(SOCK_STREAM);
    bind_to(far, 2, kPort);
  }
  end_by_reset(far);
  if (!connect_to(far, 1, kPort)) throw std::runtime_error{"cannot connect"};
  const UniqueFd near{check("accept", ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
  const timeval patience{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(near.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::atomic<bool> ended = false;
  std::thread sender{[&] {
    const std::vector<char> bytes(64 << 10);
    while (!ended) ::send(far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }};
  const MonotonicClock clock;
  std::vector<char> buffer(256 << 10);
  Arrivals arrivals;
  while (clock.now().since_start < 1s + span) {
    const ssize_t got = ::recv(near.get(), buffer.data(), buffer.size(), 0);
    if (got > 0 && clock.now().since_start > 1s) {
      arrivals.add(clock.now(), static_cast<std::size_t>(got));
    }
  }
  ended = true;
  ::shutdown(far.get(), SHUT_RDWR);
  sender.join();
  return arrivals.rates(1'514, 1'448);
}

inline constexpr std::size_t kBytes = 1'400;                     // of a datagram
inline constexpr double kFrameShare = (kBytes + 42.0) / kBytes;  // with headers

// Offered: a fifth more than asked, which a queue must not hold for ever.
inline Rates datagram_rate(Datagrams& flow, double asked, Duration span) {
  std::atomic<bool> ended = false;
  std::thread sender{[&] {
    const Duration gap{std::llround(32 * kBytes * 8e9 / (1.2 * asked))};
    for (RunTime next = flow.clock().now(); !ended; next = next + gap / 32) {
      if (const timespec left = left_until(next, flow.clock().now());
          left.tv_sec + left.tv_nsec > 0)
        ::ppoll(nullptr, 0, &left, nullptr);
      flow.send(0, kBytes);
    }
  }};
  Arrivals arrivals;
  const RunTime begun = flow.clock().now();
  while (flow.clock().now() - begun < 1s + span) {
    if (!flow.wait_until(flow.clock().now() + 100ms)) continue;
    while (flow.take()) {
      if (flow.clock().now() - begun > 1s) arrivals.add(flow.clock().now(), kBytes);
    }
  }
  ended = true;
  sender.join();
  return arrivals.rates(kFrameShare, 1);
}

}  // namespace blackstart::bench
