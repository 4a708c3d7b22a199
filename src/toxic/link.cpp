#include "toxic/link.h"

#include <algorithm>
#include <utility>

#include "blackstart/limits.h"
#include "toxic/limits.h"
#include "toxic/stage.h"

namespace blackstart::toxic {

// A toxic's place in the chain. One that does not act is passed by, once it holds nothing.
struct Link::Station {
  std::shared_ptr<const Toxic> toxic;  // nullptr: removed
  Rng dice;
  bool acts = false;
  std::unique_ptr<Stage> stage{};
  ChunkQueue held{};  // an empty chunk is the end of the stream
  std::optional<Plan> plan{};

  bool passed_by() const { return stage == nullptr && held.empty(); }
  Plan* waiting() { return plan ? &*plan : nullptr; }

  void draw() { acts = dice.fraction() < toxic->toxicity; }
  void build(RunTime opened, RunTime now) {
    stage = toxic->kind->make(toxic->values);
    if (stage != nullptr) stage->begin(opened, now);
  }
  void let_go() {
    stage.reset();
    plan.reset();
  }

  void plan_head(RunTime now) {
    if (plan || held.empty()) return;
    const bool is_end = held.front().size() == 0;
    if (stage == nullptr) {
      plan = Plan{now, kWhole, is_end ? Plan::Act::end : Plan::Act::pass};
    } else {
      plan = is_end ? stage->plan_end(now) : stage->plan(held, now, dice);
    }
  }
};

// The head of what a station holds is due, or the end that the station makes.
struct Link::Event {
  RunTime at = kNever;
  std::size_t station = 0;
  bool ends = false;
};

Link::Link(Rng dice, RunTime opened) : dice_{dice}, opened_{opened}, now_{opened} {}
Link::~Link() = default;
Link::Link(Link&&) noexcept = default;
Link& Link::operator=(Link&&) noexcept = default;

void Link::add(std::shared_ptr<const Toxic> toxic, RunTime now) {
  advance(now);
  if (end_ != LinkEnd::open) return;
  Station& added = stations_.emplace_back(Station{std::move(toxic), Rng{dice_.next()}});
  added.draw();
  if (added.acts) added.build(opened_, now_);
  advance(now);
}

void Link::update(std::shared_ptr<const Toxic> toxic, bool draw_again, RunTime now) {
  advance(now);
  Station* station = find(toxic->name);
  if (station == nullptr) return;
  station->toxic = std::move(toxic);
  const bool acted = station->acts;
  if (draw_again) station->draw();
  if (!station->acts) {
    station->let_go();
  } else if (!acted) {
    station->plan.reset();
    station->build(opened_, now_);
  } else if (station->stage != nullptr) {
    station->stage->update(station->toxic->values, station->waiting(), now_);
  }
  advance(now);
}

void Link::remove(std::string_view name, RunTime now) {
  advance(now);
  Station* station = find(name);
  if (station == nullptr) return;
  const Removal removal = station->toxic->kind->removal;
  if (removal == Removal::closes_all || (removal == Removal::closes_acting && station->acts)) {
    cut_after(static_cast<std::size_t>(station - stations_.data()));
  } else {
    station->let_go();
    station->toxic.reset();
  }
  advance(now);
}

bool Link::passes_freely() const {
  return end_ == LinkEnd::open && !source_ended_ && out_.empty() &&
         std::ranges::all_of(stations_, &Station::passed_by);
}

bool Link::wants_more() const {
  if (source_ended_ || out_.bytes() >= limits::toxic_unwritten_bytes) return false;
  std::size_t chunks = out_.count();
  for (const Station& station : stations_) chunks += station.held.count();
  return chunks < limits::toxic_held_chunks_max && held() < limits::toxic_held_bytes_max &&
         has_room(0);
}

void Link::push(std::span<const std::byte> bytes, RunTime now) {
  advance(now);
  if (source_ended_ || bytes.empty()) return;
  hand_on(0, Chunk::copy_of(bytes, now_));
  advance(now);
}

void Link::finish(RunTime now) {
  advance(now);
  if (std::exchange(source_ended_, true)) return;
  hand_on(0, Chunk::copy_of({}, now_));
  advance(now);
}

std::optional<RunTime> Link::next_deadline() const {
  const RunTime at = next_event().at;
  return at == kNever ? std::nullopt : std::optional{at};
}

void Link::advance(RunTime now) {
  if (stalled_) now_ = std::max(now_, now);
  for (;;) {
    plan_heads();
    const Event event = next_event();
    if (event.at == kNever || event.at > now) break;
    now_ = event.at;
    if (event.ends) {
      cut_after(event.station);
    } else {
      carry_out(event.station);
    }
  }
  now_ = std::max(now_, now);
  stalled_ = !has_room(stations_.size());
  std::erase_if(stations_, [](const Station& s) { return s.toxic == nullptr && s.held.empty(); });
}

std::size_t Link::held() const {
  std::size_t bytes = out_.bytes();
  for (const Station& station : stations_) bytes += station.held.bytes();
  return bytes;
}

std::vector<std::string_view> Link::acting() const {
  std::vector<std::string_view> names;
  for (const Station& station : stations_) {
    if (station.acts && station.toxic != nullptr) names.emplace_back(station.toxic->name);
  }
  return names;
}

Link::Station* Link::find(std::string_view name) {
  const auto found = std::ranges::find_if(
      stations_, [&](const Station& s) { return s.toxic != nullptr && s.toxic->name == name; });
  return found == stations_.end() ? nullptr : &*found;
}

void Link::plan_heads() {
  for (Station& station : stations_) station.plan_head(now_);
}

// Of the first stage from that place on; before it only what waits for that room itself.
bool Link::has_room(std::size_t first) const {
  for (; first < stations_.size(); ++first) {
    const Station& station = stations_[first];
    if (station.stage == nullptr) continue;
    return station.held.count() < limits::toxic_held_chunks_max &&
           station.stage->has_room(station.held);
  }
  return out_.count() < limits::toxic_held_chunks_max;
}

// The earliest; of several at once that nearest to the way out, which makes room for the others.
Link::Event Link::next_event() const {
  Event next;
  const auto consider = [&](RunTime at, std::size_t station, bool ends) {
    if (at != kNever && std::max(at, now_) < next.at) next = {std::max(at, now_), station, ends};
  };
  for (std::size_t i = stations_.size(); i-- > 0;) {
    const Station& station = stations_[i];
    if (station.plan && (station.plan->act != Plan::Act::pass || has_room(i + 1))) {
      consider(station.plan->at, i, false);
    }
    if (station.stage != nullptr) consider(station.stage->ends_at(), i, true);
  }
  return next;
}

void Link::carry_out(std::size_t index) {
  Station& station = stations_[index];
  const Plan plan = *std::exchange(station.plan, std::nullopt);
  if (plan.act == Plan::Act::reset) {
    stations_.clear();
    out_ = {};
    source_ended_ = true;
    end_ = LinkEnd::reset;
    return;
  }
  Chunk piece = station.held.take(plan.size);
  piece.at = now_;
  if (plan.act != Plan::Act::drop && piece.size() > 0) hand_on(index + 1, std::move(piece));
  if (plan.act == Plan::Act::end) end_after(index);
}

void Link::hand_on(std::size_t first, Chunk chunk) {
  while (first < stations_.size() && stations_[first].passed_by()) ++first;
  if (first < stations_.size()) {
    stations_[first].held.push(std::move(chunk));
  } else if (chunk.size() > 0) {
    out_.push(std::move(chunk));
  } else {
    end_ = LinkEnd::closed;
  }
}

// Nothing follows the end, so what it has passed is gone.
void Link::end_after(std::size_t index) {
  stations_.erase(stations_.begin(), stations_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  source_ended_ = true;
  hand_on(0, Chunk::copy_of({}, now_));
}

void Link::cut_after(std::size_t index) {
  cut_ = true;
  end_after(index);
}

}  // namespace blackstart::toxic
