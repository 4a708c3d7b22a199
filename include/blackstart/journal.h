#pragma once

// What happened in a run, event by event. The journal is these, one to a line; the analysis
// and every report read nothing else.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "blackstart/probe.h"
#include "blackstart/time.h"

namespace blackstart {

struct RunHeader {
  int version = 1;  // of the journal's format
  std::string tool_version;
  std::string host, kernel, engine, user, command;  // `command` repeats the run
  int pid = 0;
  std::uint64_t seed = 0;
  double speed = 1.0;
  std::string scenario;           // its name
  std::string scenario_resolved;  // JSON; loading it gives the scenario that ran
  std::string started_at;         // RFC 3339, UTC: the run's only wall-clock time
};

enum class RunPhase : std::uint8_t { preparing, baseline, timeline, watching, ended };

struct PhaseEvent {
  RunTime at;
  RunPhase phase;
};

// A fault went on or off. `asked` is the instant before the request was sent, `at` the one
// at which whoever carries the fault had acknowledged it: the edge is that interval.
struct FaultEdge {
  std::uint32_t entry = 0;  // index into Scenario::timeline
  bool on = false;
  RunTime due, asked, at;
  std::string sent, acknowledged;  // "3 rules armed", "ack 0.4 ms"
};

// What a fault hit, read with its last lift. Zero of everything: unproven.
struct Proof {
  std::uint32_t entry = 0;
  std::uint64_t packets = 0, bytes = 0, questions = 0, connections = 0;
  std::map<std::string, std::uint64_t> answers;  // how questions were answered: "nodata" → 311
  std::uint64_t dropped = 0;  // of the packets, by a loss, a rate or a full queue of ours
  std::uint64_t shaped = 0;   // of the packets: given back by what impairs them
  // Packets whose delay was measured, and sums over them: what was asked, what was measured.
  // All that a queue of ours held; through netem, canaries of our own (fault/canary.h).
  std::uint64_t timed = 0;
  Duration delay_asked{}, delay_added{};

  bool proven() const { return packets + questions + connections > 0; }
};

// Text for the reader: a `note:` of the timeline (entry set), or ours.
struct NoteEvent {
  RunTime at;
  std::string text;
};

// Something went wrong that the reader must know: a late sample, a lost reply.
struct WarningEvent {
  RunTime at;
  std::string text;
};

struct GuardEvent {
  RunTime at;
  std::string text;  // "balance failed for 30s"
};

// How the run ended: `interrupted` by a person or a signal, `guard`, or by itself.
struct EndEvent {
  enum class Why : std::uint8_t {
    finished,
    not_normal,
    stack_not_ready,
    interrupted,
    guard,
    error
  };

  RunTime at;
  Why why = Why::finished;
  int signal = 0;          // of an interruption
  bool cleaned_up = true;  // false: something of ours could not be removed
  std::string text;        // for a person, may be empty
};

using RunEvent = std::variant<RunHeader, PhaseEvent, ProbeSample, FaultEdge, Proof, NoteEvent,
                              WarningEvent, GuardEvent, EndEvent>;

}  // namespace blackstart
