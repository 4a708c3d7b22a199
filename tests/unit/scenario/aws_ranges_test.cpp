#include "scenario/aws_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fault/registry.h"
#include "probe/registry.h"
#include "scenario/loader.h"

// covers scenario/build_aws

namespace blackstart {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

const std::string kSample = BLACKSTART_SOURCE_DIR "/docs/ip-ranges-sample.json";

std::string sample() {
  std::ifstream in{kSample};
  return {std::istreambuf_iterator<char>{in}, {}};
}

Texts texts(const std::vector<Prefix>& prefixes) {
  Texts out;
  for (const Prefix& prefix : prefixes) out.push_back(to_text(prefix));
  return out;
}

std::string refusal_of(const std::string& json) {
  try {
    read_aws_ranges(json);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(AwsRanges, SelectsByRegionAndServiceToTheLetter) {
  const AwsRanges ranges = read_aws_ranges(sample());
  EXPECT_EQ(ranges.sync_token, "1760932092");
  EXPECT_EQ(ranges.create_date, "2025-10-20-03-48-12");
  EXPECT_EQ(ranges.prefixes.size(), 16u);
  EXPECT_THAT(texts(ranges.select({"us-east-1"}, {"DYNAMODB"})),
              ElementsAre("192.0.2.0/28", "192.0.2.16/28", "2001:db8:1:100::/56"));
  EXPECT_THAT(texts(ranges.select({"GLOBAL"}, {})),
              ElementsAre("198.51.100.0/24", "198.51.100.0/25"));
  EXPECT_EQ(ranges.select({}, {"S3", "EC2"}).size(), 5u);
  EXPECT_EQ(ranges.select({}, {}).size(), 16u);
  EXPECT_THAT(ranges.select({"us-east"}, {}), IsEmpty());
  EXPECT_THAT(ranges.select({}, {"dynamodb"}), IsEmpty());
}

TEST(AwsRanges, SaysWhereAFileIsWrong) {
  EXPECT_THAT(refusal_of("{\n\n]"), HasSubstr("line 3: this is no JSON"));
  EXPECT_THAT(refusal_of(""), HasSubstr("line 1: this is no JSON"));
  EXPECT_THAT(refusal_of("[1e999]"), HasSubstr("a number that is larger"));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal_of("{}"), HasSubstr("prefixes: must be a list"));
  EXPECT_THAT(refusal_of(R"({"prefixes": []})"), HasSubstr("ipv6_prefixes: must be a list"));
  EXPECT_THAT(refusal_of(R"({"prefixes": [7]})"), HasSubstr("prefixes[0]: must be an object"));
  EXPECT_THAT(refusal_of(std::string(100'000, '[')), HasSubstr("nested too deeply"));
  const auto v4 = [](const std::string& one) {
    return refusal_of(R"({"prefixes": [{"ip_prefix": "192.0.2.0/24", "region": "a", )"
                      R"("service": "B"}, )" +
                      one + "]}");
  };
  EXPECT_THAT(v4("{}"), HasSubstr("prefixes[1]: lacks the key 'ip_prefix'"));
  EXPECT_THAT(v4(R"({"ip_prefix": 5})"), HasSubstr("prefixes[1].ip_prefix: must be a text"));
  for (const std::string wrong : {"10.0.0.1/8", "2001:db8::/32", "10.0.0.0/33", ""}) {
    EXPECT_THAT(v4("{\"ip_prefix\": \"" + wrong + "\"}"),
                HasSubstr("prefixes[1].ip_prefix: '" + wrong + "' is no prefix, such as 192"));
  }
  EXPECT_THAT(v4(R"({"ip_prefix": "10.0.0.0/8"})"),
              HasSubstr("prefixes[1]: lacks the key 'region'"));
  EXPECT_EQ(refusal_of(R"({"prefixes": [], "ipv6_prefixes": [], "more": {}})"), "accepted");
}

// --- targets with `aws` ---

Loaded load_target(const std::string& target, const std::string& ranges = {}) {
  LoadOptions options;
  options.read_file = [](const std::string& path) {
    if (std::filesystem::path{path}.filename() != "ip-ranges.json") {
      throw std::runtime_error{"cannot read " + path};
    }
    return sample();
  };
  options.ranges_file = ranges;
  return load(
      {"/etc/outages/night.yaml", "blackstart: 1\ntargets:\n  t: " + target +
                                      "\ntimeline: [{at: 0s, for: 1s, partition: {target: t}}]\n"},
      {fault_kinds(), probe_kinds()}, options);
}

std::string told(const std::string& target, const std::string& ranges = {}) {
  std::string out;
  for (const Diagnostic& one : load_target(target, ranges).diagnostics) {
    out += std::to_string(one.pos.line) + ':' + std::to_string(one.pos.column) + ' ' + one.message +
           "; " + one.hint + '\n';
  }
  return out;
}

TEST(AwsTarget, StandsForThePrefixesOfTheFileBesideTheScenario) {
  const std::string words =
      "{aws: {region: us-east-1, service: DYNAMODB, ranges_file: ip-ranges.json}}";
  const Loaded loaded = load_target(words);
  ASSERT_TRUE(loaded.scenario) << told(words);
  const AwsSelector& aws = *loaded.scenario->targets[0].aws;
  EXPECT_EQ(aws.prefixes.size(), 3u);
  EXPECT_EQ(aws.ranges_file, "/etc/outages/ip-ranges.json");
  EXPECT_EQ(aws.found,
            "3 prefixes of /etc/outages/ip-ranges.json, syncToken 1760932092, "
            "createDate 2025-10-20-03-48-12");
}

TEST(AwsTarget, TakesTheFileOfTheCommandLineFirst) {
  for (const std::string words :
       {"{aws: {service: S3, ranges_file: absent.json}}", "{aws: {service: S3}}"}) {
    const Loaded loaded = load_target(words, "/tmp/ip-ranges.json");
    ASSERT_TRUE(loaded.scenario) << told(words, "/tmp/ip-ranges.json");
    EXPECT_EQ(loaded.scenario->targets[0].aws->ranges_file, "/tmp/ip-ranges.json");
  }
}

TEST(AwsTarget, IsResolvedToTheFileAndNotToItsPrefixes) {
  const Loaded loaded = load_target("{aws: {service: [S3, EC2], ranges_file: ip-ranges.json}}");
  ASSERT_TRUE(loaded.scenario);
  const std::string& resolved = loaded.scenario->resolved;
  EXPECT_THAT(resolved, HasSubstr("\"/etc/outages/ip-ranges.json\""));
  EXPECT_THAT(resolved, testing::Not(HasSubstr("192.0.2")));
  // Who reports a run reads no file, and has no prefixes.
  const Loaded again = load({"journal", resolved}, {fault_kinds(), probe_kinds()}, {});
  ASSERT_TRUE(again.scenario);
  EXPECT_EQ(again.scenario->resolved, resolved);
  EXPECT_THAT(again.scenario->targets[0].prefixes(), IsEmpty());
}

TEST(AwsTarget, IsAConjunctionWithCidr) {
  const Loaded loaded = load_target(
      "{aws: {service: DYNAMODB, ranges_file: ip-ranges.json}, cidr: [192.0.2.0/24, "
      "\"2001:db8:1:1aa::/64\", 198.51.100.0/24]}");
  ASSERT_TRUE(loaded.scenario);
  EXPECT_THAT(
      texts(loaded.scenario->targets[0].prefixes()),
      ElementsAre("192.0.2.0/28", "192.0.2.16/28", "192.0.2.128/28", "2001:db8:1:1aa::/64"));
  EXPECT_THAT(told("{aws: {service: EC2, ranges_file: ip-ranges.json}, cidr: 10.0.0.0/8}"),
              HasSubstr("none of the prefixes that 'aws' selects lies in 'cidr'"));
}

TEST(AwsTarget, SaysWhatIsMissingAndWhatIsNear) {
  EXPECT_THAT(told("{aws: {service: S3}}"),
              testing::AllOf(HasSubstr("3:12 'aws' needs AWS's file of prefixes"),
                             HasSubstr("https://ip-ranges.amazonaws.com/ip-ranges.json"),
                             HasSubstr("--ranges ip-ranges.json")));
  EXPECT_THAT(told("{aws: {service: S3, ranges_file: absent.json}}"),
              HasSubstr("cannot read /etc/outages/absent.json"));
  EXPECT_THAT(
      told("{aws: {region: [us-east-1, us-eats-1], service: dynamodb}}", "ip-ranges.json"),
      testing::AllOf(HasSubstr("3:33 the ip-ranges file has no region 'us-eats-1'; did you mean "
                               "'us-east-1'?"),
                     HasSubstr("3:54 the ip-ranges file has no service 'dynamodb'; did you mean "
                               "'DYNAMODB'?")));
  EXPECT_THAT(told("{aws: {service: LAMBDAS}}", "ip-ranges.json"),
              HasSubstr("it has AMAZON, CLOUDFRONT, DYNAMODB, EC2 and S3"));
  EXPECT_THAT(told("{aws: {region: us-east-1, service: CLOUDFRONT}}", "ip-ranges.json"),
              HasSubstr("nothing of these services in these regions; they are in GLOBAL"));
}

}  // namespace
}  // namespace blackstart
