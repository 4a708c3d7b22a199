// That nothing is left behind: `blackstart run`, which switches faults all the time, is killed,
// stopped and put on a full disk at random instants, on a machine with rules and qdiscs of its
// user's own. What `nft`, `tc`, `ip` and every sysctl say afterwards is compared with what they
// said before; a steady flow measures from when on traffic is normal.
//
// Needs root, or run it under `unshare -r`. Works in namespaces of its own only.

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <random>
#include <stdexcept>

#include "kill_tally.h"
#include "killed_run.h"
#include "netlink/nft_owner.h"
#include "support/busy_machine.h"
#include "support/steady_flow.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::BusyMachine;
using test::Outcome;
using test::shell;
using test::SteadyFlow;
using test::switching_scenario;
using Clock = SteadyFlow::Clock;
namespace fs = std::filesystem;

constexpr double kStopGoal = 4'000.0;  // from a stop, which only the heartbeat ends
constexpr int kMetNoPacket = 6;        // a run's exit code
constexpr const char* kMark = "3607";  // seconds that every child of a run sleeps

struct Options {
  std::map<std::string, std::uint64_t> numbers{{"--kills", 30},   {"--sandbox-kills", 10},
                                               {"--children", 5}, {"--stops", 5},
                                               {"--disks", 5},    {"--seed", 0}};

  int times(const char* name) const { return static_cast<int>(numbers.at(name)); }
};

