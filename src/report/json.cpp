#include <cmath>

#include "report/run_json.h"
#include "report/writers.h"

namespace blackstart {
namespace {

// Milliseconds and seconds to the microsecond: what the clock is good for.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }
double in_ms(Duration span) { return std::round(milliseconds_of(span) * 1e3) / 1e3; }
double in_s(Duration span) { return rounded(seconds_of(span)); }

Json or_null(const std::optional<double>& value) { return value ? Json(rounded(*value)) : Json(); }
Json or_null(const std::optional<Duration>& span) { return span ? Json(in_s(*span)) : Json(); }
Json or_null(const std::optional<RunTime>& at) { return at ? Json(in_s(at->since_start)) : Json(); }

// Of answers: where there was none, none has a time.
Json ms_or_null(const LatencySummary& latency, Duration figure) {
  return latency.count == 0 ? Json() : Json(in_ms(figure));
}

Json latency_json(const LatencySummary& latency) {
  return {{"count", latency.count},
          {"p50_ms", ms_or_null(latency, latency.p50)},
          {"p95_ms", ms_or_null(latency, latency.p95)},
          {"p99_ms", ms_or_null(latency, latency.p99)},
          {"max_ms", ms_or_null(latency, latency.most)}};
}

Json objectives_json(const ProbeReport& probe) {
  Json all = Json::array();
  for (const ObjectiveResult& objective : probe.objectives) {
    all.push_back({{"name", objective.name},
                   {"limit", rounded(objective.limit)},
                   {"value", or_null(objective.value)},
                   {"met", objective.met}});
  }
  return all;
}

std::string_view role_text(const ProbeReport& probe) {
  if (probe.role == Role::control) return "control";
  return probe.judged ? "judged" : "reported";
}

Json probe_json(const ProbeReport& probe) {
  Json json{
      {"verdict", name_of(probe.verdict)},
      {"role", role_text(probe)},
      {"baseline",
       {{"ok_share", or_null(probe.baseline_ok_share)},
        {"p50_ms", ms_or_null(probe.before, probe.before.p50)},
        {"p95_ms", ms_or_null(probe.before, probe.before.p95)},
        {"p99_ms", ms_or_null(probe.before, probe.before.p99)}}},
      {"first_impact_s", or_null(probe.first_impact)},
      {"mitigated_s", or_null(probe.mitigated)},
      {"first_good_s", or_null(probe.first_good)},
      {"recovered_s", or_null(probe.recovered)},
      {"back_to_speed_s", or_null(probe.back_to_speed)},
      {"relapses", probe.relapses},
      {"downtime_s", in_s(probe.downtime)},
      {"samples", probe.samples},
      {"failed", probe.failed},
      {"wrong", probe.wrong},
      {"capped", probe.capped},
      {"amplification", or_null(probe.amplification)},
      {"uncertainty_s", in_s(probe.uncertainty)},
      {"during", latency_json(probe.during)},
      {"after", latency_json(probe.after)},
      {"lateness_p99_ms", in_ms(probe.lateness_p99)},
      {"first_wrong_s", or_null(probe.first_wrong)},
      {"last_wrong_s", or_null(probe.last_wrong)},
      {"wrong_evidence", probe.wrong_evidence.empty() ? Json() : Json(probe.wrong_evidence)},
      {"reasons", probe.reasons},
      {"objectives", objectives_json(probe)},
  };
  return json;
}

// The mean of those packets whose delay was measured; null where none was.
Json delay_json(const Proof& proof) {
  if (proof.timed == 0) return nullptr;
  const auto count = static_cast<std::int64_t>(proof.timed);
  return {{"timed", proof.timed},
          {"asked_ms", in_ms(proof.delay_asked / count)},
          {"measured_ms", in_ms(proof.delay_added / count)}};
}

Json fault_json(const FaultReport& fault) {
  const Proof proof = fault.proof.value_or(Proof{});
  Json matched{{"packets", proof.packets},     {"bytes", proof.bytes},
               {"questions", proof.questions}, {"connections", proof.connections},
               {"dropped", proof.dropped},     {"shaped", proof.shaped}};
  if (!proof.answers.empty()) matched["answers"] = proof.answers;
  return {{"name", fault.name},
          {"kind", fault.kind},
          {"target", fault.target},
          {"engine", fault.engine},
          {"on_s", or_null(fault.on)},
          {"lift_s", or_null(fault.lift)},
          {"edge_ms", in_ms(fault.widest_edge)},
          {"edges", fault.edges},
          {"proven", fault.proven},
          {"may_miss", fault.may_miss},
          {"matched", std::move(matched)},
          {"delay", delay_json(proof)}};
}

template <class Events>
Json texts_json(const Events& events) {
  Json all = Json::array();
  for (const auto& event : events) {
    all.push_back({{"at_s", in_s(event.at.since_start)}, {"text", event.text}});
  }
  return all;
}

}  // namespace

Json run_json(const RunReport& report) {
  Json probes = Json::object();
  for (const ProbeReport& probe : report.probes) probes[probe.name] = probe_json(probe);
  Json faults = Json::array();
  for (const FaultReport& fault : report.faults) faults.push_back(fault_json(fault));
  Json timers = Json::array();
  for (const TimerWarning& timer : report.timers) timers.push_back(timer.text);

  return {
      {"blackstart", 1},
      {"scenario", report.header.scenario},
      {"title", report.scenario.title},
      {"seed", report.header.seed},
      {"speed", report.header.speed},
      {"engine", report.header.engine},
      {"verdict", name_of(report.verdict)},
      {"sentence", report.sentence},
      {"exit_code", report.exit_code},
      {"interrupted", report.interrupted},
      {"fault_window",
       {{"first_on_s", or_null(report.first_on)}, {"last_lift_s", or_null(report.last_lift)}}},
      {"probes", std::move(probes)},
      {"faults", std::move(faults)},
      {"timers", std::move(timers)},
      {"notes", texts_json(report.notes)},
      {"warnings", texts_json(report.warnings)},
      {"environment",
       {{"tool", report.header.tool_version},
        {"host", report.header.host},
        {"kernel", report.header.kernel},
        {"started_at", report.header.started_at},
        {"command", report.header.command}}},
      {"torn_lines", report.torn_lines},
  };
}

// Evidence may hold any bytes that a service sent: what is no UTF-8 is replaced, and everything
// beyond ASCII is escaped, since a terminal that shows the file may obey control characters.
std::string json_text(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string json_report(const RunReport& report) { return json_text(run_json(report)); }

}  // namespace blackstart
