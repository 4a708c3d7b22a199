// covers run/runner, fault/enforcer
// Runs that switch faults all the time and are killed, stopped or out of disk at random instants,
// on a machine with rules and qdiscs of its user's own. bench/kills.cpp is the same in large.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <random>

#include "blackstart/limits.h"
#include "support/busy_machine.h"
#include "support/real_run.h"
#include "support/steady_flow.h"

namespace blackstart::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Kills : public RealRun {
 protected:
  void SetUp() override {
    RealRun::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    machine_.emplace();
    flow_.emplace(machine_->far(), std::vector<std::uint16_t>{7'777, 53});
    std::printf("seed %u\n", seed_);
  }
  void TearDown() override {
    flow_.reset();
    machine_.reset();
    RealRun::TearDown();
  }

  std::unique_ptr<Process> start_switching(const std::string& span) const {
    std::filesystem::remove_all(path() + "/run");
    write("outage.yaml", switching_scenario(span));
    return start("printed", blackstart("run outage.yaml --plain --upstream 10.0.0.2:53 --out run"));
  }

  std::chrono::milliseconds some(int from, int to) {
    return std::chrono::milliseconds{std::uniform_int_distribution{from, to}(random_)};
  }

  void expect_normal_since(SteadyFlow::Clock::time_point then) {
    EXPECT_TRUE(flow_->normal_after(then, 100ms, 10s).has_value());
    flow_->forget();
  }

  // Ends it where it is and looks at what it leaves: inert devices at most.
  void kill_it(Process& run) {
    const auto killed = SteadyFlow::Clock::now();
    ::kill(run.pid(), SIGKILL);
    end_of(run);
    expect_normal_since(killed);
    EXPECT_EQ(machine_->changes(true), "") << "seed " << seed_;
  }

  // Also what it does not need itself.
  void expect_the_next_run_to_remove_all() {
    std::filesystem::remove_all(path() + "/run");
    const Outcome next = play(
        "blackstart: 1\n"
        "title: The next run\n"
        "targets: {peer: {cidr: [10.0.0.2/32]}}\n"
        "timeline: [{at: 0s, for: 100ms, partition: {target: peer}}]\n");
    EXPECT_THAT(next.code, AnyOf(0, 6)) << next.output;  // 6: it met no packet
    EXPECT_EQ(machine_->changes(false), "");
  }

  // A run may make the kernel load what brings sysctls of its own with it.
  void play_once_before() {
    const auto first = start_switching("300ms");
    ASSERT_THAT(end_of(*first), AnyOf(0, 6)) << printed();
    EXPECT_EQ(machine_->accept_new_sysctls(), "");
  }

  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  std::optional<BusyMachine> machine_;
  std::optional<SteadyFlow> flow_;
};

TEST_F(Kills, AtRandomInstantsLeaveNothingButInertDevices) {
  play_once_before();
  for (int i = 0; i < 20; ++i) {
    const auto run = start_switching("1s");
    wait(some(0, 1'200));
    kill_it(*run);
    if (HasFailure()) FAIL() << "kill " << i << " of seed " << seed_;
  }
  expect_the_next_run_to_remove_all();
}

TEST_F(Kills, AfterAStopTheHeartbeatLiftsAndTheRunGoesOn) {
  play_once_before();
  for (const bool goes_on : {true, false}) {
    const auto run = start_switching("60s");
    ASSERT_TRUE(comes_true(20s, [&] { return saw("on"); })) << printed();
    wait(some(0, 500));
    const auto stopped = SteadyFlow::Clock::now();
    ::kill(run->pid(), SIGSTOP);
    expect_normal_since(stopped);
    if (goes_on) {
      // Traffic was normal at once where no fault was on at that instant.
      while (SteadyFlow::Clock::now() - stopped < limits::heartbeat_timeout) wait(100ms);
      ::kill(run->pid(), SIGCONT);
      EXPECT_TRUE(comes_true(5s, [&] {
        return printed().find("heartbeat was") != std::string::npos;
      })) << printed();
      ::kill(run->pid(), SIGTERM);
      EXPECT_EQ(end_of(*run), 128 + SIGTERM) << printed();
      EXPECT_EQ(machine_->changes(false), "");
    } else {
      kill_it(*run);
    }
  }
  expect_the_next_run_to_remove_all();
}

TEST_F(Kills, AFullDiskLeavesNothing) {
  play_once_before();
  std::string scenario = switching_scenario("60s");
  scenario.insert(scenario.find("watch:"), "  more: {tcp: '10.0.0.2:81', every: 10ms}\n");
  write("outage.yaml", scenario);
  write("script",
        "mkdir disk; mount -t tmpfs -o size=" + std::to_string(4 * some(4, 16).count()) +
            "k none disk\n" +
            blackstart("run outage.yaml --plain --upstream 10.0.0.2:53 --out disk/run\n") +
            "echo run ended with $?\n");
  const Outcome all = in_folder("timeout 30 unshare -m sh script 2>&1");
  EXPECT_THAT(all.output, HasSubstr("No space left on device")) << "seed " << seed_;
  EXPECT_THAT(all.output, HasSubstr("run ended with 3\n"));
  expect_normal_since(SteadyFlow::Clock::now());
  EXPECT_EQ(machine_->changes(false), "");
}

}  // namespace
}  // namespace blackstart::test
