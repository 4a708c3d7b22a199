#pragma once

// A client, a server, and the bytes between them. Touched by the thread of its loop alone.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "blackstart/time.h"
#include "serve/host_lookup.h"
#include "serve/proxy_loop.h"
#include "toxic/link.h"

namespace blackstart {

// Of a listener, which hands them on to those that it accepts, and of sockets towards upstream:
// no delay for small segments; keep-alive after 15 s.
void set_proxy_options(int fd);

inline constexpr int kProxyBacklog = 1 << 16;  // the kernel cuts it down to net.core.somaxconn

class ProxySession {
 public:
  ProxySession(ProxyLoop& loop, ProxyEngine::FrontId front_id, std::shared_ptr<SharedFront> front,
               std::array<WayCounter, 2>& counters, UniqueFd client,
               const SocketAddress& client_address);
  ~ProxySession();
  ProxySession(const ProxySession&) = delete;
  ProxySession& operator=(const ProxySession&) = delete;

  // Looks up where to go and goes there; ends the connection where nobody answers.
  void start(std::span<const SharedToxic> toxics);

  // Moves what can be moved, up to a share that leaves others theirs; true: there is more.
  bool move();

  void add_toxic(const SharedToxic& toxic);
  void update_toxic(const SharedToxic& toxic, bool draw_again);
  void remove_toxic(const toxic::Toxic& toxic);
  // False: that way is to be woken at another time.
  bool take_wake(std::size_t way, RunTime due) {
    if (ways_[way].wake != due) return false;
    ways_[way].wake.reset();
    return true;
  }

  std::uint64_t id() const { return id_; }
  ProxyEngine::FrontId front() const { return front_id_; }
  ProxyEngine::Connection describe() const;

  void close(bool reset);  // both sides, now; freed after the round

  std::size_t place = 0;  // among those of its front
  bool queued = false;    // in the loop's list of those that can move
  bool ended = false;

 private:
  struct Side final : Watched {
    explicit Side(ProxySession& of) : connection{of} {}
    void on_events(std::uint32_t events) override;

    ProxySession& connection;
    UniqueFd fd;
    bool readable = false, writable = false;
    bool hung_up = false;  // its end is behind what can be read
    bool broken = false;
    bool was_reset = false;
  };

  struct Way {
    Way(Side& source, Side& destination, WayCounter& shared, Rng dice, RunTime opened)
        : from{source}, to{destination}, counter{shared}, link{dice, opened} {}

    Side& from;
    Side& to;
    WayCounter& counter;
    toxic::Link link;
    WayBytes bytes;
    bool source_ended = false;
    bool end_passed = false;  // on to the destination, which goes on sending
    std::optional<RunTime> wake;
  };

  enum class Moved : std::uint8_t { all, more, ended };

  void dial(HostLookup::Found found);
  void dial_path(const std::string& path);
  void dial_next();
  bool has_connected();
  Moved move(Way& way, std::size_t index);
  bool write_out(Way& way, int& writes);
  std::size_t write_some(Way& way, std::span<const std::byte> bytes);
  bool passes_reset(const Side& side) const;
  void read_end(Way& way, RunTime now);
  bool has_ended(Way& way);
  void go_on(const Way& way);
  std::optional<SocketAddress> original_destination() const;

  ProxyLoop& loop_;
  const std::uint64_t id_;
  const ProxyEngine::FrontId front_id_;
  const std::shared_ptr<SharedFront> front_;
  const RunTime opened_;
  const SocketAddress client_address_;
  SocketAddress upstream_address_;
  HostLookup::Found candidates_;  // addresses of upstream that were not tried yet, last first
  bool connected_ = false;
  Side client_{*this}, server_{*this};
  std::array<Way, 2> ways_;  // by toxic::Stream
};

}  // namespace blackstart
