// A DNS client that saturates, or keeps a pace: batches with sendmmsg and recvmmsg, so that the
// server and not the client is the limit (dnsperf stops at about half of what this sends).
//
//   bench_dns_load PORT SECONDS [--qps N] [--window N] [--unique] [--name NAME]
//
// Asks 127.0.0.1:PORT for A records of NAME (w.example), or with --unique of a new name under it
// each time. Without --qps it keeps --window questions outstanding. Prints one line:
//
//   qps 331234 p50_us 410 p99_us 690 answered 662468 lost 0 rcode0 662468

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sys/clock.h"
#include "sys/fd.h"

namespace {

using namespace std::chrono_literals;
using blackstart::check;
using blackstart::Duration;
using blackstart::RunTime;
using blackstart::UniqueFd;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMessageMax = 512;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kCounterLabel = 9;  // the length byte and eight digits

struct Options {
  std::uint16_t port = 0;
  Duration length{};
  double qps = 0.0;
  std::size_t window = 512;
  bool unique = false;
  std::string name = "w.example";
};

Options parse(int argc, char** argv) {
  Options options;
  if (argc < 3) throw std::invalid_argument{"usage: bench_dns_load PORT SECONDS [options]"};
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.length =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::atof(argv[2])));
  for (int i = 3; i < argc; ++i) {
    const std::string_view key = argv[i];
    if (key == "--unique") {
      options.unique = true;
    } else if (i + 1 == argc) {
      throw std::invalid_argument{std::string{key} + ": a value is missing"};
    } else if (key == "--qps") {
      options.qps = std::atof(argv[++i]);
    } else if (key == "--window") {
      options.window = std::min<std::size_t>(std::strtoul(argv[++i], nullptr, 10), 32'768);
    } else if (key == "--name") {
      options.name = argv[++i];
    } else {
      throw std::invalid_argument{std::string{key} + ": not known"};
    }
  }
  return options;
}

// A question with RD set and no OPT; with `unique` its first label is a counter of 8 digits.
std::vector<std::uint8_t> question_template(const Options& options) {
  std::vector<std::uint8_t> bytes{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  if (options.unique) {
    bytes.push_back(8);
    bytes.insert(bytes.end(), 8, '0');
  }
  std::string_view rest = options.name;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    bytes.push_back(static_cast<std::uint8_t>(label.size()));
    bytes.insert(bytes.end(), label.begin(), label.end());
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
  }
  bytes.insert(bytes.end(), {0, 0, 1, 0, 1});
  return bytes;
}

