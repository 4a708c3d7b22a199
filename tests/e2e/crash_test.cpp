// covers cli/status, run/place, run/stack
// Bad days: a run that is killed, stopped, refused or out of disk must leave nothing behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

// How many processes, zombies not counted, carry `mark` in their command line.
std::size_t processes_with(const std::string& mark) {
  std::size_t count = 0;
  std::error_code gone;
  for (const auto& process : std::filesystem::directory_iterator{"/proc", gone}) {
    if (text_of(process.path() / "cmdline").find(mark) != std::string::npos) ++count;
  }
  return count;
}

pid_t only_child_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::istringstream children{text_of("/proc/" + pid + "/task/" + pid + "/children")};
  pid_t child = -1;
  children >> child;
  return child;
}

class BadDay : public RealRun {
 protected:
  // A stack that ignores SIGTERM and has a daemon in a session of its own, both marked with
  // the test's folder; and a probe of ours that can be made to hang.
  std::string stubborn_scenario(const std::string& timeline, const std::string& more = {}) const {
    write("daemon.sh", "trap '' TERM\nwhile :; do sleep 1; done\n");
    write("stack.sh", "trap '' TERM\nsetsid sh daemon.sh \"$1\" &\n" + kLedgerProgram +
                          " ledger --listen 127.0.0.1:8545 --item alice=42.5 &\n"
                          "while :; do sleep 1; done\n");
    std::string text = ledger_scenario(
        timeline, "stack: {start: [sh, stack.sh, '" + path() +
                      "'], ready: {tcp: '127.0.0.1:8545'}, ready_within: 10s}\n" + more);
    text.insert(text.find("watch:"),
                "  slow: {exec: [sh, -c, 'test ! -e hang || sleep 60; true', '" + path() +
                    "'], every: 200ms, timeout: 30s}\n");
    return text;
  }

  // In mid-fault, with the stack, its daemon and a hanging probe alive.
  std::unique_ptr<Process> start_stubborn(const std::string& more = {}) const {
    auto run = start_run(stubborn_scenario(kLongCut, more));
    write("hang", "");
    EXPECT_TRUE(comes_true(5s, [&] { return processes_with(path()) >= 3; }));
    return run;
  }

  void expect_only_the_journal_is_left() const {
    EXPECT_TRUE(comes_true(1s, [] { return tables().empty(); })) << tables();
    EXPECT_TRUE(comes_true(2s, [&] { return processes_with(path()) == 0; }));
    const Outcome report = run("report run --plain");
    EXPECT_EQ(report.code, 130) << report.output;
    EXPECT_THAT(report.output, HasSubstr("interrupted"));
  }
};

TEST_F(BadDay, KilledInMidFaultLeavesNoRuleAndNoProcess) {
  const auto run = start_stubborn();
  EXPECT_THAT(tables(), HasSubstr("table"));
  ::kill(run->pid(), SIGKILL);
  EXPECT_EQ(end_of(*run), 128 + SIGKILL);
  expect_only_the_journal_is_left();
}

TEST_F(BadDay, KilledOutsideTheSandboxTakesTheSandboxAlong) {
  const auto run = start_stubborn("where: sandbox\n");
  ::kill(run->pid(), SIGKILL);
  EXPECT_EQ(end_of(*run), 128 + SIGKILL);
  expect_only_the_journal_is_left();
}

TEST_F(BadDay, KilledInsideTheSandboxEndsTheOneOutsideToo) {
  const auto run = start_stubborn("where: sandbox\n");
  const pid_t inside = only_child_of(only_child_of(run->pid()));
  ASSERT_GT(inside, 0);
  ::kill(inside, SIGKILL);
  EXPECT_EQ(end_of(*run), 128 + SIGKILL);
  expect_only_the_journal_is_left();
}

TEST_F(BadDay, StoppedInMidFaultLetsTrafficFlowByItself) {
  const auto ledger = start_ledger();
  const auto run = start_run(ledger_scenario(kLongCut));
  EXPECT_FALSE(answers(8545));
  ::kill(run->pid(), SIGSTOP);
  EXPECT_TRUE(comes_true(4s, [] { return answers(8545); }));
  ::kill(run->pid(), SIGTERM);
  ::kill(run->pid(), SIGCONT);
  EXPECT_EQ(end_of(*run), 143) << printed();
  EXPECT_EQ(tables(), "");
}

TEST_F(BadDay, AStackThatIgnoresTermIsGoneAfterTheRun) {
  const Outcome held = play(stubborn_scenario(kShortCut));
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_EQ(processes_with(path()), 0U);
}

