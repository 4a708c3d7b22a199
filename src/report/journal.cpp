#include "report/journal.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/journal_fields.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kOutcomes{"ok", "failed", "wrong"};
constexpr std::array<std::string_view, 5> kPhases{"preparing", "baseline", "timeline", "watching",
                                                  "ended"};
constexpr std::array<std::string_view, 6> kWhys{"finished",    "not_normal", "stack_not_ready",
                                                "interrupted", "guard",      "error"};

template <class Enum, std::size_t N>
std::string_view word_of(Enum value, const std::array<std::string_view, N>& words) {
  return words.at(static_cast<std::size_t>(value));
}

std::int64_t ns(RunTime at) { return at.since_start.count(); }

void put(Json& line, const char* key, Duration span) {
  if (span != Duration::zero()) line[key] = span.count();
}
void put(Json& line, const char* key, const std::string& text) {
  if (!text.empty()) line[key] = text;
}

Json to_json(const RunHeader& header) {
  return {{"e", "run"},
          {"version", header.version},
          {"tool", header.tool_version},
          {"host", header.host},
          {"kernel", header.kernel},
          {"engine", header.engine},
          {"user", header.user},
          {"command", header.command},
          {"pid", header.pid},
          {"seed", header.seed},
          {"speed", header.speed},
          {"name", header.scenario},
          {"started_at", header.started_at},
          {"scenario", header.scenario_resolved}};
}

Json to_json(const PhaseEvent& event) {
  return {{"e", "phase"}, {"at", ns(event.at)}, {"phase", word_of(event.phase, kPhases)}};
}

Json to_json(const ProbeSample& sample) {
  Json line{{"e", "sample"},
            {"probe", sample.probe},
            {"seq", sample.seq},
            {"due", ns(sample.due)},
            {"sent", ns(sample.sent)},
            {"done", ns(sample.done)},
            {"outcome", word_of(sample.result.outcome, kOutcomes)}};
  put(line, "reason", sample.result.reason);
  put(line, "evidence", sample.result.evidence);
  put(line, "resolve", sample.result.phases.resolve);
  put(line, "connect", sample.result.phases.connect);
  put(line, "tls", sample.result.phases.tls);
  put(line, "first_byte", sample.result.phases.first_byte);
  return line;
}

Json to_json(const FaultEdge& edge) {
  Json line{{"e", edge.on ? "on" : "lift"},
            {"entry", edge.entry},
            {"due", ns(edge.due)},
            {"asked", ns(edge.asked)},
            {"at", ns(edge.at)}};
  put(line, "sent", edge.sent);
  put(line, "acknowledged", edge.acknowledged);
  return line;
}

Json to_json(const Proof& proof) {
  Json line{
      {"e", "proof"},         {"entry", proof.entry},         {"packets", proof.packets},
      {"bytes", proof.bytes}, {"questions", proof.questions}, {"connections", proof.connections}};
  if (!proof.answers.empty()) line["answers"] = proof.answers;
  if (proof.dropped > 0) line["dropped"] = proof.dropped;
  if (proof.shaped > 0) line["shaped"] = proof.shaped;
  if (proof.timed > 0) {
    line["timed"] = proof.timed;
    line["delay_asked"] = proof.delay_asked.count();
    line["delay_added"] = proof.delay_added.count();
  }
  return line;
}

Json text_line(const char* kind, RunTime at, const std::string& text) {
  return {{"e", kind}, {"at", ns(at)}, {"text", text}};
}

Json to_json(const NoteEvent& event) { return text_line("note", event.at, event.text); }
Json to_json(const WarningEvent& event) { return text_line("warning", event.at, event.text); }
Json to_json(const GuardEvent& event) { return text_line("guard", event.at, event.text); }

Json to_json(const EndEvent& event) {
  Json line{{"e", "end"},
            {"at", ns(event.at)},
            {"why", word_of(event.why, kWhys)},
            {"cleaned_up", event.cleaned_up}};
  if (event.signal != 0) line["signal"] = event.signal;
  put(line, "text", event.text);
  return line;
}

RunEvent read_header(JournalFields& in) {
  RunHeader header;
  header.version = in.whole<int>("version");
  header.tool_version = in.text("tool");
  header.host = in.text("host");
  header.kernel = in.text("kernel");
  header.engine = in.text("engine");
  header.user = in.text("user");
  header.command = in.text("command");
  header.pid = in.whole<int>("pid", 0);
  header.seed = in.whole<std::uint64_t>("seed", 0);
  header.speed = in.number("speed", 1.0);
  header.scenario = in.text("name");
  header.started_at = in.text("started_at");
  header.scenario_resolved = in.text("scenario");
  return header;
}

