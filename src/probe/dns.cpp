// The `dns` probe.

#include <array>

#include "core/shapes.h"
#include "dns/record.h"
#include "probe/attempt.h"
#include "probe/dns_exchange.h"
#include "probe/dns_judge.h"
#include "probe/host.h"
#include "probe/lookup.h"
#include "probe/registry.h"

namespace blackstart {
namespace {

constexpr std::uint16_t kDnsPort = 53;

constexpr Shape kName{.kind = Shape::Kind::text, .doc = "a domain name"};
constexpr Shape kType{.kind = Shape::Kind::text, .doc = "a record type, such as A or AAAA"};
constexpr Shape kServer{.kind = Shape::Kind::text, .doc = "an address, or address:port"};
constexpr std::array kQuestionKeys{
    Key{"name", &kName, "asked for as it is written: no search domains", true},
    Key{"type", &kType, "the record type, default A"},
    Key{"server", &kServer, "who is asked; default the first nameserver of resolv.conf"},
};
constexpr Shape kQuestion{
    .kind = Shape::Kind::object, .doc = "a DNS question", .keys = kQuestionKeys};
constexpr std::array<const Shape*, 2> kOptions{&kName, &kQuestion};
constexpr Shape kDnsShape{.kind = Shape::Kind::either,
                          .doc = "a domain name, or a mapping with one",
                          .options = kOptions};

struct DnsPlan {
  dns::Question question;
  std::optional<Endpoint> server;
  DnsJudge expect, truth;
};

DnsAnswer read_answer(dns::Bytes message, const dns::Question& question) {
  DnsAnswer answer;
  dns::ParsedMessage parsed;
  const bool whole = dns::parse_message(message, parsed) == dns::Flaw::none;
  const dns::Header header = *dns::read_header(message);
  answer.rcode = whole ? dns::full_rcode(header, parsed.edns) : header.rcode();
  dns::RecordCursor records{message};
  while (const auto record = records.next()) {
    if (record->section == dns::Section::answer && record->type == question.type) {
      answer.records.push_back(dns::rdata_text(message, *record));
    }
  }
  answer.addresses = addresses_in(message, question);
  return answer;
}

class DnsAttempt final : public Attempt {
 public:
  DnsAttempt(std::shared_ptr<const DnsPlan> plan, ProbeHost& host, Duration timeout, Done done)
      : Attempt{host, timeout, std::move(done)}, plan_{std::move(plan)} {}

 private:
  void begin() override {
    server_ = plan_->server ? Nameserver{*plan_->server, {}}
                            : host().stub_files().config().servers.front();
    exchange_.emplace(host(), server_, plan_->question,
                      guarded([this](const DnsOutcome& outcome) { answered(outcome); }));
  }

  CheckResult timed_out() override {
    std::string words =
        "no answer from " + to_text(server_.endpoint) + " within " + duration_text(timeout());
    if (exchange_ && exchange_->strangers() != 0) {
      words += ", only replies that do not fit the question";
    }
    return failed(std::move(words));
  }

  void answered(const DnsOutcome& outcome) {
    if (outcome.answer.empty()) {
      return finish(failed("resolver " + to_text(server_.endpoint) + ": " + outcome.failure));
    }
    DnsAnswer answer = read_answer(outcome.answer, plan_->question);
    answer.took = elapsed();
    CheckPhases phases;
    phases.resolve = answer.took;
    finish(judge(
        plan_->expect.check(answer), [&] { return plan_->truth.check(answer); }, phases));
  }

  std::shared_ptr<const DnsPlan> plan_;
  Nameserver server_;
  std::optional<DnsExchange> exchange_;
};

class DnsCheck final : public ProbeCheck {
 public:
  explicit DnsCheck(DnsPlan plan) : plan_{std::make_shared<const DnsPlan>(std::move(plan))} {}

  std::string in_words() const override {
    std::string words =
        "look up " + plan_->question.name.text() + ' ' + dns::type_text(plan_->question.type);
    return plan_->server ? words + " at " + to_text(*plan_->server) : words;
  }

  void start(ProbeHost& host, Duration timeout,
             std::function<void(CheckResult)> done) const override {
    Attempt::launch(std::make_shared<DnsAttempt>(plan_, host, timeout, std::move(done)));
  }

 private:
  std::shared_ptr<const DnsPlan> plan_;
};

void read_question(const ParamReader& in, std::string_view name_key, DnsPlan& plan) {
  const auto text = in.text(name_key);
  if (!text) return;
  const auto name = dns::Name::from_text(*text);
  if (!name || text->empty()) {
    in.error(name_key, "not a domain name: " + *text,
             "labels of at most 63 bytes, joined by dots; others than ASCII as xn--…");
  } else {
    plan.question.name = *name;
  }
}

std::unique_ptr<const ProbeCheck> parse_dns(const ParamReader& probe) {
  DnsPlan plan{
      {{}, dns::Type::a}, {}, DnsJudge{probe.inner("expect")}, DnsJudge{probe.inner("truth")}};
  plan.expect.default_to_success();
  const Node* value = probe.node("dns");
  if (value != nullptr && value->kind == Node::Kind::scalar) {
    read_question(probe, "dns", plan);
    return std::make_unique<DnsCheck>(std::move(plan));
  }
  const ParamReader in = probe.inner("dns");
  read_question(in, "name", plan);
  if (const auto text = in.text("type")) {
    const auto type = dns::type_from_text(*text);
    if (!type) in.error("type", "unknown record type: " + *text, "such as A, AAAA, CNAME, MX, SRV");
    plan.question.type = type.value_or(dns::Type::a);
  }
  if (const auto text = in.text("server")) {
    plan.server = parse_endpoint(*text, kDnsPort);
    if (!plan.server)
      in.error("server", "not an address: " + *text, "such as 10.0.0.2 or [::1]:53");
  }
  return std::make_unique<DnsCheck>(std::move(plan));
}

}  // namespace

extern constinit const ProbeKind dns_probe{
    .name = "dns",
    .summary = "asks a resolver for a name and judges its answer",
    .shape = &kDnsShape,
    .expect = &kDnsJudgeShape,
    .truth = &kDnsJudgeShape,
    .parse = &parse_dns,
};

}  // namespace blackstart
