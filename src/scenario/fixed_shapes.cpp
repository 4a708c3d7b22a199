#include "scenario/fixed_shapes.h"

#include <array>

#include "core/shapes.h"

namespace blackstart::shapes {
namespace {

using Kind = Shape::Kind;

constexpr double kMillisecond = 1e6;

// Incidents have lasted for weeks; runs have not.
constexpr Shape kLongDuration{.kind = Kind::duration,
                              .doc = "a duration, such as 14h32m",
                              .least = 1,
                              .most = 366.0 * 24 * 3600 * 1e9};

constexpr std::array kIncidentKeys{
    Key{"date", &kText, "the day it began, as 2025-10-20"},
    Key{"provider", &kText, "whose outage it was"},
    Key{"sources", &kTexts, "addresses of what was published about it"},
    Key{"fault", &kLongDuration, "how long its first fault lasted"},
    Key{"event", &kLongDuration, "how long the whole event lasted, from its first fault"},
};

constexpr std::array<std::string_view, 2> kWhereWords{"host", "sandbox"};
constexpr Shape kWhereWord{.kind = Kind::word, .doc = "a word", .words = kWhereWords};
constexpr Shape kPid{.kind = Kind::integer,
                     .doc = "the number of a process",
                     .least = 1,
                     .most = 4'194'304};  // the kernel's PID_MAX_LIMIT
constexpr Shape kNetns{.doc = "a name from `ip netns`, or a path"};
constexpr Shape kContainer{.doc = "the name or id of a container"};
constexpr std::array kByPidKeys{Key{"pid", &kPid, "the namespace of this process", true}};
constexpr std::array kByNetnsKeys{
    Key{"netns", &kNetns, "a name from `ip netns`, or the path of a namespace file", true}};
constexpr std::array kByContainerKeys{
    Key{"container", &kContainer, "a running container of Docker or Podman", true}};
constexpr Shape kByPid{.kind = Kind::object, .doc = "{pid: N}", .keys = kByPidKeys};
constexpr Shape kByNetns{.kind = Kind::object, .doc = "{netns: NAME}", .keys = kByNetnsKeys};
constexpr Shape kByContainer{
    .kind = Kind::object, .doc = "{container: NAME}", .keys = kByContainerKeys};
constexpr std::array<const Shape*, 4> kWhereOptions{&kWhereWord, &kByPid, &kByNetns, &kByContainer};

constexpr std::array<std::string_view, 3> kEngines{"netem", "nfqueue", "nftables"};

constexpr Shape kName{.doc = "a domain name; `*` matches any part"};
constexpr Shape kNames{
    .kind = Kind::list, .doc = "a list of domain names", .item = &kName, .or_single = true};
constexpr Shape kCidr{.doc = "an address or a prefix, such as 10.0.0.0/8"};
constexpr Shape kCidrs{
    .kind = Kind::list, .doc = "a list of prefixes", .item = &kCidr, .or_single = true};
constexpr Shape kPort{.doc = "a port or a range of ports, such as 8000-8100"};
constexpr Shape kPorts{
    .kind = Kind::list, .doc = "a list of ports", .item = &kPort, .or_single = true};
constexpr std::array<std::string_view, 3> kProtocols{"tcp", "udp", "icmp"};
constexpr Shape kProtocol{.kind = Kind::word, .doc = "tcp, udp or icmp", .words = kProtocols};
constexpr Shape kUid{
    .kind = Kind::integer, .doc = "the number of a user", .least = 0, .most = 4'294'967'294};
constexpr Shape kApi{.doc = "an address and a port, such as localhost:8474, or unix:/PATH"};
constexpr std::array kAwsKeys{
    Key{"region", &kTexts, "regions as AWS writes them, such as us-east-1; default all"},
    Key{"service", &kTexts, "services as AWS writes them, such as DYNAMODB; default all"},
    Key{"ranges_file", &kText, "the path of a published ip-ranges.json"},
};
constexpr Shape kAws{.kind = Kind::object, .doc = "an aws selector", .keys = kAwsKeys};

constexpr std::array kTargetKeys{
    Key{"names", &kNames, "DNS questions for these names, and packets to and from their addresses"},
    Key{"cidr", &kCidrs, "packets by the peer's address"},
    Key{"port", &kPorts, "packets by the peer's port"},
    Key{"protocol", &kProtocol, "packets of this protocol only"},
    Key{"aws", &kAws, "packets to and from the published prefixes of AWS services"},
    Key{"interface", &kText, "only on this network device"},
    Key{"cgroup", &kText, "only the traffic of the processes of this cgroup, by its path"},
    Key{"uid", &kUid, "only the traffic of the processes of this user"},
    Key{"any", &kBoolean, "true: everything, said on purpose"},
    Key{"where", &kWhere, "another namespace than the scenario's"},
    Key{"proxy", &kText,
        "a proxy of blackstart serve by its name, for toxics; nothing else beside"},
    Key{"api", &kApi, "of that proxy; default localhost:8474"},
};
constexpr Shape kTarget{.kind = Kind::object, .doc = "a target", .keys = kTargetKeys};

constexpr std::array kWatchKeys{
    Key{"baseline", &kDuration, "how long to watch before the first fault; default 10s"},
    Key{"hold", &kPositiveDuration, "how long a return must last to count; default 5s"},
    Key{"limit", &kPositiveDuration, "how long to wait after the last lift; default 5m"},
};

constexpr std::array kPulseKeys{
    Key{"on", &kPositiveDuration, "how long the fault is on, each time", true},
    Key{"off", &kPositiveDuration, "how long it is off in between", true},
};

constexpr std::array<std::string_view, 2> kRoles{"judged", "control"};

constexpr Shape kRatio{
    .kind = Kind::number, .doc = "a ratio, such as 1.5", .least = 0, .most = 1e9};
constexpr std::array kObjectiveKeys{
    Key{"normal", &kShare, "share of ok samples that is normal; default 99%"},
    Key{"recover_within", &kDuration, "after the last lift, in real time"},
    Key{"mitigate_within", &kDuration, "after the first fault, while it still holds"},
    Key{"max_downtime", &kDuration, "all times together in which it was not normal"},
    Key{"max_wrong", &kCount, "how many wrong answers are allowed; default 0"},
    Key{"max_amplification", &kRatio, "until it recovered, as a multiple of the fault's time"},
};
constexpr Shape kObjective{.kind = Kind::object, .doc = "an objective", .keys = kObjectiveKeys};

constexpr std::array kFailingGuardKeys{
    Key{"probe", &kText, "the name of a probe", true},
    Key{"failing_for", &kPositiveDuration, "stop when it has failed for so long", true},
};
constexpr std::array kDurationGuardKeys{
    Key{"max_duration", &kPositiveDuration, "stop so long after the first fault, in real time",
        true},
};
constexpr Shape kFailingGuard{
    .kind = Kind::object, .doc = "a guard of a probe", .keys = kFailingGuardKeys};
constexpr Shape kDurationGuard{
    .kind = Kind::object, .doc = "a guard of the run's length", .keys = kDurationGuardKeys};
constexpr std::array<const Shape*, 2> kGuardOptions{&kFailingGuard, &kDurationGuard};
constexpr Shape kGuard{.kind = Kind::either, .doc = "a guard", .options = kGuardOptions};

}  // namespace

constinit const Shape kVersion{
    .kind = Kind::integer, .doc = "1, the version of the language", .least = 1, .most = 1};
constinit const Shape kIncident{.kind = Kind::object, .doc = "an incident", .keys = kIncidentKeys};
constinit const Shape kSpeed{
    .kind = Kind::number, .doc = "a number above 0, such as 60", .least = 1e-6, .most = 1e6};
constinit const Shape kSeed{.kind = Kind::integer,
                            .doc = "a whole number from 0 up",
                            .least = 0,
                            .most = 18'446'744'073'709'551'615.0};
constinit const Shape kEngine{
    .kind = Kind::word, .doc = "netem, nfqueue or nftables", .words = kEngines};
constinit const Shape kWhere{.kind = Kind::either, .doc = "a place", .options = kWhereOptions};
constinit const Shape kVars{
    .kind = Kind::table, .doc = "a mapping of names to values", .item = &kLiteral};
constinit const Shape kTargets{
    .kind = Kind::table, .doc = "a mapping of names to targets", .item = &kTarget};
constinit const Shape kWatch{
    .kind = Kind::object, .doc = "a watch {baseline, hold, limit}", .keys = kWatchKeys};
constinit const Shape kPulse{.kind = Kind::object, .doc = "a pulse {on, off}", .keys = kPulseKeys};
constinit const Shape kRole{.kind = Kind::word, .doc = "judged or control", .words = kRoles};
constinit const Shape kInterval{.kind = Kind::duration,
                                .doc = "a duration, such as 200ms",
                                .least = limits::probe_interval_min.count() * kMillisecond,
                                .most = 3600e9};
constinit const Shape kObjectives{
    .kind = Kind::table, .doc = "a mapping of probes to objectives", .item = &kObjective};
constinit const Shape kGuards{
    .kind = Kind::list, .doc = "a list of guards", .item = &kGuard, .or_single = true};

}  // namespace blackstart::shapes
