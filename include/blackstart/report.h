#pragma once

// The result of a run, as plain data: what every report format renders.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/scenario.h"
#include "blackstart/time.h"

namespace blackstart {

// Per probe: absorbed (never left normal), recovered (left, came back within its
// objectives), slow (came back, missed one), stuck (not back within the limit), lied (more
// wrong answers than allowed; beats the others). `unjudged`: the run ended before it could say.
enum class ProbeVerdict : std::uint8_t { absorbed, recovered, slow, stuck, lied, unjudged };

// For the run.
enum class RunVerdict : std::uint8_t { held, missed, invalid, not_started, stopped };

std::string_view name_of(ProbeVerdict verdict);
std::string_view name_of(RunVerdict verdict);

struct LatencySummary {
  std::uint64_t count = 0;
  Duration p50{}, p95{}, p99{}, most{};
};

// A stretch of a probe's run: `width` of it from `from` + n × `width`.
struct StripBin {
  std::uint64_t ok = 0, failed = 0, wrong = 0;
  Duration latency_sum{}, latency_most{};  // of the ok ones, from due to done

  std::uint64_t count() const { return ok + failed + wrong; }
  Duration latency_mean() const {
    return ok == 0 ? Duration{} : latency_sum / static_cast<std::int64_t>(ok);
  }
};

// A probe's whole run as a picture: at most a few hundred bins of equal width.
struct Strip {
  RunTime from;
  Duration width{};
  std::vector<StripBin> bins;
};

struct ObjectiveResult {
  std::string name;             // "recover_within"
  double limit = 0.0;           // seconds, a count or a ratio, as `name` says
  std::optional<double> value;  // nullopt: never
  bool met = false;
};

// The figures of specs' recovery page. nullopt: never, or not applicable.
struct ProbeReport {
  std::string name;
  Role role = Role::judged;
  bool judged = false;  // has an objective of its own
  ProbeVerdict verdict = ProbeVerdict::unjudged;
  std::uint64_t samples = 0, failed = 0, wrong = 0, capped = 0;
  std::optional<double> baseline_ok_share;
  LatencySummary before, during, after;
  std::optional<Duration> first_impact, mitigated, first_good, recovered, back_to_speed;
  std::uint64_t relapses = 0;
  Duration downtime{};
  std::optional<double> amplification;
  Duration uncertainty{};
  std::optional<RunTime> first_wrong, last_wrong;
  std::string wrong_evidence;                    // of the first wrong answer
  std::map<std::string, std::uint64_t> reasons;  // of samples that were not ok
  Duration lateness_p99{};                       // sent − due
  std::vector<ObjectiveResult> objectives;
  Strip strip;
};

// A stretch of time in which a fault was in force; of a pulsing one, bounded in number: where
// there are too many, neighbours are told as one.
struct FaultSpan {
  RunTime from, to;
};

struct FaultReport {
  std::string name, kind, target, words, engine;
  std::optional<RunTime> on, lift;  // first on, last lift
  Duration widest_edge{};
  std::uint32_t edges = 0;
  std::vector<FaultSpan> spans;
  std::optional<Proof> proof;
  bool proven = false;
  bool may_miss = false;
};

struct TimerWarning {
  std::string text;  // which phase is shorter than which timer, or which cache outlives a lift
};

struct RunReport {
  RunHeader header;
  Scenario scenario;
  RunVerdict verdict = RunVerdict::stopped;
  std::string sentence;  // the verdict in one sentence
  int exit_code = 0;
  bool interrupted = false;
  std::optional<RunTime> first_on, last_lift, ended;
  std::vector<ProbeReport> probes;
  std::vector<FaultReport> faults;
  std::vector<TimerWarning> timers;
  std::vector<NoteEvent> notes;
  std::vector<WarningEvent> warnings;
  std::vector<PhaseEvent> phases;
  std::optional<EndEvent> end;
  std::size_t torn_lines = 0;  // of the journal, skipped
};

// Documented, stable, tested.
namespace exit_code {
inline constexpr int held = 0;
inline constexpr int internal_error = 1;
inline constexpr int usage = 2;
inline constexpr int machine = 3;
inline constexpr int not_normal = 4;
inline constexpr int missed = 5;
inline constexpr int invalid = 6;
inline constexpr int guard = 7;
inline constexpr int not_clean = 9;
inline constexpr int regression = 10;
inline constexpr int signal_base = 128;  // + the signal, once everything was lifted
}  // namespace exit_code

}  // namespace blackstart