double milliseconds_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_{options}, random_{options.numbers.at("--seed")} {}

  int run() {
    get_to_know();
    kill_runs();
    kill_sandboxes();
    kill_parents();
    stop_runs();
    fill_disks();
    std::puts(
        "\n| what | times | traffic hurt then | left behind | inert devices, until `heal` or"
        " the next run | normal again, p50 / p99 / max | goal |\n|---|---|---|---|---|---|---|");
    bool missed = false;
    for (const Tally& tally : tallies_) {
      tally.print();
      missed = missed || tally.missed();
    }
    return missed ? 1 : 0;
  }

 private:
  double between(double from, double to) {
    return std::uniform_real_distribution{from, to}(random_);
  }

  static void wait_until(Clock::time_point due) {
    while (Clock::now() < due) wait(due - Clock::now() > 2ms ? 1ms : 0ms);
  }

  static std::chrono::microseconds span(double ms) {
    return std::chrono::microseconds{static_cast<long>(ms * 1'000)};
  }

  Tally& begin(const std::string& what, double goal = kGoal) {
    shell(test::heal_here());
    return tallies_.emplace_back(Tally{.what = what, .goal = goal});
  }

  void complain(Tally& tally, const std::string& text) const {
    ++tally.leftovers;
    std::printf("%s, the %dth (seed %llu): %s\n", tally.what.c_str(), tally.times,
                static_cast<unsigned long long>(options_.numbers.at("--seed")),
                text.substr(0, 2'000).c_str());
    std::fflush(stdout);
  }

  // Traffic, then what is there but inert devices of ours.
  void look_after(Tally& tally, Clock::time_point killed,
                  std::chrono::milliseconds settled = 100ms) {
    const auto normal = flow_.normal_after(killed, settled, 6s);
    if (!normal) complain(tally, "traffic is not normal after six seconds");
    if (normal) tally.normal.push_back(*normal);
    if (normal && *normal > tally.goal) {
      std::printf("%s, the %dth: normal after %.1f ms\n", tally.what.c_str(), tally.times, *normal);
    }
    if (flow_.was_hurt_before(killed)) ++tally.hurt;
    flow_.forget();
    if (const std::string changes = machine_.changes(true); !changes.empty()) {
      complain(tally, changes);
    }
  }

  void expect_as_before(Tally& tally, const std::string& after_what) {
    if (const std::string changes = machine_.changes(false); !changes.empty()) {
      complain(tally, "after " + after_what + "\n" + changes + KilledRun::printed());
    }
  }

  // Removed by `heal`, or by a whole next run of another scenario.
  void clean_up(Tally& tally) {
    if (test::own_devices_are_there()) ++tally.with_devices;
    if (tally.times % 10 == 0) {
      KilledRun next(
          "blackstart: 1\ntitle: The next run\ntargets: {peer: {cidr: [10.0.0.2/32]}}\n"
          "timeline: [{at: 0s, for: 100ms, partition: {target: peer}}]\n");
      if (const int code = next.end(); code != 0 && code != kMetNoPacket) {
        complain(tally,
                 "the next run ended with " + std::to_string(code) + ": " + KilledRun::printed());
      }
      expect_as_before(tally, "the next run");
    } else if (tally.times % 2 == 0) {
      const Outcome healed = shell(test::heal_here());
      if (healed.code != 0) complain(tally, healed.output);
      expect_as_before(tally, "heal");
    }
  }

  // One whole run: what it makes the kernel load, and how long its parts last.
  void get_to_know() {
    std::printf("seed %llu, kernel %s\n",
                static_cast<unsigned long long>(options_.numbers.at("--seed")),
                text_of("/proc/sys/kernel/osrelease").c_str());
    for (int round = 0; round < 2; ++round) {
      KilledRun run(switching_scenario("800ms"));
      const Clock::time_point from = Clock::now();
      bool loaded = false;
      while (!run.ended()) {
        const bool there = !netlink::NftOwner::find_tables().empty();
        if (there && !loaded) loaded_ms_ = milliseconds_since(from);
        if (there) unloaded_ms_ = milliseconds_since(from);
        loaded = loaded || there;
        wait(1ms);
      }
      ended_ms_ = milliseconds_since(from);
      if (!loaded) throw std::runtime_error{"the run did nothing:\n" + KilledRun::printed()};
      const std::string changed = machine_.accept_new_sysctls();
      if (!changed.empty()) throw std::runtime_error{"after a run in order:\n" + changed};
    }
    std::printf("a run has rules after %.0f ms, none after %.0f ms, ends after %.0f ms\n",
                loaded_ms_, unloaded_ms_, ended_ms_);
    flow_.forget();
    wait(200ms);
    if (!flow_.normal_after(Clock::now(), 200ms, 5s)) {
      throw std::runtime_error{"traffic is not normal without any fault"};
    }
  }

  // A quarter each in preparation and in clean-up, half while faults are switched.
  double some_instant(int i) {
    if (i % 4 == 0) return between(0, loaded_ms_ + 20);
    if (i % 4 == 1) return between(unloaded_ms_ - 30, ended_ms_);
    return between(loaded_ms_, unloaded_ms_);
  }

  void kill_runs() {
    Tally& tally = begin("SIGKILL of the run");
    while (tally.times < options_.times("--kills")) {
      const double instant = some_instant(tally.times);
      KilledRun run(switching_scenario("800ms"));
      wait_until(Clock::now() + span(instant));
      if (run.ended()) continue;  // too late
      const Clock::time_point killed = Clock::now();
      run.signal(SIGKILL);
      run.end();
      ++tally.times;
      look_after(tally, killed);
      clean_up(tally);
    }
  }

  // Nothing outside is ever touched; and all that was within must go.
  void kill_sandboxes() {
    Tally& tally = begin("SIGKILL of a sandbox's first process");
    const std::string scenario =
        switching_scenario("800ms", "where: sandbox\n" + stack(), "127.0.0.2");
    double most = 0;
    while (tally.times < options_.times("--sandbox-kills")) {
      const double instant = between(0, ended_ms_);
      KilledRun run(scenario);
      std::vector<pid_t> children;
      comes_true(5s, [&] {
        children = run.children();
        return !children.empty() || run.ended();
      });
      if (children.empty()) throw std::runtime_error{"no sandbox: " + KilledRun::printed()};
      wait_until(Clock::now() + span(instant));
      if (run.ended()) continue;  // too late
      const Clock::time_point killed = Clock::now();
      ::kill(children.front(), SIGKILL);
      if (const int code = run.end(); code != 128 + SIGKILL) {
        if (code == 0 || code == kMetNoPacket) continue;  // it was about to
        complain(tally, "it ended with " + std::to_string(code) + ": " + KilledRun::printed());
      }
      ++tally.times;
      if (!comes_true(2s, [] { return processes_with(kMark).empty(); })) {
        complain(tally, "a process lives on");
      }
      most = std::max(most, milliseconds_since(killed));
      look_after(tally, killed);
      expect_as_before(tally, "the kill");
    }
    std::printf("all of a sandbox's processes were gone %.0f ms after the kill at most\n", most);
  }

  static std::string stack() {
    const std::string sleep = std::string{"sleep "} + kMark;
    return "stack: {start: [sh, -c, 'setsid " + sleep + " & " + sleep + "; true']}\n";
  }

  // Every second time their supervisors are killed first, so that some do live on.
  void kill_parents() {
    Tally& tally = begin("SIGKILL of a run whose children live on");
    const std::string scenario = switching_scenario(
        "60s", stack(), "10.0.0.2",
        "  slow: {exec: [sleep, '" + std::string{kMark} + "'], every: 200ms, timeout: 30s}\n");
    while (tally.times < options_.times("--children")) {
      KilledRun run(scenario);
      if (!comes_true(20s, [&] { return processes_with(kMark).size() >= 4; })) {
        throw std::runtime_error{"no children: " + KilledRun::printed()};
      }
      wait_until(Clock::now() + span(between(0, 500)));
      const bool orphans = ++tally.times % 2 == 0;
      if (orphans) {
        for (const pid_t leash : run.children()) ::kill(leash, SIGKILL);
      }
      const Clock::time_point killed = Clock::now();
      run.signal(SIGKILL);
      run.end();
      look_after(tally, killed);
      if (orphans) {
        if (processes_with(kMark).empty()) complain(tally, "no child lived on");
        for (const pid_t orphan : processes_with(kMark)) ::kill(orphan, SIGKILL);
      }
      if (!comes_true(2s, [] { return processes_with(kMark).empty(); })) {
        complain(tally, "a child is left");
      }
      clean_up(tally);
    }
  }

  // Then half of them go on and are ended in order, the others are killed as they are.
  void stop_runs() {
    Tally& tally = begin("SIGSTOP of the run", kStopGoal);
    while (tally.times < options_.times("--stops")) {
      KilledRun run(switching_scenario("60s"));
      if (!comes_true(20s, [] { return KilledRun::journal_says("\"e\":\"on\""); })) {
        throw std::runtime_error{"it does not begin: " + KilledRun::printed()};
      }
      wait_until(Clock::now() + span(between(0, 2'000)));
      const Clock::time_point stopped = Clock::now();
      run.signal(SIGSTOP);
      ++tally.times;
      const auto normal = flow_.normal_after(stopped, 300ms, 6s);
      if (normal) tally.normal.push_back(*normal);
      if (!normal) complain(tally, "traffic is not normal after six seconds");
      if (flow_.was_hurt_before(stopped)) ++tally.hurt;
      if (tally.times % 2 == 0) {
        wait_until(stopped + span(kStopGoal));  // no fault may have been on, and traffic normal
        run.signal(SIGCONT);
        if (!comes_true(2s, [] { return KilledRun::journal_says("heartbeat was"); })) {
          complain(tally, "it does not say that it was stopped");
        }
        wait(200ms);
        run.signal(SIGTERM);
        if (const int code = run.end(); code != 128 + SIGTERM) {
          complain(tally, "it ended with " + std::to_string(code) + ": " + KilledRun::printed());
        }
        expect_as_before(tally, "SIGCONT and SIGTERM");
      } else {
        run.signal(SIGKILL);
        run.end();
        if (const std::string changes = machine_.changes(true); !changes.empty()) {
          complain(tally, changes);
        }
        clean_up(tally);
      }
      flow_.forget();
    }
  }

  // It fills at a random moment, or is full from the start. The flow is timed from the run's end.
  void fill_disks() {
    Tally& tally = begin("a disk that is full, or fills");
    const std::string disk = KilledRun::kFolder + "/disk";
    fs::create_directory(disk);
    std::string probes;
    for (int i = 0; i < 8; ++i) {
      probes += "  p" + std::to_string(i) + ": {tcp: '10.0.0.2:81', every: 10ms}\n";
    }
    while (tally.times < options_.times("--disks")) {
      ++tally.times;
      const int pages = tally.times % 5 == 0 ? 1 : std::uniform_int_distribution{8, 64}(random_);
      const std::string size = "size=" + std::to_string(pages * 4) + "k";
      check("mount(disk)", ::mount("none", disk.c_str(), "tmpfs", 0, size.c_str()));
      if (pages == 1) std::ofstream{disk + "/full"} << std::string(4'096, '!');
      KilledRun run(switching_scenario("60s", {}, "10.0.0.2", probes), "disk/run");
      const int code = run.end();
      const Clock::time_point gone = Clock::now();
      if (code != 3 || KilledRun::printed().find("No space left on device") == std::string::npos) {
        complain(tally, "it ended with " + std::to_string(code) + ": " + KilledRun::printed());
      }
      look_after(tally, gone);
      expect_as_before(tally, "the disk was full");
      ::umount2(disk.c_str(), MNT_DETACH);
    }
  }

  Options options_;
  std::mt19937_64 random_;
  BusyMachine machine_;
  SteadyFlow flow_{machine_.far(), {7'777, 53}};
  double loaded_ms_ = 0, unloaded_ms_ = 0, ended_ms_ = 0;
  std::deque<Tally> tallies_;
};

// `heal` looks at every process that it can see: these are to be our own.
int within_own_namespaces(const Options& options) {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) != 0) {
    throw std::runtime_error{"needs root: try `unshare -r`"};
  }
  const pid_t child = check("fork()", ::fork());
  if (child != 0) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  check("mount(private)", ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
  check("mount(/proc)", ::mount("proc", "/proc", "proc", 0, nullptr));
  check("mount(/run)", ::mount("none", "/run", "tmpfs", 0, nullptr));
  fs::create_directory(KilledRun::kFolder);
  return Bench{options}.run();
}

Options parse(int argc, char** argv) {
  Options options;
  options.numbers["--seed"] = std::random_device{}();
  for (int i = 1; i < argc; i += 2) {
    const auto found = options.numbers.find(argv[i]);
    if (found == options.numbers.end() || i + 1 == argc) {
      throw std::runtime_error{
          "usage: bench_kills [--kills N] [--sandbox-kills N] [--children N] [--stops N]"
          " [--disks N] [--seed N]"};
    }
    found->second = std::stoull(argv[i + 1]);
  }
  return options;
}

}  // namespace
}  // namespace blackstart

int main(int argc, char** argv) {
  try {
    return blackstart::within_own_namespaces(blackstart::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_kills: %s\n", error.what());
    return 1;
  }
}
