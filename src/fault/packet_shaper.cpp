#include "fault/packet_shaper.h"

#include <linux/if_ether.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <functional>
#include <latch>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "blackstart/limits.h"
#include "core/packet_fate.h"
#include "fault/packet_copies.h"
#include "netlink/nfqueue.h"
#include "serve/delay_queue.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/netns.h"

namespace blackstart {
namespace {

using netlink::Bytes;
using netlink::NfQueue;
using netlink::QueuedPacket;
using netlink::QueueInbox;

// Up to there the kernel cuts big packets for links with a rate, so that each takes its time and
// its headers count. Above, that would cost more than it tells.
constexpr std::uint64_t kCutUpTo = 1'000'000'000;

// The kernel may hold what we hold and what we have not read yet.
constexpr std::uint32_t kKernelHolds = limits::shaper_packets_max + 65'536;

NfQueue::Settings settings_for(const Impairment& impairment) {
  const bool payload = impairment.duplicate > 0.0 || impairment.corrupt > 0.0;
  const bool slow = impairment.rate && impairment.rate->bits_per_second <= kCutUpTo;
  return {.packets_max = kKernelHolds, .payload = payload, .segments = payload || slow};
}

// Behind the IP header, which has been checked already: a flipped address would lead astray what
// in life would have been dropped at the next hop.
void flip_bit(Bytes& packet, bool v6, std::uint64_t luck) {
  const std::size_t header = v6 ? 40 : (std::to_integer<std::size_t>(packet[0]) & 0xf) * 4;
  if (packet.size() <= header) return;
  const std::uint64_t bit = luck % ((packet.size() - header) * 8);
  packet[header + bit / 8] ^= std::byte{1} << (bit % 8);
}

struct Class {
  Class(std::uint16_t number, const Impairment& impairment, std::uint64_t seed)
      : settings{settings_for(impairment)}, queue{number, settings}, fates{impairment, seed} {}

  NfQueue::Settings settings;
  NfQueue queue;
  PacketFates fates;
  std::size_t held = 0;

  // While packets leave in the order in which they came, one verdict speaks for many.
  bool in_order = true;
  RunTime last_due;
  std::optional<std::uint32_t> passed_up_to;

  void hold(RunTime due) {
    in_order = held == 0 || (in_order && due >= last_due);
    last_due = due;
    ++held;
  }
  void pass(std::uint32_t id) {
    --held;
    if (in_order) {
      passed_up_to = id;
    } else {
      queue.accept(id);
    }
  }
  void pass_changed(std::uint32_t id, const Bytes& packet) {
    --held;
    say();
    queue.accept_changed(id, packet);
  }
  // Gathers what pass() has put off: before any other verdict about a packet that came earlier.
  void say() {
    if (passed_up_to) queue.accept_up_to(*passed_up_to);
    passed_up_to.reset();
  }
};

struct Held {
  Class* owner = nullptr;
  std::uint32_t id = 0, interface = 0;
  bool v6 = false, duplicate = false, changed = false;
  RunTime came, due;
  Bytes packet;  // as it is to leave; empty where the kernel's own will do
};

// What one pass of the thread let go.
struct Released {
  std::uint16_t queue;
  Duration asked;
  RunTime came;
};

void run_ahead_of_others() {
  ::prctl(PR_SET_NAME, "bs-shaper");
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const sched_param priority{.sched_priority = 1};
  ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);  // if it may
}

}  // namespace

