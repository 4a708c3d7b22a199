#pragma once

// What a kind of probe is, one probe as a scenario asks for it, and one sample of it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "blackstart/params.h"
#include "blackstart/shape.h"
#include "blackstart/time.h"

namespace blackstart {

// A wrong sample is worse than a failed one: the service said "all is well" and it was not.
enum class Outcome : std::uint8_t { ok, failed, wrong };

constexpr std::string_view name_of(Outcome outcome) {
  constexpr std::string_view kNames[] = {"ok", "failed", "wrong"};
  return kNames[static_cast<int>(outcome)];
}

// Where the time of one check went; zero where the phase did not happen.
struct CheckPhases {
  Duration resolve{}, connect{}, tls{}, first_byte{};
};

// The reason of a sample that was due and never sent begins so: as many of its probe were still
// waiting as may, or this process did not run then. Such a sample has failed; reports count
// these apart.
inline constexpr std::string_view kNotSent = "not sent: ";

struct CheckResult {
  Outcome outcome = Outcome::failed;
  std::string reason;    // for a person: "connection refused", "status 503, expected 200"
  std::string evidence;  // of a wrong answer: the status and the part that `truth` looked at
  CheckPhases phases;
};

class ProbeHost;  // src/probe/host.h: the loop, the namespace and the resolver a check runs in

// One parsed check ("GET this, expect that"); immutable.
class ProbeCheck {
 public:
  virtual ~ProbeCheck() = default;

  // "GET http://wallet.local:8080/balance/alice".
  virtual std::string in_words() const = 0;

  // Starts the check and returns at once. `done` is called exactly once, later, on the loop's
  // thread, unless the host is destroyed first; by `timeout` at the latest.
  virtual void start(ProbeHost& host, Duration timeout,
                     std::function<void(CheckResult)> done) const = 0;
};

// A row of the table of kinds. The kind's name is the key that holds its request (`http:`);
// `shape` is the shape of that key's value, `expect` and `truth` those of its two judges.
// `parse` reads the whole probe mapping.
struct ProbeKind {
  std::string_view name;
  std::string_view summary;
  const Shape* shape;
  const Shape* expect;  // null: the kind takes none
  const Shape* truth;
  std::unique_ptr<const ProbeCheck> (*parse)(const ParamReader& probe);
};

// `control`: must not move; if it does, the experiment is invalid.
enum class Role : std::uint8_t { judged, control };

struct ProbeSpec {
  std::string name;
  std::shared_ptr<const ProbeCheck> check;
  Duration every = std::chrono::milliseconds{200};
  Duration timeout = std::chrono::seconds{1};
  Role role = Role::judged;
  SourcePos pos;
};

// One sample, open-loop: sample `seq` is due at start + seq × every, whatever became of the
// ones before it, and counts at the time it was due.
struct ProbeSample {
  std::uint32_t probe = 0;  // index into Scenario::probes
  std::uint64_t seq = 0;
  RunTime due, sent, done;
  CheckResult result;
};

}  // namespace blackstart
