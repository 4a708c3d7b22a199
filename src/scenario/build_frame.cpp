// What a scenario says about itself, and how it is to be run.

#include <algorithm>
#include <charconv>

#include "scenario/build.h"
#include "scenario/hints.h"

namespace blackstart {
namespace {

bool is_date(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-dd";
  if (text.size() != kPattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kPattern[i] == 'd' ? !digit : text[i] != '-') return false;
  }
  const auto month = parse_integer(text.substr(5, 2));
  const auto day = parse_integer(text.substr(8, 2));
  return *month >= 1 && *month <= 12 && *day >= 1 && *day <= 31;
}

Incident read_incident(const ParamReader& in, const Build& build) {
  Incident incident;
  incident.date = in.text("date").value_or("");
  incident.provider = in.text("provider").value_or("");
  incident.sources = in.texts("sources");
  incident.fault = in.duration("fault");
  incident.event = in.duration("event");
  if (in.has("date") && !is_date(incident.date)) {
    in.error("date", in_quotes(incident.date) + " is no date, such as 2025-10-20");
  }
  for (const Node* const source : scalars_of(in.node("sources"))) {
    const bool web = source->text.starts_with("https://") || source->text.starts_with("http://");
    if (!web) build.report(source->pos, in_quotes(source->text) + " is no address of a web page");
  }
  if (incident.fault && incident.event && *incident.event < *incident.fault) {
    in.error("event", "the whole event is shorter than its fault");
  }
  return incident;
}

Watch read_watch(const ParamReader& in) {
  Watch watch;
  watch.baseline = in.duration("baseline").value_or(watch.baseline);
  watch.hold = in.duration("hold").value_or(watch.hold);
  watch.limit = in.duration("limit").value_or(watch.limit);
  return watch;
}

// A seed may use all 64 bits, which is more than an integer of the language otherwise has.
std::optional<std::uint64_t> read_seed(const ParamReader& top) {
  const auto text = top.text("seed");
  if (!text) return std::nullopt;
  std::uint64_t seed = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, seed);
  if (error == std::errc{} && rest == end) return seed;
  top.error("seed", "'seed' must be a whole number from 0 up, of at most 64 bits");
  return std::nullopt;
}

}  // namespace

void build_frame(const ParamReader& top, Build& build) {
  Scenario& scenario = build.scenario;
  scenario.title = top.text("title").value_or("");
  scenario.about = top.text("about").value_or("");
  if (scenario.title.find('\n') != std::string::npos) {
    top.error("title", "'title' is one line; 'about' may have more");
  }
  if (top.has("incident")) scenario.incident = read_incident(top.inner("incident"), build);
  scenario.speed = top.number("speed").value_or(scenario.speed);
  scenario.seed = read_seed(top);
  if (const Node* const where = top.node("where")) scenario.where = read_where(*where);
  if (const auto engine = top.text("engine")) scenario.engine = parse_engine(*engine);
  if (top.has("watch")) scenario.watch = read_watch(top.inner("watch"));
}

}  // namespace blackstart
