#include "report/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "report/journal_fields.h"
#include "report/journal_file.h"
#include "support/temp_files.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

RunHeader header() {
  RunHeader made;
  made.tool_version = "1.2.3";
  made.host = "web-1";
  made.kernel = "6.1.0";
  made.engine = "netem";
  made.user = "sre";
  made.command = "blackstart run us-east-1-dns --seed 42";
  made.pid = 4711;
  made.seed = ~std::uint64_t{0};
  made.speed = 0.1;
  made.scenario = "us-east-1-dns";
  made.scenario_resolved = "{\"blackstart\":1}";
  made.started_at = "2025-10-20T06:48:00.000Z";
  return made;
}

ProbeSample sample() {
  ProbeSample made;
  made.probe = 3;
  made.seq = 9'007'199'254'740'993;  // no double has it
  made.due = {123'456'789'012'345ns};
  made.sent = {123'456'789'012'346ns};
  made.done = {123'456'790'000'000ns};
  made.result = {Outcome::wrong,
                 "/balance is 0, expected 42.5",
                 "200 {\"balance\":\n0}",
                 {.resolve = 1ms, .connect = 2ms, .tls = 3ms, .first_byte = 4ms}};
  return made;
}

std::string line_of(const RunEvent& event) {
  std::string line;
  append_line(line, event);
  return line;
}

ParsedLine parse(std::string line) {
  if (!line.empty() && line.back() == '\n') line.pop_back();
  return parse_line(line);
}

template <class Event>
Event round_trip(const Event& event) {
  const ParsedLine parsed = parse(line_of(event));
  EXPECT_EQ(parsed.kind, ParsedLine::Kind::event) << line_of(event);
  return std::get<Event>(parsed.event.value());
}

TEST(JournalLine, GivesTheHeaderBack) {
  const RunHeader got = round_trip(header());
  EXPECT_EQ(got.version, kJournalVersion);
  EXPECT_EQ(got.tool_version, "1.2.3");
  EXPECT_EQ(got.host, "web-1");
  EXPECT_EQ(got.kernel, "6.1.0");
  EXPECT_EQ(got.engine, "netem");
  EXPECT_EQ(got.user, "sre");
  EXPECT_EQ(got.command, header().command);
  EXPECT_EQ(got.pid, 4711);
  EXPECT_EQ(got.seed, ~std::uint64_t{0});
  EXPECT_EQ(got.speed, 0.1);
  EXPECT_EQ(got.scenario, "us-east-1-dns");
  EXPECT_EQ(got.scenario_resolved, "{\"blackstart\":1}");
  EXPECT_EQ(got.started_at, header().started_at);
}

TEST(JournalLine, GivesASampleBackToTheNanosecond) {
  const ProbeSample got = round_trip(sample());
  EXPECT_EQ(got.probe, 3u);
  EXPECT_EQ(got.seq, sample().seq);
  EXPECT_EQ(got.due, sample().due);
  EXPECT_EQ(got.sent, sample().sent);
  EXPECT_EQ(got.done, sample().done);
  EXPECT_EQ(got.result.outcome, Outcome::wrong);
  EXPECT_EQ(got.result.reason, sample().result.reason);
  EXPECT_EQ(got.result.evidence, sample().result.evidence);
  EXPECT_EQ(got.result.phases.resolve, 1ms);
  EXPECT_EQ(got.result.phases.connect, 2ms);
  EXPECT_EQ(got.result.phases.tls, 3ms);
  EXPECT_EQ(got.result.phases.first_byte, 4ms);
}

TEST(JournalLine, GivesEdgesAndProofsBack) {
  FaultEdge edge{7, true, {1s}, {1001ms}, {1002ms}, "3 rules armed", "ack 0.4 ms"};
  for (const bool on : {true, false}) {
    edge.on = on;
    const FaultEdge got = round_trip(edge);
    EXPECT_EQ(got.entry, 7u);
    EXPECT_EQ(got.on, on);
    EXPECT_EQ(got.due, RunTime{1s});
    EXPECT_EQ(got.asked, RunTime{1001ms});
    EXPECT_EQ(got.at, RunTime{1002ms});
    EXPECT_EQ(got.sent, "3 rules armed");
    EXPECT_EQ(got.acknowledged, "ack 0.4 ms");
  }
  const Proof proof =
      round_trip(Proof{2, 10, 20, 30, 40, {{"nodata", 29}, {"pass", 1}}, 5, 6, 7, 800ms, 801ms});
  EXPECT_EQ(proof.entry, 2u);
  EXPECT_EQ(proof.packets, 10u);
  EXPECT_EQ(proof.bytes, 20u);
  EXPECT_EQ(proof.questions, 30u);
  EXPECT_EQ(proof.connections, 40u);
  EXPECT_EQ(proof.answers, (std::map<std::string, std::uint64_t>{{"nodata", 29}, {"pass", 1}}));
  EXPECT_EQ(proof.dropped, 5u);
  EXPECT_EQ(proof.shaped, 6u);
  EXPECT_EQ(proof.timed, 7u);
  EXPECT_EQ(proof.delay_asked, 800ms);
  EXPECT_EQ(proof.delay_added, 801ms);
}

