#include "probe/dns_judge.h"

#include <algorithm>
#include <array>

#include "core/shapes.h"
#include "dns/record.h"
#include "probe/lookup.h"

namespace blackstart {
namespace {

constexpr Shape kRcode{.kind = Shape::Kind::text, .doc = "a DNS rcode, such as NXDOMAIN"};
constexpr Shape kAddress{.kind = Shape::Kind::text, .doc = "an address or a prefix"};
constexpr Shape kAddresses{.kind = Shape::Kind::list,
                           .doc = "an address or prefix, or a list of them",
                           .item = &kAddress,
                           .or_single = true};

constexpr std::array kJudgeKeys{
    Key{"rcode", &kRcode, "the answer's rcode (in `expect`, default NOERROR)"},
    Key{"answers", &shapes::kCount,
        "at least so many records of the asked type (in `expect`, default 1 with NOERROR)"},
    Key{"address", &kAddresses,
        "there is an address, and every address of the answer is one of these or in one of "
        "these prefixes"},
    Key{"within", &shapes::kPositiveDuration, "the answer this long after the question"},
};

bool covers(const Prefix& prefix, const Address& address) {
  if (prefix.address.v6 != address.v6) return false;
  for (std::size_t bit = 0; bit < prefix.length; ++bit) {
    const unsigned differing = static_cast<unsigned>(prefix.address.bytes[bit / 8]) ^
                               static_cast<unsigned>(address.bytes[bit / 8]);
    if (((differing >> (7 - bit % 8)) & 1U) != 0) return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : ", ").append(text);
  return out.empty() ? "no records" : out;
}

}  // namespace

constinit const Shape kDnsJudgeShape{
    .kind = Shape::Kind::object,
    .doc = "what the answer must look like: rcode, answers, address, within",
    .keys = kJudgeKeys,
};

DnsJudge::DnsJudge(const ParamReader& in)
    : answers_{in.integer("answers")}, within_{in.duration("within")} {
  if (const auto text = in.text("rcode")) {
    rcode_ = dns::rcode_from_text(*text);
    if (!rcode_) {
      in.error("rcode", "not a DNS rcode: " + *text,
               "such as NOERROR, NXDOMAIN, SERVFAIL, REFUSED; NODATA is NOERROR with answers: 0");
    }
  }
  for (const std::string& text : in.texts("address")) {
    if (const auto prefix = parse_prefix(text)) {
      addresses_.push_back(*prefix);
    } else {
      in.error("address", "not an address or prefix: " + text);
    }
  }
}

void DnsJudge::default_to_success() {
  if (!rcode_) rcode_ = dns::Rcode::noerror;
  if (!answers_ && *rcode_ == dns::Rcode::noerror) answers_ = 1;
}

std::optional<Miss> DnsJudge::check(const DnsAnswer& answer) const {
  const std::string evidence = dns::rcode_text(answer.rcode) + "; " + joined(answer.records);
  if (rcode_ && answer.rcode != *rcode_) {
    const std::string wanted = dns::rcode_text(*rcode_);
    if (*rcode_ == dns::Rcode::noerror) return Miss{words_of_rcode(answer.rcode), evidence};
    return Miss{dns::rcode_text(answer.rcode) + ", expected " + wanted, evidence};
  }
  const auto count = static_cast<std::int64_t>(answer.records.size());
  if (answers_ && count < *answers_) {
    if (count == 0) return Miss{"no such record for name (NODATA)", evidence};
    return Miss{std::to_string(count) + " records, expected at least " + std::to_string(*answers_),
                evidence};
  }
  if (!addresses_.empty()) {
    if (answer.addresses.empty()) return Miss{"no address in the answer", evidence};
    for (const Address& address : answer.addresses) {
      const auto within = [&](const Prefix& prefix) { return covers(prefix, address); };
      if (std::ranges::none_of(addresses_, within)) {
        return Miss{"answered " + to_text(address) + ", which is not one of those expected",
                    evidence};
      }
    }
  }
  return late(within_, answer.took);
}

}  // namespace blackstart
