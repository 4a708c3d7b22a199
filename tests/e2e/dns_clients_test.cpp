// Real clients against the embedded resolver: glibc and musl getaddrinfo(3), Node's two
// resolvers, dig. What each must see under each fault was measured with another responder.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

namespace blackstart {
namespace {

// A result and when it must come, in seconds. `until` 0 means about `from`.
struct Outcome {
  std::string_view result = "";  // empty: not held to anything
  double from = 0.0, until = 0.0;
};

constexpr std::array<std::string_view, 6> kClients{"glibc",  "glibc4",   "musl",
                                                   "lookup", "resolve4", "dig"};

struct Row {
  std::string_view name;
  std::array<Outcome, kClients.size()> expected;  // as kClients
};

constexpr Outcome kOk{"OK"}, kAgain{"EAI_AGAIN"}, kNoName{"EAI_NONAME"}, kNoData{"EAI_NODATA"};
constexpr Outcome kNotFound{"ENOTFOUND"};
constexpr Outcome kAgain5{"EAI_AGAIN", 5}, kAgain10{"EAI_AGAIN", 10}, kAgain15{"EAI_AGAIN", 15};
constexpr Outcome kTimeout{"ETIMEOUT", 2, 11};
constexpr Outcome kNoError{"NOERROR"}, kServFail{"SERVFAIL"}, kSilence{"TIMEOUT"};
constexpr Outcome kAny{};

// Our own limit on silent connections ends the wait of a client without one.
constexpr Outcome kAgainAtClose{"EAI_AGAIN", 12}, kNoNameAtClose{"EAI_NONAME", 12};

constexpr Row kRows[] = {
    // name          glibc      glibc4     musl     lookup      resolve4        dig
    {"healthy", {kOk, kOk, kOk, kOk, kOk, kNoError}},
    {"aonly", {kOk, kOk, kOk, kOk, kOk, kNoError}},
    {"nxdomain", {kNoName, kNoName, kNoName, kNotFound, kNotFound, {"NXDOMAIN"}}},
    {"nodata", {kNoData, kNoData, kNoName, kNotFound, {"ENODATA"}, kNoError}},
    {"nosoa", {kNoData, kNoData, kNoName, kNotFound, {"ENODATA"}, kNoError}},
    {"referral", {kAgain, kAgain, kNoName, kAgain, {"ENODATA"}, kNoError}},
    {"servfail", {kAgain, kAgain, kAgain5, kAgain, {"ESERVFAIL"}, kServFail}},
    {"refused", {kAgain, kAgain, kAgain5, kAgain, {"EREFUSED"}, {"REFUSED"}}},
    {"notimp", {kAgain, kAgain, kAgain5, kAgain, {"ENOTIMP"}, {"NOTIMP"}}},
    {"formerr", {kNoName, kNoName, kAgain5, kNotFound, {"EFORMERR"}, {"FORMERR"}}},
    {"drop", {kAgain10, kAgain10, kAgain5, kAgain10, kTimeout, kSilence}},
    {"drop6", {Outcome{"OK", 15}, kOk, kAgain5, Outcome{"OK", 15}, kOk, kNoError}},
    {"drop4", {kAgain15, kAgain10, kAgain5, kAgain15, kTimeout, kSilence}},
    {"slow300ms",
     {Outcome{"OK", 0.3}, {"OK", 0.3}, {"OK", 0.3}, {"OK", 0.3}, {"OK", 0.3}, kNoError}},
    {"slow3s", {Outcome{"OK", 3}, {"OK", 3}, {"OK", 3}, {"OK", 3}, kAny, kSilence}},
    {"slow6s", {Outcome{"OK", 6}, {"OK", 6}, kAgain5, {"OK", 6}, kTimeout, kSilence}},
    {"servfail6", {kOk, kOk, kAgain5, kOk, kOk, kNoError}},
    {"nxdomain6", {kOk, kOk, kNoName, kOk, kOk, kNoError}},
    {"tc", {kOk, kOk, kNoName, kOk, kOk, kNoError}},
    {"tcreset", {kAgain, kNoName, kNoName, kAgain, {"ECONNREFUSED"}, kSilence}},
    {"tcsilent", {kAgainAtClose, kNoNameAtClose, kNoName, kAgainAtClose, kTimeout, kSilence}},
    {"wrongid", {kAgain10, kAgain10, kAgain5, kAgain10, kTimeout, kSilence}},
    {"garbage", {kAgain10, kAgain10, kAgain5, kAgain10, {"EBADRESP"}, kSilence}},
    {"ednsformerr", {kOk, kOk, kOk, kOk, kOk, {"FORMERR"}}},
    {"ednsdrop", {kOk, kOk, kOk, kOk, kOk, kSilence}},
    {"first", {kOk, kOk, kOk, kOk, {"ESERVFAIL"}, kServFail}},
    {"loop", {kNoName, kNoData, kNoName, kNotFound, kOk, kNoError}},
    {"alias", {kOk, kOk, kOk, kOk, kOk, kNoError}},
};

struct Seen {
  std::string result = "no answer at all";
  double seconds = -1.0;
};

// "CLIENT.ROW.t" to what that client saw.
std::map<std::string, Seen> ask_everything(std::string& log) {
  std::string command = BLACKSTART_SOURCE_DIR "/tests/e2e/dns_clients/run.sh " BLACKSTART_BIN_DIR;
  for (const Row& row : kRows) command.append(" ").append(row.name);
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return {};
  std::map<std::string, Seen> out;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    log += line.data();
    std::istringstream words{line.data()};
    std::string name;
    Seen seen;
    if (words >> name >> seen.result >> seen.seconds) out[name] = seen;
  }
  log += "exit status " + std::to_string(::pclose(pipe));
  return out;
}

// Other work on the machine makes clients late, never early.
bool fits(const Outcome& expected, const Seen& seen) {
  if (expected.result.empty()) return seen.seconds >= 0.0;
  const double until = expected.until > 0.0 ? expected.until : expected.from + 2.5;
  return seen.result == expected.result && seen.seconds >= expected.from - 0.1 &&
         seen.seconds <= until;
}

TEST(DnsClients, SeeEveryFaultAsTheRealThing) {
  std::string log;
  auto seen = ask_everything(log);
  const bool has_musl = seen.contains("musl.healthy.t");
  EXPECT_TRUE(has_musl || std::getenv("BLACKSTART_NO_SKIP") == nullptr) << "musl-gcc is missing";

  for (const Row& row : kRows) {
    for (std::size_t i = 0; i < kClients.size(); ++i) {
      if (kClients[i] == "musl" && !has_musl) continue;
      const Outcome& expected = row.expected[i];
      const Seen& got = seen[std::string{kClients[i]} + "." + std::string{row.name} + ".t"];
      EXPECT_TRUE(fits(expected, got))
          << kClients[i] << " under " << row.name << ": expected " << expected.result << " after "
          << expected.from << " s, saw " << got.result << " after " << got.seconds << " s";
    }
  }
  if (seen.empty()) ADD_FAILURE() << log;
}

}  // namespace
}  // namespace blackstart