TEST(JournalLine, GivesTheRestBack) {
  for (int i = 0; i <= static_cast<int>(RunPhase::ended); ++i) {
    EXPECT_EQ(round_trip(PhaseEvent{{3s}, RunPhase{static_cast<std::uint8_t>(i)}}).phase,
              RunPhase{static_cast<std::uint8_t>(i)});
  }
  EXPECT_EQ(round_trip(NoteEvent{{3s}, "here it goes"}).text, "here it goes");
  EXPECT_EQ(round_trip(WarningEvent{{3s}, "late"}).at, RunTime{3s});
  EXPECT_EQ(round_trip(GuardEvent{{3s}, "balance failed for 30s"}).text, "balance failed for 30s");
  for (int i = 0; i <= static_cast<int>(EndEvent::Why::error); ++i) {
    const EndEvent::Why why{static_cast<std::uint8_t>(i)};
    const EndEvent got = round_trip(EndEvent{{9s}, why, 15, false, "lost"});
    EXPECT_EQ(got.why, why);
    EXPECT_EQ(got.signal, 15);
    EXPECT_FALSE(got.cleaned_up);
    EXPECT_EQ(got.text, "lost");
  }
}

TEST(JournalLine, IsOneLineWhateverAServerSays) {
  ProbeSample said = sample();
  said.result.evidence = "\xff\xfe half \xc3 a \"char\"\r\n\t\x01";
  const std::string line = line_of(said);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_THAT(round_trip(said).result.evidence, HasSubstr("\xef\xbf\xbd half"));
}

TEST(JournalLine, IgnoresKeysThatItDoesNotKnow) {
  const ParsedLine got =
      parse(R"({"e":"note","at":5,"text":"x","mood":"grim","more":{"deep":[1,2]}})");
  ASSERT_EQ(got.kind, ParsedLine::Kind::event);
  EXPECT_EQ(std::get<NoteEvent>(*got.event).at, RunTime{5ns});
}

TEST(JournalLine, KnowsALineOfANewerToolFromATornOne) {
  EXPECT_EQ(parse(R"({"e":"weather","at":5})").kind, ParsedLine::Kind::unknown);
  for (const char* torn : {"", "{", "[]", "7", R"({"at":5})", R"({"e":5})", R"({"e":"note")",
                           R"({"e":"note","at":5,"te)"}) {
    EXPECT_EQ(parse(torn).kind, ParsedLine::Kind::torn) << torn;
  }
}

TEST(JournalLine, EveryCutThroughALineIsTorn) {
  std::string line = line_of(sample());
  line.pop_back();
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_EQ(parse_line(line.substr(0, length)).kind, ParsedLine::Kind::torn) << length;
  }
}

TEST(JournalLine, RefusesValuesThatNoRunHas) {
  for (const char* bad :
       {R"({"e":"note","at":-1})", R"({"e":"note","at":1.5})",
        R"({"e":"note","at":9223372036854775807})", R"({"e":"note","at":"1"})",
        R"({"e":"note","text":"no instant"})", R"({"e":"note","at":1,"text":2})",
        R"({"e":"phase","at":1,"phase":"lunch"})",
        R"({"e":"sample","probe":4294967296,"seq":0,"due":0,"sent":0,"done":0,)"
        R"("outcome":"ok"})",
        R"({"e":"proof","entry":0,"answers":{"nodata":-1}})", R"({"e":"end","at":1,"why":"bored"})",
        R"({"e":"end","at":1,"why":"error","cleaned_up":"yes"})"}) {
    EXPECT_EQ(parse(bad).kind, ParsedLine::Kind::torn) << bad;
  }
}

TEST(JournalLine, RefusesTheHeaderOfANewerFormat) {
  RunHeader newer = header();
  newer.version = kJournalVersion + 1;
  EXPECT_EQ(parse(line_of(newer)).kind, ParsedLine::Kind::too_new);
}

// Files.

struct Read {
  std::vector<RunEvent> events;
  JournalSummary summary;
};

