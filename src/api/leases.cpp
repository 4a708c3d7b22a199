#include "api/leases.h"

#include <algorithm>

namespace blackstart::api {

void Leases::set(const Held& what, Duration ttl, RunTime now) {
  if (ttl == Duration::zero()) {
    leases_.erase(what);
  } else {
    leases_[what] = {ttl, now + ttl, 0};
  }
}

void Leases::hold(std::uint64_t holder, const std::vector<Held>& these, Duration ttl, RunTime now) {
  std::erase_if(leases_, [&](const auto& lease) { return lease.second.holder == holder; });
  for (const Held& one : these) leases_[one] = {ttl, now + ttl, holder};
}

void Leases::renew_held(std::uint64_t holder, RunTime now) {
  for (auto& [what, lease] : leases_) {
    if (lease.holder == holder) lease.until = now + lease.ttl;
  }
}

std::vector<Leases::Held> Leases::held_by(std::uint64_t holder) const {
  std::vector<Held> out;
  if (holder == 0) return out;
  for (const auto& [what, lease] : leases_) {
    if (lease.holder == holder) out.push_back(what);
  }
  return out;
}

void Leases::forget(const Held& what) { leases_.erase(what); }

void Leases::forget_all_of(const std::string& proxy) {
  std::erase_if(leases_, [&](const auto& lease) { return lease.first.proxy == proxy; });
}

void Leases::forget_toxics() {
  std::erase_if(leases_, [](const auto& lease) { return !lease.first.toxic.empty(); });
}

std::vector<Leases::Held> Leases::take_due(RunTime now) {
  std::vector<Held> due;
  std::erase_if(leases_, [&](const auto& lease) {
    if (lease.second.until > now) return false;
    due.push_back(lease.first);
    return true;
  });
  return due;
}

std::optional<RunTime> Leases::next_deadline() const {
  std::optional<RunTime> next;
  for (const auto& [what, lease] : leases_)
    next = std::min(next.value_or(lease.until), lease.until);
  return next;
}

}  // namespace blackstart::api
