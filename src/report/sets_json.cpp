#include <cmath>

#include "report/run_json.h"
#include "report/sets.h"
#include "report/writers.h"

namespace blackstart {
namespace {

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

// Never is null.
Json number(double value) { return std::isfinite(value) ? Json(rounded(value)) : Json(); }

Json interval_json(const FigureSummary& summary) {
  if (!summary.interval) return {};
  return Json::array({number(summary.interval->low), number(summary.interval->high)});
}

Json summary_json(const SeriesReport& series) {
  Json probes = Json::object(), left_out = Json::array();
  for (const ProbeSummary& probe : summarize(series.runs, RunSeed{series.seed})) {
    Json figures{{"judged", probe.judged}};
    for (const FigureSummary& one : probe.figures) {
      figures[std::string{one.figure->key}] = {{"runs", one.runs},
                                               {"never", one.never},
                                               {"median", number(one.median)},
                                               {"least", number(one.least)},
                                               {"most", number(one.most)},
                                               {"median_95", interval_json(one)}};
    }
    probes[probe.name] = std::move(figures);
  }
  for (std::size_t i = 0; i < series.runs.size(); ++i) {
    const std::string why = why_left_out(series.runs[i]);
    if (!why.empty()) left_out.push_back({{"run", i + 1}, {"why", why}});
  }
  return {{"runs", series.runs.size() - left_out.size()},
          {"left_out", std::move(left_out)},
          {"probes", std::move(probes)}};
}

Json set_json(const ComparedSet& set) {
  return {{"path", set.path}, {"runs", set.counted}, {"left_out", set.left_out}};
}

Json change_json(const FigureChange& change) {
  const auto difference = change.difference();
  return {{"old", number(change.before)},
          {"new", number(change.now)},
          {"difference", difference ? number(*difference) : Json()},
          {"runs_old", change.runs_before},
          {"runs_new", change.runs_now},
          {"u", change.test.u},
          {"p", number(change.test.p)},
          {"exact", change.test.exact},
          {"gates", change.figure->gates},
          {"result", change.word()}};
}

}  // namespace

std::string json_series(const SeriesReport& series) {
  Json runs = Json::array();
  for (std::size_t i = 0; i < series.runs.size(); ++i) {
    Json run = run_json(series.runs[i]);
    run["folder"] = series.folders[i];
    runs.push_back(std::move(run));
  }
  return json_text({{"blackstart", 1},
                    {"scenario", series.scenario},
                    {"seed", series.seed},
                    {"repeat", series.asked},
                    {"exit_code", series.exit_code},
                    {"sentence", series_sentence(series)},
                    {"command", series.command},
                    {"runs", std::move(runs)},
                    {"summary", summary_json(series)}});
}

std::string comparison_json(const ComparedSets& sets) {
  Json probes = Json::object();
  for (const ProbeChange& probe : sets.comparison.probes) {
    Json figures{{"judged", probe.judged}};
    for (const FigureChange& one : probe.figures) {
      figures[std::string{one.figure->key}] = change_json(one);
    }
    probes[probe.name] = std::move(figures);
  }
  return json_text({{"blackstart", 1},
                    {"result", outcome_of(sets.comparison)},
                    {"alpha", kAlpha},
                    {"old", set_json(sets.before)},
                    {"new", set_json(sets.now)},
                    {"differences", sets.differences},
                    {"only_in_one", sets.comparison.only_in_one},
                    {"probes", std::move(probes)}});
}

}  // namespace blackstart
