#pragma once

// What AWS publishes of its addresses, as https://ip-ranges.amazonaws.com/ip-ranges.json has it.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/address.h"

namespace blackstart {

// A prefix may be there several times: AMAZON has those of most other services too.
struct AwsPrefix {
  Prefix prefix;
  std::string region, service;
};

struct AwsRanges {
  std::string sync_token, create_date;  // of this publication; may be empty
  std::vector<AwsPrefix> prefixes;      // of both families

  // Whose region and service are among these, to the letter; an empty list has all.
  std::vector<Prefix> select(const std::vector<std::string>& regions,
                             const std::vector<std::string>& services) const;

  std::set<std::string_view> names(std::string AwsPrefix::*of) const;
};

// Throws std::runtime_error for the first mistake: "prefixes[17].ip_prefix: '10.0.0.1/8' is no
// prefix, such as 192.0.2.0/24". Keys that are not known are ignored.
AwsRanges read_aws_ranges(std::string_view json);

}  // namespace blackstart
