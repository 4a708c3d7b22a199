#include "dns/answer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "dns/edit.h"
#include "dns/faulted_reply.h"
#include "dns/first_seen.h"
#include "dns/stale.h"

namespace blackstart::dns {
namespace {

constexpr std::uint32_t kStaleTtl = 30;  // RFC 8767, 4

enum class Did : std::uint8_t {
  delay,
  ttl_cap,
  nodata,
  nxdomain,
  servfail,
  refused,
  formerr,
  notimp,
  drop,
  truncate,
  referral,
  garbage,
  wrong_id,
  cname_loop,
  stale,
  stale_unknown,
  spoof,
  alias,
  edns_drop,
  edns_formerr,
  tcp_reset,
  tcp_silent,
};

constexpr std::array<std::string_view, 22> kDid{
    "delay",     "ttl_cap",      "nodata",    "nxdomain",      "servfail", "refused",
    "formerr",   "notimp",       "drop",      "truncate",      "referral", "garbage",
    "wrong_id",  "cname_loop",   "stale",     "stale_unknown", "spoof",    "alias",
    "edns_drop", "edns_formerr", "tcp_reset", "tcp_silent"};
static_assert(kDid.size() == static_cast<std::size_t>(Did::tcp_silent) + 1);

// AnswerKind from nodata to spoof and Did from nodata to spoof differ by stale_unknown alone.
constexpr Did did_of(AnswerKind answer) {
  if (answer == AnswerKind::spoof) return Did::spoof;
  return Did{static_cast<std::uint8_t>(static_cast<unsigned>(answer) -
                                       static_cast<unsigned>(AnswerKind::nodata) +
                                       static_cast<unsigned>(Did::nodata))};
}
static_assert(did_of(AnswerKind::cname_loop) == Did::cname_loop);
static_assert(did_of(AnswerKind::stale) == Did::stale);

struct Rule {
  Rule(FaultRule rule, RunSeed seed)
      : asked{std::move(rule)},
        names{asked.names},
        random{rng_for(seed, "dns." + std::to_string(asked.entry))} {
    if (asked.first > 0) seen = std::make_unique<FirstSeen>();
  }

  FaultRule asked;
  NamePatterns names;
  Rng random;
  std::unique_ptr<FirstSeen> seen;  // null without `first`
  bool in_force = false;
  std::array<std::uint64_t, kDid.size()> counts{};
};

bool selects(const FaultRule& rule, const NamePatterns& names, const Asked& asked) {
  const Class klass = asked.parsed.question.klass;
  if (klass != Class::in && klass != Class::any) return false;
  if (!rule.types.empty() && std::ranges::find(rule.types, asked.type()) == rule.types.end()) {
    return false;
  }
  return names.matches(asked.key);
}

// What the rule would do with this question, apart from luck; nullopt: nothing.
std::optional<Did> effect_on(const FaultRule& rule, const Asked& asked) {
  const bool tcp = asked.transport == Transport::tcp;
  if (tcp && rule.tcp == FaultRule::Tcp::reset) return Did::tcp_reset;
  if (tcp && rule.tcp == FaultRule::Tcp::silent) return Did::tcp_silent;
  if (rule.over != FaultRule::Over::both && tcp != (rule.over == FaultRule::Over::tcp)) {
    return std::nullopt;
  }
  if (asked.parsed.edns && rule.edns == FaultRule::Edns::drop) return Did::edns_drop;
  if (asked.parsed.edns && rule.edns == FaultRule::Edns::formerr) return Did::edns_formerr;
  // An unknown EDNS version gets BADVERS, whatever the name; only silence goes before that.
  const bool badvers = asked.parsed.edns && asked.parsed.edns->version != 0;
  if (badvers && rule.answer != AnswerKind::drop) return std::nullopt;
  if (rule.answer == AnswerKind::truncate && tcp) return std::nullopt;
  if (rule.answer != AnswerKind::pass) return did_of(rule.answer);
  if (rule.delay > Duration{} || rule.jitter > Duration{}) return Did::delay;
  return rule.ttl ? std::optional{Did::ttl_cap} : std::nullopt;
}

Duration delay_of(Rule& rule) {
  const Duration jitter = rule.asked.jitter;
  if (jitter == Duration{}) return rule.asked.delay;
  const double swing = (2.0 * rule.random.fraction() - 1.0) * static_cast<double>(jitter.count());
  const Duration delay = rule.asked.delay + Duration{static_cast<Duration::rep>(swing)};
  return std::max(delay, Duration{});
}

Plan reply_plan(std::size_t size) {
  return {.what = size > 0 ? Plan::What::reply : Plan::What::silence, .size = size};
}

Plan error_plan(Bytes question, Rcode rcode, std::span<std::uint8_t> reply) {
  return reply_plan(write_error(question, rcode, {}, reply));
}

}  // namespace

struct FaultTable::State {
  std::vector<Rule> rules;
  std::vector<Rule*> in_force;  // the last started first
  std::vector<const Rule*> learning;
  StaleAnswers stale;

  Plan plan_of(const Asked& asked) {
    for (Rule* rule : in_force) {
      if (const auto did = choose(*rule, asked)) return carry_out(*rule, asked, *did);
    }
    return forward_plan(asked, {});
  }

  static std::optional<Did> choose(Rule& rule, const Asked& asked) {
    if (!selects(rule.asked, rule.names, asked)) return std::nullopt;
    const auto did = effect_on(rule.asked, asked);
    if (!did) return std::nullopt;
    if (rule.seen && rule.seen->count(asked.client, asked.key) > rule.asked.first) {
      return std::nullopt;
    }
    if (rule.asked.share != Probability::certain() && !rule.random.happens(rule.asked.share)) {
      return std::nullopt;
    }
    return did;
  }