// `heal` and `status` look at every process and every named namespace that they can see: here
// these are the test's own.
TEST_F(BadDay, ASecondRunIsRefusedAndHealEndsTheFirst) {
  write("outage.yaml", ledger_scenario(kLongCut, ledger_stack()));
  write("script", "mount -t tmpfs none /run\n" +
                      blackstart("run outage.yaml --plain --out run >printed.txt 2>&1 &\n") +
                      "first=$!\n"
                      "until grep -q '\"e\":\"on\"' run/journal.jsonl; do sleep 0.1; done\n" +
                      blackstart("run outage.yaml --plain --out second\n") +
                      "echo second ended with $?, the first is $first\n" + blackstart("status\n") +
                      "echo status ended with $?\n" + blackstart("heal\n") +
                      "echo heal ended with $?\n" +
                      "wait $first; echo first ended with $?\n"
                      "echo tables: $(nft list tables)\n" +
                      blackstart("status\n") + blackstart("heal\n"));
  const Outcome all = in_folder("timeout 40 unshare -pmf --mount-proc sh script 2>&1");
  EXPECT_THAT(all.output, HasSubstr("second ended with 3"));
  EXPECT_FALSE(std::filesystem::exists(path() + "/second"));
  const auto at = all.output.find("the first is ");
  ASSERT_NE(at, std::string::npos) << all.output;
  const std::string pid = all.output.substr(at + 13, all.output.find('\n', at) - at - 13);
  EXPECT_THAT(all.output, HasSubstr("another run is in force on this machine: pid " + pid + ";"));
  EXPECT_THAT(all.output, HasSubstr("run      pid " + pid + ": "));
  EXPECT_THAT(all.output, HasSubstr("status ended with 0"));
  EXPECT_THAT(all.output, HasSubstr("ended the run of pid " + pid));
  EXPECT_THAT(all.output, HasSubstr("heal ended with 0"));
  EXPECT_THAT(all.output, HasSubstr("first ended with 143"));
  EXPECT_THAT(all.output, HasSubstr("tables:\n"));
  EXPECT_THAT(all.output, HasSubstr("Nothing of Blackstart's is in force"));
  EXPECT_THAT(all.output, HasSubstr("There was nothing to lift."));
}

TEST_F(BadDay, AFullDiskEndsTheRunWithEverythingLifted) {
  std::string text = ledger_scenario(kLongCut);
  std::string probes;
  for (int i = 0; i < 8; ++i) {
    probes += "  p" + std::to_string(i) + ": {tcp: '127.0.0.1:8545', every: 10ms}\n";
  }
  text.insert(text.find("watch:"), probes);
  write("outage.yaml", text);
  write("script", "mkdir disk; mount -t tmpfs -o size=128k none disk\n" +
                      blackstart("run outage.yaml --plain --out disk/run\n") +
                      "echo run ended with $?\n" + blackstart("report disk/run --plain\n") +
                      "echo report ended with $?\n");
  const auto ledger = start_ledger();
  const Outcome all = in_folder("timeout 30 unshare -m sh script 2>&1");
  EXPECT_THAT(all.output, HasSubstr("No space left on device"));
  EXPECT_THAT(all.output, HasSubstr("run ended with 3\n"));
  EXPECT_THAT(all.output, HasSubstr("report ended with 130\n"));
  EXPECT_TRUE(answers(8545));
  EXPECT_EQ(tables(), "");
}

TEST_F(BadDay, AFolderThatCannotBeMadeIsThree) {
  write("file", "");
  write("outage.yaml", ledger_scenario(kShortCut));
  const Outcome refused = run("run outage.yaml --plain --out file/run");
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("file/run"));
  EXPECT_THAT(refused.output, HasSubstr("try: --out"));
}

TEST_F(BadDay, AJournalIsNeverWrittenOver) {
  const auto ledger = start_ledger();
  play(ledger_scenario(kShortCut));
  const std::string before = text_of(path() + "/run/journal.jsonl");
  const Outcome refused = play(ledger_scenario(kShortCut));
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_EQ(text_of(path() + "/run/journal.jsonl"), before);
}

TEST_F(BadDay, AReaderThatHasGoneDoesNotEndTheRun) {
  const auto ledger = start_ledger();
  write("outage.yaml", ledger_scenario(kShortCut));
  in_folder(blackstart("run outage.yaml --plain --out run | head -n 1"));
  EXPECT_EQ(journal().back().at("why"), "finished");
  EXPECT_EQ(report().at("exit_code"), 0);
}

TEST_F(BadDay, WithoutStandardStreamsTheJournalStaysAJournal) {
  const auto ledger = start_ledger();
  write("outage.yaml", ledger_scenario(kShortCut));
  const Outcome held = in_folder(blackstart("run outage.yaml --plain --out run <&- >&- 2>&-"));
  EXPECT_EQ(held.code, 0);
  EXPECT_EQ(journal().back().at("e"), "end");
  EXPECT_THAT(text_of(path() + "/run/journal.jsonl"), Not(HasSubstr("again:")));
}

