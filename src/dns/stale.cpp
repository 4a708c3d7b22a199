#include "dns/stale.h"

#include <algorithm>
#include <cstring>

#include "dns/edit.h"
#include "dns/reply.h"

namespace blackstart::dns {
namespace {

std::uint64_t key_of(const ParsedMessage& question, const NameKey& name) {
  return (name.hash() ^ static_cast<std::uint64_t>(question.question.type) << 16 ^
          static_cast<std::uint64_t>(question.question.klass)) *
         0x100000001b3;
}

bool same_question(const Question& a, const Question& b) {
  return a.type == b.type && a.klass == b.klass && same_name(a.name, b.name);
}

bool is_good(const ParsedMessage& answer) {
  const Rcode rcode = full_rcode(answer.header, answer.edns);
  return answer.header.has(Header::kQr) && !answer.header.has(Header::kTc) &&
         (rcode == Rcode::noerror || rcode == Rcode::nxdomain);
}

}  // namespace

void StaleAnswers::learn(const ParsedMessage& question, Bytes answer) {
  ParsedMessage parsed;
  if (answer.size() > limits::dns_stale_answer_bytes_max) return;
  if (parse_message(answer, parsed) != Flaw::none || !is_good(parsed)) return;
  if (!same_question(question.question, parsed.question)) return;
  const std::uint64_t key = key_of(question, NameKey{question.question.name});
  std::vector<std::uint8_t> kept{answer.begin(), answer.end()};
  kept.resize(strip_opt(kept));
  const bool known = answers_.contains(key);
  answers_[key] = std::move(kept);
  if (known) return;
  order_.push_back(key);
  if (order_.size() <= limits::dns_stale_answers_max) return;
  answers_.erase(order_.front());
  order_.pop_front();
}

Bytes StaleAnswers::find(const ParsedMessage& question, const NameKey& name) const {
  const auto found = answers_.find(key_of(question, name));
  if (found == answers_.end()) return {};
  ParsedMessage kept;
  const bool ours = parse_message(found->second, kept) == Flaw::none &&
                    same_question(question.question, kept.question);
  return ours ? Bytes{found->second} : Bytes{};
}

std::size_t write_stale(Bytes question, const ParsedMessage& parsed, Bytes answer,
                        std::uint32_t ttl, std::span<std::uint8_t> out, std::size_t limit) {
  const auto kept = read_header(answer);
  ReplyWriter reply{question, parsed, out, limit};
  const bool missing = kept->rcode() == Rcode::nxdomain;
  reply.set_rcode(kept->rcode());
  reply.set_ede(missing ? Ede::stale_nxdomain : Ede::stale_answer);
  reply.records_of(answer, ttl);
  return reply.finish();
}

}  // namespace blackstart::dns
