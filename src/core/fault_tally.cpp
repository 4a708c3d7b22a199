#include "core/fault_tally.h"

#include <algorithm>

namespace blackstart {
namespace {

std::string engine_of(std::string_view kind, Needs needs, const std::string& shaper) {
  if (kind == "dns") return "resolver";
  if (has(needs, Needs::proxy)) return "proxy";
  if (has(needs, Needs::shaper)) return shaper;
  if (has(needs, Needs::rate_limit)) return shaper == "netem" ? shaper : "htb";
  return "nftables";
}

// Tells neighbours as one, so that the picture of a pulsing fault stays bounded.
void thin(std::vector<FaultSpan>& spans) {
  std::vector<FaultSpan> kept;
  for (std::size_t i = 0; i < spans.size(); i += 2) {
    kept.push_back({spans[i].from, spans[std::min(i + 1, spans.size() - 1)].to});
  }
  spans = std::move(kept);
}

}  // namespace

FaultTally::FaultTally(const Scenario& scenario) {
  for (std::uint32_t i = 0; i < scenario.timeline.size(); ++i) {
    const Entry& entry = scenario.timeline[i];
    if (!entry.fault) continue;
    Row row{.entry = i, .needs = Needs::nothing, .report = {}};
    if (entry.target < scenario.targets.size()) {
      row.needs = entry.fault->needs(scenario.targets[entry.target]);
      row.report.target = scenario.targets[entry.target].name;
    }
    row.report.name = entry.name;
    row.report.kind = entry.kind;
    row.report.words = entry.fault->in_words();
    row.report.may_miss = entry.may_miss;
    rows_.push_back(std::move(row));
  }
}

FaultTally::Row* FaultTally::row_of(std::uint32_t entry) {
  const auto found = std::ranges::find(rows_, entry, &Row::entry);
  return found == rows_.end() ? nullptr : &*found;
}

FaultTally::Change FaultTally::on_edge(const FaultEdge& edge) {
  Row* const row = row_of(edge.entry);
  if (row == nullptr || edge.on == in_force_.contains(edge.entry)) return Change::none;
  FaultReport& report = row->report;
  ++report.edges;
  report.widest_edge = std::max(report.widest_edge, edge.at - edge.asked);
  const bool any_before = !in_force_.empty();
  if (edge.on) {
    if (report.spans.size() == kSpansMax) thin(report.spans);
    in_force_.insert(edge.entry);
    report.spans.push_back({edge.at, edge.at});
    report.lift.reset();
    last_lift_.reset();
    if (!report.on) report.on = edge.at;
    if (!first_on_) first_on_ = edge.at;
  } else {
    in_force_.erase(edge.entry);
    report.spans.back().to = edge.at;
    report.lift = edge.at;
    if (in_force_.empty()) last_lift_ = edge.at;
  }
  if (any_before == !in_force_.empty()) return Change::none;
  return any_before ? Change::last_went : Change::first_came;
}

void FaultTally::on_proof(const Proof& proof) {
  Row* const row = row_of(proof.entry);
  if (row == nullptr) return;
  row->report.proof = proof;
  row->report.proven = proof.proven();
}

std::vector<FaultReport> FaultTally::reports(const std::string& shaper, RunTime now) const {
  std::vector<FaultReport> out;
  for (const Row& row : rows_) {
    FaultReport report = row.report;
    report.engine = engine_of(row.report.kind, row.needs, shaper);
    report.proven = report.proven && report.on;
    if (in_force_.contains(row.entry)) report.spans.back().to = std::max(now, *report.on);
    out.push_back(std::move(report));
  }
  return out;
}

}  // namespace blackstart
