#pragma once

// The last good answers to questions, in bounded memory: behind `answer: stale`.

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "dns/message.h"
#include "dns/name.h"

namespace blackstart::dns {

class StaleAnswers {
 public:
  // Remembers `answer` without its OPT, in place of an earlier one to the same name, type and
  // class. When there are dns_stale_answers_max, the one that was first learned longest ago is
  // forgotten. Ignored unless NOERROR or NXDOMAIN, whole, well-formed, with the same question,
  // and at most dns_stale_answer_bytes_max bytes.
  void learn(const ParsedMessage& question, Bytes answer);

  // The answer; empty where none is known. Valid until the next learn().
  Bytes find(const ParsedMessage& question, const NameKey& name) const;

 private:
  std::unordered_map<std::uint64_t, std::vector<std::uint8_t>> answers_;
  std::deque<std::uint64_t> order_;  // keys, by when each was first learned
};

// The reply that repeats a remembered answer: the asker's id, flags, question bytes and OPT, TTLs
// of at most `ttl`, EDE 3 or 19 where the asker spoke EDNS; TC where it exceeds `limit`. 0 where
// `out` is too small.
std::size_t write_stale(Bytes question, const ParsedMessage& parsed, Bytes answer,
                        std::uint32_t ttl, std::span<std::uint8_t> out, std::size_t limit);

}  // namespace blackstart::dns
