#include "probe/registry.h"

#include <gtest/gtest.h>

#include "support/probe_bench.h"

namespace blackstart {
namespace {

std::string words_of(std::string_view json) {
  const auto parsed = test::parse_probe(json);
  for (const Diagnostic& mistake : parsed.mistakes) ADD_FAILURE() << mistake.message;
  return parsed.check->in_words();
}

// The one mistake of a probe, and whether it stands at the value of `key` (of the request, or
// of the probe where it is empty).
std::string mistake_of(std::string_view json) {
  const auto parsed = test::parse_probe(json);
  EXPECT_EQ(parsed.mistakes.size(), 1U) << json;
  return parsed.mistakes.empty() ? "" : parsed.mistakes[0].message;
}

TEST(ProbeKinds, AreNamedAndShaped) {
  std::string names;
  for (const ProbeKind* kind : probe_kinds()) {
    names.append(kind->name).append(" ");
    EXPECT_NE(kind->shape, nullptr);
    EXPECT_FALSE(kind->summary.empty());
  }
  EXPECT_EQ(names, "http dns tcp exec ");
}

TEST(ProbeKinds, SayWhatTheyDoInWords) {
  EXPECT_EQ(words_of(R"({"http": "http://wallet.local:8080/balance/alice"})"),
            "GET http://wallet.local:8080/balance/alice");
  EXPECT_EQ(words_of(R"({"http": {"url": "https://me:secret@a.test/x#part", "method": "POST"}})"),
            "POST https://a.test/x");
  EXPECT_EQ(words_of(R"({"dns": "a.test"})"), "look up a.test A");
  EXPECT_EQ(words_of(R"({"dns": {"name": "a.test.", "type": "aaaa", "server": "10.0.0.1"}})"),
            "look up a.test AAAA at 10.0.0.1:53");
  EXPECT_EQ(words_of(R"({"tcp": "127.0.0.1:5432"})"), "connect to 127.0.0.1:5432");
  EXPECT_EQ(words_of(R"({"exec": ["./depth.sh", "-v"]})"), "run ./depth.sh -v");
}

TEST(ProbeKinds, ReportBadUrls) {
  EXPECT_EQ(mistake_of(R"({"http": "wallet.local/x"})"), "a URL begins with http:// or https://");
  EXPECT_EQ(mistake_of(R"({"http": "ftp://wallet.local/x"})"),
            "a URL begins with http:// or https://");
  EXPECT_EQ(mistake_of(R"({"http": "http://"})"), "not a URL: no host part in the URL");
  EXPECT_EQ(mistake_of(R"({"http": "http://a:99999/"})"),
            "not a URL: port number was not a decimal number between 0 and 65535");
  EXPECT_EQ(mistake_of(R"({"http": "http://a:0/"})"), "a URL's port is from 1 to 65535");
  EXPECT_EQ(mistake_of(R"({"http": "http://a b/"})").substr(0, 11), "not a URL: ");
  const auto parsed = test::parse_probe(R"({"http": {"url": "nonsense"}})");
  EXPECT_EQ(parsed.mistakes.at(0).pos, parsed.node.find("http")->find("url")->pos);
}

TEST(ProbeKinds, ReportBadHeaders) {
  EXPECT_TRUE(mistake_of(R"({"http": {"url": "http://a/", "headers": {"a:b": "x"}}})")
                  .starts_with("not a header"));
  EXPECT_TRUE(mistake_of(R"({"http": {"url": "http://a/", "headers": {"a": "x\r\nb: y"}}})")
                  .starts_with("not a header"));
}

TEST(ProbeKinds, ReportBadQuestions) {
  EXPECT_EQ(mistake_of(R"({"dns": "a..b"})"), "not a domain name: a..b");
  EXPECT_EQ(mistake_of(R"({"dns": {"name": "a", "type": "AAAAA"}})"), "unknown record type: AAAAA");
  EXPECT_EQ(mistake_of(R"({"dns": {"name": "a", "server": "ns1"}})"), "not an address: ns1");
  EXPECT_EQ(mistake_of(R"({"dns": "a", "expect": {"rcode": "NODATA"}})"),
            "not a DNS rcode: NODATA");
  EXPECT_EQ(mistake_of(R"({"dns": "a", "truth": {"address": ["10.0.0.1/8"]}})"),
            "not an address or prefix: 10.0.0.1/8");
}

TEST(ProbeKinds, ReportBadEndpoints) {
  for (const char* bad : {"db.local", "db.local:", "db.local:0", "db.local:65536", "::1:80",
                          "[::1:80", "[db]:80", ":80", "a b:80", "http://a:80"}) {
    EXPECT_EQ(mistake_of("{\"tcp\": \"" + std::string{bad} + "\"}"),
              "not host:port: " + std::string{bad});
  }
  EXPECT_EQ(words_of(R"({"tcp": "[::1]:80"})"), "connect to [::1]:80");
}

TEST(ProbeKinds, ReportEmptyCommands) {
  EXPECT_EQ(mistake_of(R"({"exec": []})"), "no command to run");
  EXPECT_EQ(mistake_of(R"({"exec": ""})"), "no command to run");
  EXPECT_EQ(words_of(R"({"exec": "a | b"})"), "run /bin/sh -c a | b");
}

}  // namespace
}  // namespace blackstart