  Plan carry_out(Rule& rule, const Asked& asked, Did did) {
    Plan plan = act(rule, asked, did);
    ++rule.counts[static_cast<std::size_t>(did)];
    plan.entry = rule.asked.entry;
    plan.did = kDid[static_cast<std::size_t>(did)];
    if (plan.what == Plan::What::forward || plan.what == Plan::What::reply) {
      plan.delay = delay_of(rule);
    }
    return plan;
  }

  // May narrow `did` down to what really happened.
  Plan act(const Rule& rule, const Asked& asked, Did& did) {
    switch (did) {
      case Did::tcp_reset:
        return {.what = Plan::What::reset};
      case Did::tcp_silent:
        return {.what = Plan::What::hold_silent};
      case Did::edns_drop:
      case Did::drop:
        return {.what = Plan::What::silence};
      case Did::edns_formerr:
        return reply_plan(write_faulted(AnswerKind::formerr, rule.asked, asked));
      case Did::delay:
      case Did::ttl_cap:
        return forward_plan(asked, rule.asked.ttl);
      case Did::stale:
        return stale_plan(rule.asked, asked, did);
      case Did::spoof:
        if (!rule.asked.cname || asked.asks(Type::cname)) break;
        did = Did::alias;
        return {.alias = &*rule.asked.cname, .alias_ttl = rule.asked.ttl.value_or(kOwnTtl)};
      default:
        break;
    }
    return reply_plan(write_faulted(rule.asked.answer, rule.asked, asked));
  }

  Plan forward_plan(const Asked& asked, std::optional<std::uint32_t> ttl_cap) const {
    if (asked.parsed.edns && asked.parsed.edns->version != 0) {
      return error_plan(asked.bytes, Rcode::badvers, asked.reply);
    }
    return {.ttl_cap = ttl_cap, .learn = wants(asked)};
  }

  Plan stale_plan(const FaultRule& rule, const Asked& asked, Did& did) const {
    const Bytes known = stale.find(asked.parsed, asked.key);
    if (known.empty()) {
      did = Did::stale_unknown;
      return reply_plan(write_faulted(AnswerKind::servfail, rule, asked));
    }
    return reply_plan(write_stale(asked.bytes, asked.parsed, known, rule.ttl.value_or(kStaleTtl),
                                  asked.reply, asked.limit));
  }

  bool wants(const Asked& asked) const {
    return std::ranges::any_of(
        learning, [&](const Rule* rule) { return selects(rule->asked, rule->names, asked); });
  }
};

FaultTable::FaultTable(std::vector<FaultRule> rules, RunSeed seed)
    : state_{std::make_unique<State>()} {
  state_->rules.reserve(rules.size());
  state_->in_force.reserve(rules.size());
  for (FaultRule& rule : rules) state_->rules.emplace_back(std::move(rule), seed);
  for (const Rule& rule : state_->rules) {
    if (rule.asked.answer == AnswerKind::stale) state_->learning.push_back(&rule);
  }
}

FaultTable::~FaultTable() = default;
FaultTable::FaultTable(FaultTable&&) noexcept = default;
FaultTable& FaultTable::operator=(FaultTable&&) noexcept = default;

void FaultTable::set_in_force(std::span<const std::uint32_t> entries_in_start_order) {
  const std::vector<Rule*> before = std::exchange(state_->in_force, {});
  for (std::size_t i = entries_in_start_order.size(); i-- > 0;) {
    for (Rule& rule : state_->rules) {
      if (rule.asked.entry == entries_in_start_order[i]) state_->in_force.push_back(&rule);
    }
  }
  for (const Rule* rule : state_->in_force) {
    const bool began = std::ranges::find(before, rule) == before.end();
    if (began && rule->seen) rule->seen->clear();
  }
}

Plan FaultTable::decide(Bytes question, Transport transport, const Address& client,
                        std::span<std::uint8_t> reply) {
  ParsedMessage parsed;
  const Flaw flaw = parse_message(question, parsed);
  if (flaw == Flaw::too_short || parsed.header.has(Header::kQr)) {
    return {.what = Plan::What::silence};
  }
  if (parsed.header.opcode() != Opcode::query) return error_plan(question, Rcode::notimp, reply);
  if (flaw != Flaw::none) return error_plan(question, Rcode::formerr, reply);
  const bool idle = state_->in_force.empty() && state_->learning.empty();
  const NameKey key = idle ? NameKey{} : NameKey{parsed.question.name};
  const std::size_t limit =
      transport == Transport::tcp ? limits::dns_message_bytes_max : udp_limit(parsed);
  return state_->plan_of({question, parsed, key, transport, client, reply, limit});
}

void FaultTable::learn(Bytes question, Bytes answer) {
  ParsedMessage parsed;
  if (parse_message(question, parsed) == Flaw::none) state_->stale.learn(parsed, answer);
}

std::vector<EntryCounts> FaultTable::counts() const {
  std::vector<EntryCounts> all;
  for (const Rule& rule : state_->rules) {
    EntryCounts& entry = all.emplace_back(EntryCounts{.entry = rule.asked.entry});
    for (std::size_t i = 0; i < kDid.size(); ++i) {
      if (rule.counts[i] == 0) continue;
      entry.questions += rule.counts[i];
      entry.by_what.push_back({kDid[i], rule.counts[i]});
    }
  }
  return all;
}

}  // namespace blackstart::dns