RunEvent read_phase(JournalFields& in) {
  return PhaseEvent{in.instant("at"), in.word<RunPhase>("phase", kPhases)};
}

RunEvent read_sample(JournalFields& in) {
  ProbeSample sample;
  sample.probe = in.whole<std::uint32_t>("probe");
  sample.seq = in.whole<std::uint64_t>("seq");
  sample.due = in.instant("due");
  sample.sent = in.instant("sent");
  sample.done = in.instant("done");
  sample.result.outcome = in.word<Outcome>("outcome", kOutcomes);
  sample.result.reason = in.text("reason");
  sample.result.evidence = in.text("evidence");
  sample.result.phases.resolve = in.span("resolve", Duration::zero());
  sample.result.phases.connect = in.span("connect", Duration::zero());
  sample.result.phases.tls = in.span("tls", Duration::zero());
  sample.result.phases.first_byte = in.span("first_byte", Duration::zero());
  return sample;
}

RunEvent read_edge(JournalFields& in, bool on) {
  FaultEdge edge;
  edge.entry = in.whole<std::uint32_t>("entry");
  edge.on = on;
  edge.due = in.instant("due");
  edge.asked = in.instant("asked");
  edge.at = in.instant("at");
  edge.sent = in.text("sent");
  edge.acknowledged = in.text("acknowledged");
  return edge;
}
RunEvent read_on(JournalFields& in) { return read_edge(in, true); }
RunEvent read_lift(JournalFields& in) { return read_edge(in, false); }

RunEvent read_proof(JournalFields& in) {
  Proof proof;
  proof.entry = in.whole<std::uint32_t>("entry");
  proof.packets = in.whole<std::uint64_t>("packets", 0);
  proof.bytes = in.whole<std::uint64_t>("bytes", 0);
  proof.questions = in.whole<std::uint64_t>("questions", 0);
  proof.connections = in.whole<std::uint64_t>("connections", 0);
  proof.answers = in.counts("answers");
  proof.dropped = in.whole<std::uint64_t>("dropped", 0);
  proof.shaped = in.whole<std::uint64_t>("shaped", 0);
  proof.timed = in.whole<std::uint64_t>("timed", 0);
  proof.delay_asked = Duration{in.whole<std::int64_t>("delay_asked", 0)};
  proof.delay_added = Duration{in.whole<std::int64_t>("delay_added", 0)};
  return proof;
}

template <class Event>
RunEvent read_text(JournalFields& in) {
  return Event{in.instant("at"), in.text("text")};
}

RunEvent read_end(JournalFields& in) {
  EndEvent event;
  event.at = in.instant("at");
  event.why = in.word<EndEvent::Why>("why", kWhys);
  event.signal = in.whole<int>("signal", 0);
  event.cleaned_up = in.boolean("cleaned_up", true);
  event.text = in.text("text");
  return event;
}

struct Kind {
  std::string_view name;
  RunEvent (*read)(JournalFields& in);
};

constexpr std::array kKinds{
    Kind{"sample", read_sample},
    Kind{"run", read_header},
    Kind{"phase", read_phase},
    Kind{"on", read_on},
    Kind{"lift", read_lift},
    Kind{"proof", read_proof},
    Kind{"note", read_text<NoteEvent>},
    Kind{"warning", read_text<WarningEvent>},
    Kind{"guard", read_text<GuardEvent>},
    Kind{"end", read_end},
};

bool too_new(const RunEvent& event) {
  const RunHeader* const header = std::get_if<RunHeader>(&event);
  return header != nullptr && header->version > kJournalVersion;
}

}  // namespace

void append_line(std::string& out, const RunEvent& event) {
  const Json line = std::visit([](const auto& of_kind) { return to_json(of_kind); }, event);
  out += line.dump(-1, ' ', false, Json::error_handler_t::replace);
  out += '\n';
}

ParsedLine parse_line(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return {};
  const auto name = json.find("e");
  if (name == json.end() || !name->is_string()) return {};
  const auto kind = std::ranges::find(kKinds, name->get_ref<const std::string&>(), &Kind::name);
  if (kind == kKinds.end()) return {ParsedLine::Kind::unknown, std::nullopt};
  JournalFields fields{json};
  RunEvent event = kind->read(fields);
  if (!fields.good()) return {};
  if (too_new(event)) return {ParsedLine::Kind::too_new, std::nullopt};
  return {ParsedLine::Kind::event, std::move(event)};
}

}  // namespace blackstart