// Another namespace is hurt, ours is not.
class Elsewhere : public RealRun {
 protected:
  void SetUp() override {
    RealRun::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ours_ = start_ledger();
    theirs_ = start("theirs", "unshare -n sh -c 'ip link set lo up; exec " + kLedgerProgram +
                                  " ledger --listen 127.0.0.1:8545 --item alice=42.5'");
    EXPECT_TRUE(comes_true(10s, [&] {
      return text_of(path() + "/theirs.txt").find("listening") != std::string::npos;
    }));
  }

  std::string their_pid() const { return std::to_string(theirs_->pid()); }

  void expect_hurt_there_only(const std::string& where, const std::string& before) const {
    write("outage.yaml", ledger_scenario(kLongCut, "where: " + where + "\n"));
    const auto run = start("printed", before + blackstart("run outage.yaml --plain --out run"));
    EXPECT_TRUE(comes_true(20s, [&] { return saw("on"); })) << printed();
    EXPECT_TRUE(answers(8545));
    EXPECT_EQ(tables(), "");
    EXPECT_THAT(shell("nsenter -t " + their_pid() + " -n nft list tables").output,
                HasSubstr("table"));
    EXPECT_TRUE(comes_true(5s, [&] { return printed().find("failed") != std::string::npos; }));
    ::kill(run->pid(), SIGTERM);
    EXPECT_EQ(end_of(*run), 143) << printed();
    EXPECT_EQ(shell("nsenter -t " + their_pid() + " -n nft list tables").output, "");
  }

 private:
  std::unique_ptr<Process> ours_, theirs_;
};

TEST_F(Elsewhere, ByPid) { expect_hurt_there_only("{pid: " + their_pid() + "}", ""); }

TEST_F(Elsewhere, ByTheNameOfANamespace) {
  write("within.sh",
        "mount -t tmpfs none /run; ip netns attach other " + their_pid() + "; exec \"$@\"\n");
  expect_hurt_there_only("{netns: other}", "unshare -m sh within.sh ");
}

TEST_F(Elsewhere, AContainerThatIsNotThereIsThree) {
  const Outcome refused =
      play(ledger_scenario(kShortCut, "where: {container: blackstart-test-nobody}\n"));
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_THAT(refused.output, AnyOf(HasSubstr("docker or podman"), HasSubstr("no running")));
  EXPECT_THAT(refused.output, Not(HasSubstr("internal error")));
}

TEST_F(Elsewhere, AProcessOrANamespaceThatIsNotThereIsThree) {
  const Outcome pid = play(ledger_scenario(kShortCut, "where: {pid: 4194303}\n"));
  EXPECT_EQ(pid.code, 3) << pid.output;
  EXPECT_THAT(pid.output, HasSubstr("there is no process 4194303"));
  write("outage.yaml", ledger_scenario(kShortCut));
  const Outcome name = run("run outage.yaml --where netns:nowhere --out second");
  EXPECT_EQ(name.code, 3) << name.output;
  EXPECT_THAT(name.output, HasSubstr("there is no network namespace 'nowhere'"));
  EXPECT_FALSE(std::filesystem::exists(path() + "/second")) << "nothing ran";
  std::filesystem::create_directory(path() + "/mine");
  EXPECT_EQ(run("run outage.yaml --where netns:nowhere --out mine").code, 3);
  EXPECT_TRUE(std::filesystem::is_empty(path() + "/mine")) << "and stays, for it was there";
}

// Someone without any privilege, on the machine's own network.
class OrdinaryUser : public RealRun {
 protected:
  void SetUp() override {
    std::filesystem::permissions(path(), std::filesystem::perms::all);
    if (::geteuid() == 0) as_user_ = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
    if (shell(as_user_ + blackstart("--version")).code != 0) {
      skip("the ordinary user must be able to run the binary");
    }
  }
  void TearDown() override {}

  Outcome play_as_user(const std::string& scenario) const {
    write("outage.yaml", scenario);
    return in_folder(as_user_ + blackstart("run outage.yaml --plain --out run 2>&1"));
  }

 private:
  std::string as_user_;
};

TEST_F(OrdinaryUser, PlaysInASandbox) {
  const Outcome held =
      play_as_user(ledger_scenario(kShortCut, "where: sandbox\n" + ledger_stack()));
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_EQ(report().at("probes").at("balance").at("verdict"), "recovered");
}

TEST_F(OrdinaryUser, IsToldWhatTheHostNeeds) {
  const Outcome refused = play_as_user(ledger_scenario(kShortCut));
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("nothing was injected"));
  EXPECT_THAT(refused.output, AnyOf(HasSubstr("sudo"), HasSubstr("where: sandbox")));
  EXPECT_FALSE(std::filesystem::exists(path() + "/run"));
}

}  // namespace
}  // namespace blackstart::test
