#pragma once

// What a DNS answer must look like.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/params.h"
#include "blackstart/shape.h"
#include "dns/message.h"
#include "probe/judge.h"

namespace blackstart {

struct DnsAnswer {
  dns::Rcode rcode{};
  std::vector<std::string> records;  // of the asked type, as text
  std::vector<Address> addresses;    // those of them that are addresses
  Duration took{};
};

// `expect` or `truth` of a dns probe.
class DnsJudge {
 public:
  // Reads a mapping of shape kDnsJudgeShape. Mistakes are reported to `in`.
  explicit DnsJudge(const ParamReader& in);

  // Where nothing else was asked for: NOERROR with at least one record.
  void default_to_success();

  // The first thing amiss, in the order: rcode, answers, address, within.
  std::optional<Miss> check(const DnsAnswer& answer) const;

 private:
  std::optional<dns::Rcode> rcode_;
  std::optional<std::int64_t> answers_;
  std::vector<Prefix> addresses_;
  std::optional<Duration> within_;
};

extern const Shape kDnsJudgeShape;

}  // namespace blackstart
