#pragma once

// One outage, as loaded: everything a scenario file says, typed. docs/scenario-format.md has
// the meaning of every key.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/diagnostic.h"
#include "blackstart/fault.h"
#include "blackstart/probe.h"
#include "blackstart/time.h"
#include "blackstart/units.h"

namespace blackstart {

// Where faults and probes act: a network namespace, by what holds it.
struct Where {
  enum class Kind : std::uint8_t { host, sandbox, pid, netns, container };

  Kind kind = Kind::host;
  std::string name;  // of a netns (a name or a path) or a container
  int pid = 0;

  auto operator<=>(const Where&) const = default;
};

std::string to_text(const Where& where);  // "host", "pid 4711", "container web"

enum class Protocol : std::uint8_t { tcp, udp, icmp };

struct AwsSelector {
  std::vector<std::string> regions, services;  // empty: all
  std::string ranges_file;                     // absolute

  // What it stands for, within the target's `cidr`; empty where the file was not read.
  std::vector<Prefix> prefixes;
  std::string found;  // "213 prefixes of /etc/ip-ranges.json, syncToken 17…, createDate 2025-…"
};

// A conjunction of what it names; an empty one is refused when loading.
struct Target {
  std::string name;
  std::vector<std::string> names;  // as written: lower case, no trailing dot, `*` globs
  std::vector<Prefix> cidr;
  std::vector<PortRange> port;
  std::optional<Protocol> protocol;
  std::optional<AwsSelector> aws;
  std::string interface;
  std::string cgroup;
  std::optional<std::uint32_t> uid;
  bool any = false;
  std::optional<Where> where;

  // Nothing of the above but `where`: a proxy of `blackstart serve` by its name, for toxics alone.
  std::string proxy;
  std::string api;  // address:port, or unix: and the path of a socket
  SourcePos pos;

  // A packet's peer is in one of these; empty: `names` or nothing says which it is.
  const std::vector<Prefix>& prefixes() const { return aws ? aws->prefixes : cidr; }

  // Something besides `names` picks packets.
  bool selects_packets() const {
    return any || !cidr.empty() || !port.empty() || protocol || aws || !interface.empty() ||
           !cgroup.empty() || uid;
  }
};

// The real outage that a scenario replays; durations of its first fault and whole event.
struct Incident {
  std::string date, provider;
  std::vector<std::string> sources;
  std::optional<Duration> fault, event;
};

struct Stack {
  std::vector<std::string> start;  // argv; one with spaces and no list is given to `sh -c`
  std::vector<std::string> stop;   // empty: SIGTERM to the process group, then SIGKILL
  std::shared_ptr<const ProbeCheck> ready;
  Duration ready_within = std::chrono::seconds{30};
  SourcePos pos;
};

struct Watch {
  Duration baseline = std::chrono::seconds{10};
  Duration hold = std::chrono::seconds{5};
  Duration limit = std::chrono::minutes{5};
};

struct Pulse {
  Duration on, off;
};

// One entry of the timeline, in scenario time. A note has text and no fault.
struct Entry {
  std::string name;  // what the audience reads; made from the fault where none is given
  Duration at{};
  std::optional<Duration> lasts;  // `for`; absent: to the end of the timeline
  std::string note;
  std::string kind;  // "dns"; empty for a note
  std::shared_ptr<const Fault> fault;
  std::size_t target = 0;  // index into Scenario::targets
  std::optional<Pulse> pulse;
  bool may_miss = false;  // zero matched does not make the run invalid
  SourcePos pos;
};

struct Objective {
  Probability normal = *Probability::from_percent(99);
  std::optional<Duration> recover_within, mitigate_within, max_downtime;
  std::uint64_t max_wrong = 0;
  std::optional<double> max_amplification;
};

struct Guard {
  std::size_t probe = 0;  // index into Scenario::probes
  Duration failing_for{};
};

struct Scenario {
  std::string name;  // the library's name, or the file's stem
  std::string title, about;
  std::optional<Incident> incident;
  double speed = 1.0;
  std::optional<std::uint64_t> seed;
  Where where;
  std::optional<ShapeEngine> engine;  // the only one to play it on; absent: the best there is
  std::vector<Target> targets;
  std::optional<Stack> stack;
  std::vector<ProbeSpec> probes;
  Watch watch;
  std::vector<Entry> timeline;                  // by `at`, then in the file's order
  std::map<std::size_t, Objective> objectives;  // by index into `probes`
  std::vector<Guard> guards;
  std::optional<Duration> max_duration;  // real time, from the first fault

  // The whole scenario with everything replaced and merged, as one JSON text. Loading it
  // again gives this scenario; the journal's first line carries it.
  std::string resolved;

  // The end of the timeline in scenario time: the latest end of any entry that has one, and
  // no earlier than any entry's start.
  Duration timeline_length() const;
};

// The kinds that scenarios may use; the loader is handed them.
struct Kinds {
  std::span<const FaultKind* const> faults;
  std::span<const ProbeKind* const> probes;
};

}  // namespace blackstart