class PacketShaper::Worker {
 public:
  Worker(std::uint32_t mark, UniqueFd netns)
      : mark_{mark},
        netns_{std::move(netns)},
        wake_{check("eventfd()", ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))} {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are others' business
    thread_ = std::thread{[this] { run(); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ahead_.wait();
  }

  ~Worker() {
    stop_ = true;
    wake();
    thread_.join();
  }

  void set_class(std::uint16_t number, const Impairment& impairment, std::uint64_t seed) {
    const std::scoped_lock one_caller{callers_};
    Order order{number, impairment, nullptr, nullptr};
    const bool known = std::ranges::find(known_, number) != known_.end();
    {
      const NetnsGuard there{netns_};
      if (!known) order.made = std::make_unique<Class>(number, impairment, seed);
      if (impairment.duplicate > 0.0 && !copies_made_) {
        order.copies = std::make_unique<PacketCopies>(mark_);
      }
    }
    const bool copies = order.copies != nullptr;
    {
      const std::scoped_lock lock{shared_};
      if (!failure_.empty()) throw std::runtime_error{"the packet shaper has stopped: " + failure_};
      figures_[number];
      orders_.push_back(std::move(order));
    }
    copies_made_ = copies_made_ || copies;
    if (!known) known_.push_back(number);
    wake();
  }

  std::map<std::uint16_t, ShaperFigures> figures() const {
    const std::scoped_lock lock{shared_};
    return figures_;
  }

  std::string failure() const {
    const std::scoped_lock lock{shared_};
    return failure_;
  }

 private:
  struct Order {
    std::uint16_t number;
    Impairment impairment;
    std::unique_ptr<Class> made;           // where it is new
    std::unique_ptr<PacketCopies> copies;  // where they are needed for the first time
  };

  void wake() const {
    const std::uint64_t one = 1;
    // It fails only when the counter is full, and then the thread is awake.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }

  void run() {
    run_ahead_of_others();
    ahead_.count_down();
    try {
      while (!stop_) {
        take_orders();
        wait();
        auto polled = polled_.begin();
        for (auto& [number, each] : classes_) {
          if ((++polled)->revents != 0) take_packets(*each);
        }
        release(clock_.now());
      }
    } catch (const std::exception& error) {
      log_error(std::string{"the packet shaper stops, and lets everything pass: "} + error.what());
      const std::scoped_lock lock{shared_};
      failure_ = error.what();
    }
    let_everything_go();
  }

  void take_orders() {
    std::vector<Order> orders;
    {
      const std::scoped_lock lock{shared_};
      orders.swap(orders_);
    }
    for (Order& order : orders) {
      if (order.copies) copies_ = std::move(order.copies);
      if (order.made) {
        classes_.emplace(order.number, std::move(order.made));
        continue;
      }
      Class& changed = *classes_.at(order.number);
      const NfQueue::Settings settings = settings_for(order.impairment);
      if (settings != std::exchange(changed.settings, settings)) changed.queue.change(settings);
      changed.fates.change(order.impairment);
    }
  }

  // For packets, orders, or the next instant that something is due.
  void wait() {
    polled_.assign(1, {wake_.get(), POLLIN, 0});
    for (const auto& [number, each] : classes_) polled_.push_back({each->queue.fd(), POLLIN, 0});
    timespec left{};
    const auto due = held_.next_due();
    if (due) {
      const Duration span = std::max(*due - clock_.now(), Duration::zero());
      left.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(span).count();
      left.tv_nsec = (span % std::chrono::seconds{1}).count();
    }
    const int ready = ::ppoll(polled_.data(), polled_.size(), due ? &left : nullptr, nullptr);
    if (ready < 0 && errno != EINTR) check("ppoll()", ready);
    if (polled_.front().revents == 0) return;
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  }

  void take_packets(Class& from) {
    const auto packets = from.queue.receive(inbox_);
    if (packets.empty()) return;
    const RunTime now = clock_.now();
    const std::scoped_lock lock{shared_};
    ShaperFigures& figures = figures_[from.queue.number()];
    figures.missed = from.queue.missed();
    for (const QueuedPacket& packet : packets) take(from, packet, now, figures);
  }

  void take(Class& from, const QueuedPacket& packet, RunTime now, ShaperFigures& figures) {
    ++figures.packets;
    figures.bytes += packet.bytes;
    const Fate fate = from.fates.decide(now, packet.bytes + ETH_HLEN);
    const bool full = from.held >= limits::shaper_packets_max;
    if (fate.kind != Fate::Kind::passes || full) {
      ++(fate.kind == Fate::Kind::lost ? figures.lost : figures.overflowed);
      return from.queue.drop(packet.id);
    }
    // Just after a change there may be packets of which we were given one byte only.
    const bool whole = !packet.payload.empty() && packet.payload.size() == packet.bytes;
    Held held{&from,
              packet.id,
              packet.interface,
              packet.v6,
              fate.duplicate && whole,
              fate.corrupt && whole,
              now,
              fate.due,
              {}};
    if (held.duplicate || held.changed) {
      held.packet.assign(packet.payload.begin(), packet.payload.end());
    }
    if (held.changed) flip_bit(held.packet, packet.v6, fate.luck);
    figures.reordered += fate.reordered ? 1U : 0U;
    figures.corrupted += held.changed ? 1U : 0U;
    from.hold(fate.due);
    held_.push(fate.due, std::move(held));
  }

  void release(RunTime now) {
    while (auto held = held_.pop_due(now)) {
      Class& owner = *held->owner;
      held->changed ? owner.pass_changed(held->id, held->packet) : owner.pass(held->id);
      released_.push_back({owner.queue.number(), held->due - held->came, held->came});
      if (held->duplicate) duplicates_.push_back(std::move(*held));
    }
    for (auto& [number, each] : classes_) {
      each->say();
      each->queue.flush();
    }
    if (!released_.empty()) account(clock_.now());
    for (const Held& each : duplicates_) send_again(each);
    duplicates_.clear();
  }

  void account(RunTime passed) {
    const std::scoped_lock lock{shared_};
    for (const Released& each : released_) {
      ShaperFigures& figures = figures_[each.queue];
      const Duration added = passed - each.came;
      figures.least = figures.spread.count() == 0 ? added : std::min(figures.least, added);
      figures.spread.add(added);
      figures.late.add(added - each.asked);
      figures.delayed += each.asked > Duration::zero() ? 1U : 0U;
      figures.asked += each.asked;
      figures.added += added;
    }
    released_.clear();
  }

  void send_again(const Held& held) {
    if (!copies_ || !copies_->send(held.packet, held.v6, held.interface)) return;
    const std::scoped_lock lock{shared_};
    ++figures_[held.owner->queue.number()].duplicated;
  }

  // A queue that may hold nothing lets new packets pass at once; so none comes after the last
  // one that is read here.
  void let_everything_go() noexcept {
    try {
      take_orders();
      for (auto& [number, each] : classes_) {
        each->queue.change({.packets_max = 0});
        while (!each->queue.receive(inbox_).empty()) {
        }
        each->queue.accept_all();
        each->queue.flush();
      }
    } catch (const std::exception& error) {
      log_error(std::string{"the packet shaper drops what it held: "} + error.what());
    }
    classes_.clear();
  }

  const std::uint32_t mark_;
  const UniqueFd netns_;
  const UniqueFd wake_;
  std::atomic<bool> stop_ = false;
  std::latch ahead_{1};  // until then it waits its turn, on a busy machine for long

  std::mutex callers_;  // what only callers touch
  std::vector<std::uint16_t> known_;
  bool copies_made_ = false;

  mutable std::mutex shared_;  // held for moments only
  std::vector<Order> orders_;
  std::map<std::uint16_t, ShaperFigures> figures_;
  std::string failure_;

  // The thread's own.
  MonotonicClock clock_;
  QueueInbox inbox_;
  std::map<std::uint16_t, std::unique_ptr<Class>> classes_;
  std::unique_ptr<PacketCopies> copies_;
  DelayQueue<Held> held_{SIZE_MAX};
  std::vector<pollfd> polled_;
  std::vector<Released> released_;
  std::vector<Held> duplicates_;

  std::thread thread_;
};

PacketShaper::PacketShaper(std::uint32_t copies_mark)
    : PacketShaper{copies_mark, open_own_netns()} {}
PacketShaper::PacketShaper(std::uint32_t copies_mark, UniqueFd netns)
    : worker_{std::make_unique<Worker>(copies_mark, std::move(netns))} {}
PacketShaper::~PacketShaper() = default;

void PacketShaper::set_class(std::uint16_t queue, const Impairment& impairment,
                             std::uint64_t seed) {
  worker_->set_class(queue, impairment, seed);
}

std::map<std::uint16_t, ShaperFigures> PacketShaper::figures() const { return worker_->figures(); }
std::string PacketShaper::failure() const { return worker_->failure(); }

}  // namespace blackstart
