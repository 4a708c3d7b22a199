#pragma once

// One direction of one proxied connection: bytes go in, and come out changed, late or never.
//
// Pure: time is an argument. Whoever owns the sockets pushes what it has read, asks for the next
// deadline, and writes what has come out. A late call changes nothing: each deadline is counted
// from the deadline before it, not from the call. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "blackstart/random.h"
#include "blackstart/time.h"
#include "toxic/chunk.h"
#include "toxic/toxic.h"

namespace blackstart::toxic {

enum class LinkEnd : std::uint8_t {
  open,
  closed,  // nothing more comes out: once out() is written, both sockets are to be closed
  reset,   // both are to be closed with RST at once
};

class Link {
 public:
  Link(Rng dice, RunTime opened);
  ~Link();
  Link(Link&&) noexcept;
  Link& operator=(Link&&) noexcept;

  // At the end of the chain. Draws once whether it acts on this connection.
  void add(std::shared_ptr<const Toxic> toxic, RunTime now);

  // The toxic of that name has new attributes; `draw_again`: and a new toxicity. What a stage
  // holds stays, or leaves at once, as its kind says. A name that is not there is no mistake: the
  // end of the stream may have passed its toxic.
  void update(std::shared_ptr<const Toxic> toxic, bool draw_again, RunTime now);

  // What it holds goes on at once, in order, to the next; as that has room.
  void remove(std::string_view name, RunTime now);

  // No toxic acts and nothing is held or waiting to be written: bytes may go round it.
  bool passes_freely() const;

  // Whether the source should be read. Bounded: what is held never exceeds limits::toxic_held_*
  // by more than one push().
  bool wants_more() const;

  void push(std::span<const std::byte> bytes, RunTime now);
  void finish(RunTime now);  // the source has ended

  std::optional<RunTime> next_deadline() const;
  void advance(RunTime now);  // moves on all that is due by then

  // What has come out and waits to be written; the owner takes from its front, and then calls
  // advance().
  ChunkQueue& out() { return out_; }
  LinkEnd end() const { return end_; }
  // A toxic's time is over, or its removal ends the connection: what a reader does not take is not
  // waited for, though the end may still be behind what other stages hold.
  bool is_cut() const { return cut_; }

  std::size_t held() const;                      // bytes, with those in out()
  std::vector<std::string_view> acting() const;  // names of toxics; until the next change

 private:
  struct Station;
  struct Event;

  Station* find(std::string_view name);
  void plan_heads();
  bool has_room(std::size_t first) const;
  Event next_event() const;
  void carry_out(std::size_t index);
  void hand_on(std::size_t first, Chunk chunk);
  void end_after(std::size_t index);
  void cut_after(std::size_t index);

  Rng dice_;
  RunTime opened_;
  RunTime now_;                    // of what is being moved; never later than the caller's
  std::vector<Station> stations_;  // those that the end of the stream has not passed
  ChunkQueue out_;
  LinkEnd end_ = LinkEnd::open;
  bool source_ended_ = false;
  bool cut_ = false;
  bool stalled_ = false;  // out_ was full
};

}  // namespace blackstart::toxic
