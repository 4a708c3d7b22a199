#pragma once

// A link on virtual time, and what comes out of it when.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "toxic/link.h"

namespace blackstart::toxic {

inline std::shared_ptr<const Toxic> a_toxic(std::string_view kind, Values values = {},
                                            float toxicity = 1) {
  Toxic toxic;
  toxic.name = kind;
  toxic.kind = find_kind(kind);
  toxic.toxicity = toxicity;
  toxic.values = values;
  return std::make_shared<const Toxic>(std::move(toxic));
}

inline std::shared_ptr<const Toxic> named(std::string name, std::shared_ptr<const Toxic> toxic) {
  Toxic copy = *toxic;
  copy.name = std::move(name);
  return std::make_shared<const Toxic>(std::move(copy));
}

struct Arrival {
  Duration at;
  std::string bytes;
  bool operator==(const Arrival&) const = default;
};
using Arrivals = std::vector<Arrival>;

inline void PrintTo(const Arrival& arrival, std::ostream* out) {
  *out << arrival.at.count() << " ns: " << arrival.bytes.size() << " bytes \""
       << arrival.bytes.substr(0, 20) << "\"";
}

// The owner of a link: reads all that comes out as soon as it does.
class Play {
 public:
  explicit Play(std::vector<std::shared_ptr<const Toxic>> toxics = {}, std::uint64_t seed = 1)
      : link{Rng{seed}, RunTime{}} {
    for (auto& toxic : toxics) link.add(std::move(toxic), now());
    collect();
  }

  RunTime now() const { return now_; }

  // Every deadline in time.
  void run_until(Duration until) {
    for (auto next = link.next_deadline(); next && next->since_start <= until && rounds_left_-- > 0;
         next = link.next_deadline()) {
      step_to(next->since_start);
    }
    step_to(until);
  }

  // Looks at the link but once.
  void step_to(Duration at) {
    now_ = std::max(now_, RunTime{at});
    link.advance(now_);
    collect();
  }

  void push(std::string_view bytes) {
    link.push(std::as_bytes(std::span{bytes}), now_);
    collect();
  }
  void push_at(Duration at, std::string_view bytes) {
    run_until(at);
    push(bytes);
  }
  void finish() {
    link.finish(now_);
    collect();
  }
  void add(std::shared_ptr<const Toxic> toxic) {
    link.add(std::move(toxic), now_);
    collect();
  }
  void update(std::shared_ptr<const Toxic> toxic, bool draw_again = false) {
    link.update(std::move(toxic), draw_again, now_);
    collect();
  }
  void remove(std::string_view name) {
    link.remove(name, now_);
    collect();
  }

  std::string all_bytes() const {
    std::string all;
    all.reserve(bytes_seen);
    for (const Arrival& arrival : arrivals) all += arrival.bytes;
    return all;
  }

  Link link;
  Arrivals arrivals;              // with the time that the link gives them
  std::optional<Duration> ended;  // when the owner saw it
  std::size_t bytes_seen = 0;
  bool reads = true;

 private:
  void collect() {
    if (link.end() != LinkEnd::open && !ended) ended = now_.since_start;
    if (!reads || link.out().empty()) return;
    while (!link.out().empty()) {
      const Chunk chunk = link.out().pop();
      const auto* text = reinterpret_cast<const char*>(chunk.bytes().data());
      bytes_seen += chunk.size();
      arrivals.push_back({chunk.at.since_start, std::string{text, chunk.size()}});
    }
    link.advance(now_);
    collect();
  }

  RunTime now_;
  std::size_t rounds_left_ =
      10'000'000;  // a link that never comes to rest fails, and does not hang
};

}  // namespace blackstart::toxic