Read read(const std::string& path) {
  Read got;
  got.summary = read_journal(path, [&](const RunEvent& event) { got.events.push_back(event); });
  return got;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

std::string refusal_of(const std::string& path) {
  try {
    read(path);
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
  return {};
}

TEST(JournalFile, ReadsBackWhatWasWritten) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/journal.jsonl";
  {
    JournalWriter writer{path, header()};
    writer.write(sample());
    writer.write(EndEvent{.at = {9s}, .text = {}});
  }
  const Read got = read(path);
  ASSERT_EQ(got.events.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<RunHeader>(got.events[0]));
  EXPECT_EQ(std::get<ProbeSample>(got.events[1]).seq, sample().seq);
  EXPECT_EQ(got.summary.torn_lines, 0u);
}

TEST(JournalFile, HasItsHeaderAtOnceAndSamplesAtTheNextEdgeOrFlush) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/journal.jsonl";
  JournalWriter writer{path, header()};
  EXPECT_EQ(read(path).events.size(), 1u);
  writer.write(sample());
  EXPECT_EQ(read(path).events.size(), 1u);
  writer.flush();
  EXPECT_EQ(read(path).events.size(), 2u);
  writer.write(sample());
  writer.write(FaultEdge{});
  EXPECT_EQ(read(path).events.size(), 4u);
}

TEST(JournalFile, DoesNotHoldManySamplesInMemory) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/journal.jsonl";
  JournalWriter writer{path, header()};
  for (int i = 0; i < 3'000; ++i) writer.write(sample());
  EXPECT_GT(read(path).events.size(), 1'000u);
}

TEST(JournalFile, IsClosedInChildrenAndNeverOverwritten) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/journal.jsonl";
  const JournalWriter writer{path, header()};
  EXPECT_THROW(JournalWriter(path, header()), std::system_error);
  bool found = false;
  for (int fd = 3; fd < 64; ++fd) {
    std::error_code none;
    const auto link = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none);
    if (link != path) continue;
    found = true;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_TRUE(found);
}

// Files of this process may not grow beyond a size while it lives.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(JournalFile, AWriteThatFailsIsAnErrorAndIsTakenUpWhereItBrokeOff) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/journal.jsonl";
  JournalWriter writer{path, header()};
  for (int i = 0; i < 100; ++i) writer.write(sample());
  {
    const SizeLimit full{5'000};
    try {
      writer.flush();
      FAIL() << "more was written than there was room for";
    } catch (const std::system_error& failed) {
      EXPECT_EQ(failed.code().value(), EFBIG);
      EXPECT_THAT(failed.what(), HasSubstr(path));
    }
  }
  EXPECT_EQ(text_of(path).size(), 5'000u);
  writer.flush();
  EXPECT_EQ(read(path).events.size(), 101u);
  EXPECT_EQ(read(path).summary.torn_lines, 0u);
}

TEST(JournalFile, SkipsATornLastLineAndCountsIt) {
  const test::TempDir dir;
  const std::string path = dir.write("j", line_of(header()) + line_of(sample()) + "{\"e\":\"sam");
  const Read got = read(path);
  EXPECT_EQ(got.events.size(), 2u);
  EXPECT_EQ(got.summary.torn_lines, 1u);
}

TEST(JournalFile, ALastLineThatOnlyLacksItsNewlineIsWhole) {
  const test::TempDir dir;
  std::string text = line_of(header()) + line_of(sample());
  text.pop_back();
  EXPECT_EQ(read(dir.write("j", text)).events.size(), 2u);
}

TEST(JournalFile, GoesOnAfterATornLineInItsMiddle) {
  const test::TempDir dir;
  const Read got = read(dir.write("j", line_of(header()) + "{\"e\":\"sa\n" +
                                           R"({"e":"new"})"
                                           "\n" +
                                           line_of(sample())));
  EXPECT_EQ(got.events.size(), 2u);
  EXPECT_EQ(got.summary.torn_lines, 1u);
  EXPECT_EQ(got.summary.unknown_lines, 1u);
}

TEST(JournalFile, LinesLongerThanTheBufferArePutTogether) {
  const test::TempDir dir;
  RunHeader large = header();
  large.scenario_resolved.assign(300'000, 'x');
  const Read got = read(dir.write("j", line_of(large) + line_of(sample())));
  EXPECT_EQ(std::get<RunHeader>(got.events[0]).scenario_resolved, large.scenario_resolved);
}

TEST(JournalFile, RefusesWhatIsNoJournal) {
  const test::TempDir dir;
  EXPECT_THAT(refusal_of(dir.write("empty", "")), HasSubstr("is no journal"));
  EXPECT_THAT(refusal_of(dir.write("text", "hello\n")), HasSubstr("is no journal"));
  EXPECT_THAT(refusal_of(dir.write("headless", line_of(sample()))), HasSubstr("is no journal"));
  RunHeader newer = header();
  newer.version = kJournalVersion + 1;
  EXPECT_THAT(refusal_of(dir.write("newer", line_of(newer))), HasSubstr("newer version"));
  EXPECT_THROW(read(dir.path() + "/absent"), std::system_error);
}

TEST(JournalFile, WritesTheSameBytesForTheSameRun) {
  const test::TempDir dir;
  for (const char* name : {"/a", "/b"}) {
    JournalWriter writer{dir.path() + name, header()};
    writer.write(sample());
  }
  EXPECT_EQ(text_of(dir.path() + "/a"), text_of(dir.path() + "/b"));
}

}  // namespace
}  // namespace blackstart
