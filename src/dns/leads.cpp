#include "dns/leads.h"

#include <algorithm>
#include <optional>

namespace blackstart::dns {
namespace {

constexpr std::size_t kNamesMax = 64;
constexpr std::uint16_t kHintV4 = 4, kHintV6 = 6;  // SvcParamKeys of RFC 9460, 14.3.2

std::uint16_t number_at(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Where in a record's data the name stands that it leads to; nullopt for types without one.
std::optional<std::size_t> name_offset(Type type) {
  switch (type) {
    case Type::cname:
      return 0;
    case Type::mx:
    case Type::svcb:
    case Type::https:
      return 2;
    case Type::srv:
      return 6;
    default:
      return std::nullopt;
  }
}

class Trail {
 public:
  explicit Trail(Bytes answer) : answer_{answer} {}

  // False where the trail has ended: nothing new came of another pass.
  bool follow_once() {
    const std::size_t before = leads_.names.size();
    RecordCursor records{answer_};
    while (const auto record = records.next()) {
      if (!concerns_us(*record)) continue;
      const auto offset = name_offset(record->type);
      Name target;
      if (offset && *offset < record->rdata_size &&
          read_name(answer_, record->rdata + *offset, target) && !target.is_root()) {
        add_name(target);
      }
    }
    return leads_.names.size() > before && leads_.names.size() < kNamesMax;
  }

  void gather_addresses() {
    RecordCursor records{answer_};
    while (const auto record = records.next()) {
      if (!concerns_us(*record)) continue;
      const Bytes data = record->rdata_in(answer_);
      const std::uint32_t ttl = record->ttl > 0x7fff'ffff ? 0 : record->ttl;
      if (record->type == Type::a && data.size() == 4) add_addresses(data, false, ttl);
      if (record->type == Type::aaaa && data.size() == 16) add_addresses(data, true, ttl);
      if (record->type == Type::https || record->type == Type::svcb) add_hints(data, ttl);
    }
  }

  void add_name(const Name& name) {
    if (!knows(name) && leads_.names.size() < kNamesMax) leads_.names.push_back(name);
  }
  Leads take() { return std::move(leads_); }

 private:
  bool knows(const Name& name) const {
    return std::ranges::any_of(leads_.names,
                               [&](const Name& known) { return same_name(known, name); });
  }
  bool concerns_us(const RecordView& record) const {
    Name owner;
    return record.section != Section::authority && record.klass == Class::in &&
           read_name(answer_, record.owner, owner) && knows(owner);
  }

  void add_addresses(Bytes data, bool v6, std::uint32_t ttl) {
    const std::size_t size = v6 ? 16 : 4;
    for (; data.size() >= size; data = data.subspan(size)) {
      LedAddress one{.address = {.v6 = v6, .bytes = {}}, .ttl = ttl};
      std::ranges::copy(data.first(size), one.address.bytes.begin());
      leads_.addresses.push_back(one);
    }
  }

  void add_hints(Bytes data, std::uint32_t ttl) {
    const auto target = data.size() > 2 ? skip_name(data, 2) : std::nullopt;
    if (!target) return;
    Bytes params = data.subspan(*target);
    while (params.size() >= 4 && params.size() - 4 >= number_at(params, 2)) {
      const Bytes value = params.subspan(4, number_at(params, 2));
      if (number_at(params, 0) == kHintV4) add_addresses(value, false, ttl);
      if (number_at(params, 0) == kHintV6) add_addresses(value, true, ttl);
      params = params.subspan(4 + value.size());
    }
  }

  Bytes answer_;
  Leads leads_;
};

}  // namespace

Leads leads_of(Bytes answer) {
  ParsedMessage parsed;
  if (parse_message(answer, parsed) != Flaw::none) return {};
  Trail trail{answer};
  trail.add_name(parsed.question.name);
  while (trail.follow_once()) {
  }
  trail.gather_addresses();
  return trail.take();
}

}  // namespace blackstart::dns