class Load {
 public:
  explicit Load(const Options& options) : options_{options}, template_{question_template(options)} {
    fd_ = UniqueFd{check("socket(udp)", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
    const int room = 8 << 20;
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(options.port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check("connect(127.0.0.1)",
          ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
    for (std::size_t i = 0; i < kBatch; ++i) {
      out_[i].bytes = template_;
      parts_[i] = {out_[i].bytes.data(), template_.size()};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      in_parts_[i] = {in_[i].data(), kMessageMax};
      in_messages_[i].msg_hdr.msg_iov = &in_parts_[i];
      in_messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void run() {
    began_ = last_answer_ = clock_.now();
    const RunTime end = began_ + options_.length;
    while (clock_.now() < end) {
      send_due();
      if (!receive()) give_up_on_lost();
    }
    measured_ = clock_.now() - began_;
  }

  void print() {
    std::ranges::sort(latencies_);
    const auto at = [&](double share) {
      if (latencies_.empty()) return 0.0;
      const auto index =
          static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1));
      return static_cast<double>(latencies_[index]) / 1'000.0;
    };
    std::printf("qps %.0f p50_us %.1f p99_us %.1f answered %zu lost %zu",
                static_cast<double>(latencies_.size()) / blackstart::seconds_of(measured_), at(0.5),
                at(0.99), latencies_.size(), lost_);
    for (const auto& [rcode, count] : rcodes_) std::printf(" rcode%d %zu", rcode, count);
    std::printf("\n");
  }

 private:
  struct Message {
    std::vector<std::uint8_t> bytes;
  };

  std::size_t due(RunTime now) const {
    if (options_.qps <= 0.0) {
      return std::min(kBatch, options_.window - std::min(options_.window, outstanding_));
    }
    const auto wanted =
        static_cast<std::size_t>(options_.qps * blackstart::seconds_of(now - began_));
    return std::min({kBatch, wanted - std::min(wanted, sent_), std::size_t{32'768} - outstanding_});
  }

  void send_due() {
    const RunTime now = clock_.now();
    const std::size_t count = due(now);
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) write_question(out_[i].bytes, next_id_++, now);
    const int took = ::sendmmsg(fd_.get(), messages_.data(), static_cast<unsigned>(count), 0);
    const std::size_t gone = took > 0 ? static_cast<std::size_t>(took) : 0;
    next_id_ = static_cast<std::uint16_t>(next_id_ - (count - gone));
    sent_ += gone;
    outstanding_ += gone;
  }

  void write_question(std::vector<std::uint8_t>& bytes, std::uint16_t id, RunTime now) {
    bytes[0] = static_cast<std::uint8_t>(id >> 8);
    bytes[1] = static_cast<std::uint8_t>(id & 0xff);
    asked_[id] = now;
    waiting_[id] = true;
    if (!options_.unique) return;
    std::uint64_t number = ++counter_;
    for (std::size_t digit = kCounterLabel - 1; digit > 0; --digit, number /= 10) {
      bytes[kHeaderBytes + digit] = static_cast<std::uint8_t>('0' + number % 10);
    }
  }

  // False when nothing came for a while.
  bool receive() {
    const bool must_wait = options_.qps > 0.0 || outstanding_ >= options_.window;
    if (must_wait) {
      pollfd wait{fd_.get(), POLLIN, 0};
      const timespec patience{0, options_.qps > 0.0 ? 100'000 : 20'000'000};
      if (::ppoll(&wait, 1, &patience, nullptr) <= 0) return options_.qps > 0.0;
    }
    const int came = ::recvmmsg(fd_.get(), in_messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (came <= 0) return true;
    last_answer_ = clock_.now();
    for (std::size_t i = 0; i < static_cast<std::size_t>(came); ++i) {
      if (in_messages_[i].msg_len >= kHeaderBytes) take(in_[i]);
    }
    return true;
  }

  void take(const std::array<std::uint8_t, kMessageMax>& bytes) {
    const std::size_t id = static_cast<std::size_t>(bytes[0] << 8 | bytes[1]);
    if (!waiting_[id]) return;
    waiting_[id] = false;
    if (outstanding_ > 0) --outstanding_;
    ++rcodes_[bytes[3] & 0x0f];
    latencies_.push_back((last_answer_ - asked_[id]).count());
  }

  void give_up_on_lost() {
    if (clock_.now() - last_answer_ < 200ms) return;
    lost_ += outstanding_;
    outstanding_ = 0;
    waiting_.assign(waiting_.size(), false);
    last_answer_ = clock_.now();
  }

  Options options_;
  std::vector<std::uint8_t> template_;
  UniqueFd fd_;
  blackstart::MonotonicClock clock_;
  RunTime began_, last_answer_;
  Duration measured_{};
  std::array<Message, kBatch> out_;
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::array<std::array<std::uint8_t, kMessageMax>, kBatch> in_{};
  std::array<iovec, kBatch> in_parts_{};
  std::array<mmsghdr, kBatch> in_messages_{};
  std::vector<RunTime> asked_ = std::vector<RunTime>(65'536);
  std::vector<bool> waiting_ = std::vector<bool>(65'536);
  std::uint16_t next_id_ = 0;
  std::uint64_t counter_ = 0;
  std::size_t sent_ = 0, outstanding_ = 0, lost_ = 0;
  std::map<int, std::size_t> rcodes_;
  std::vector<std::int64_t> latencies_;
};

}  // namespace

int main(int argc, char** argv) try {
  Load load{parse(argc, argv)};
  load.run();
  load.print();
} catch (const std::exception& wrong) {
  std::fprintf(stderr, "%s\n", wrong.what());
  return 2;
}
