#include "core/figures.h"

#include <algorithm>
#include <array>

namespace blackstart {
namespace {

using Unit = Figure::Unit;

std::optional<double> or_never(const std::optional<Duration>& span) {
  return span ? seconds_of(*span) : kNever;
}

std::optional<double> unless_spared(const ProbeReport& probe, const std::optional<Duration>& span) {
  return probe.first_impact ? or_never(span) : 0.0;
}

// One that never left normal is back at once and has no amplification.
double amplification_of(const ProbeReport& probe) {
  if (probe.amplification) return *probe.amplification;
  return probe.recovered ? 1.0 : kNever;
}

constexpr std::array kFigures{
    Figure{"first_impact_s", "first impact", Unit::seconds, "later", "earlier", false, "none",
           [](const ProbeReport& probe) { return or_never(probe.first_impact); }},
    Figure{"mitigated_s", "mitigated after", Unit::seconds, "slower", "faster", true, "never",
           [](const ProbeReport& probe) { return unless_spared(probe, probe.mitigated); }},
    Figure{"first_good_s", "first good answer", Unit::seconds, "slower", "faster", false, "never",
           [](const ProbeReport& probe) { return unless_spared(probe, probe.first_good); }},
    Figure{"recovered_s", "recovered after", Unit::seconds, "slower", "faster", true, "never",
           [](const ProbeReport& probe) { return or_never(probe.recovered); }},
    Figure{"back_to_speed_s", "back to speed", Unit::seconds, "slower", "faster", false, "never",
           [](const ProbeReport& probe) -> std::optional<double> {
             if (probe.before.count == 0) return std::nullopt;
             return or_never(probe.back_to_speed);
           }},
    Figure{"downtime_s", "downtime", Unit::seconds, "slower", "faster", true, "never",
           [](const ProbeReport& probe) -> std::optional<double> {
             return seconds_of(probe.downtime);
           }},
    Figure{"wrong", "wrong answers", Unit::count, "more", "fewer", true, "never",
           [](const ProbeReport& probe) -> std::optional<double> {
             return static_cast<double>(probe.wrong);
           }},
    Figure{"failed", "failed", Unit::count, "more", "fewer", false, "never",
           [](const ProbeReport& probe) -> std::optional<double> {
             return static_cast<double>(probe.failed);
           }},
    Figure{
        "amplification", "amplification", Unit::ratio, "slower", "faster", false, "never",
        [](const ProbeReport& probe) -> std::optional<double> { return amplification_of(probe); }},
};

FigureSummary summary_of(const Figure& figure, const std::vector<double>& values, Rng rng) {
  const auto [least, most] = std::ranges::minmax(values);
  FigureSummary summary{.figure = &figure,
                        .runs = values.size(),
                        .never = static_cast<std::size_t>(std::ranges::count(values, kNever)),
                        .median = median_of(values),
                        .least = least,
                        .most = most,
                        .interval = std::nullopt};
  if (values.size() >= kIntervalRunsMin) summary.interval = bootstrap_of_median(values, rng);
  return summary;
}

}  // namespace

std::span<const Figure> figures() { return kFigures; }

std::string why_left_out(const RunReport& report) {
  if (!report.end) return "interrupted: the journal has no end";
  if (report.torn_lines > 0) return "its journal is torn";
  switch (report.verdict) {
    case RunVerdict::held:
    case RunVerdict::missed:
      return report.first_on ? "" : "no fault came into force";
    case RunVerdict::invalid:
      return "invalid";
    case RunVerdict::not_started:
      return "not normal before the fault";
    case RunVerdict::stopped:
      break;
  }
  if (report.interrupted) return "interrupted";
  return report.end->why == EndEvent::Why::guard ? "stopped by a guard" : "ended by an error";
}

std::vector<const ProbeReport*> probes_of(std::span<const RunReport> runs) {
  std::vector<const ProbeReport*> probes;
  const auto first =
      std::ranges::find_if(runs, [](const RunReport& run) { return why_left_out(run).empty(); });
  if (first == runs.end()) return probes;
  for (const ProbeReport& probe : first->probes) {
    if (probe.role != Role::control) probes.push_back(&probe);
  }
  return probes;
}

std::vector<double> values_of(std::span<const RunReport> runs, std::string_view probe,
                              const Figure& figure) {
  std::vector<double> values;
  for (const RunReport& run : runs) {
    const auto found = std::ranges::find(run.probes, probe, &ProbeReport::name);
    if (found == run.probes.end() || !why_left_out(run).empty()) continue;
    if (const auto value = figure.of(*found)) values.push_back(*value);
  }
  return values;
}

std::vector<ProbeSummary> summarize(std::span<const RunReport> runs, RunSeed seed) {
  std::vector<ProbeSummary> summaries;
  for (const ProbeReport* probe : probes_of(runs)) {
    ProbeSummary summary{probe->name, probe->judged, {}};
    for (const Figure& figure : kFigures) {
      const std::vector<double> values = values_of(runs, probe->name, figure);
      if (values.empty()) continue;
      const std::string stream = "bootstrap." + probe->name + "." + std::string{figure.key};
      summary.figures.push_back(summary_of(figure, values, rng_for(seed, stream)));
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace blackstart
