#pragma once

// Domain names: their wire form, their text form, and the patterns that targets name them by.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/limits.h"

namespace blackstart::dns {

using Bytes = std::span<const std::uint8_t>;

// A domain name in wire form (RFC 1035, 3.1): uncompressed, the root's zero included, at most
// 255 bytes, the case of every letter as it came. A plain value without allocation.
class Name {
 public:
  Name() = default;  // the root

  // From presentation form: `\.` and `\ddd` escapes, trailing dot indifferent, "" and "." are
  // the root. nullopt for an empty label, a label over 63 bytes, a name over 255, a bad
  // escape, or a byte outside ASCII (names are written as A-labels: xn--…).
  static std::optional<Name> from_text(std::string_view text);

  // From uncompressed wire form; nullopt unless `wire` is exactly one name.
  static std::optional<Name> from_wire(Bytes wire);

  Bytes wire() const { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool is_root() const { return size_ == 1; }
  std::size_t label_count() const;  // without the root's

  // Presentation form without the trailing dot; "." for the root. Dots, backslashes and what
  // is not printable are escaped, so that from_text() gives the same name.
  std::string text() const;

  // The name with `count` labels taken off its left; the root when there are no more.
  Name parent(std::size_t count = 1) const;

  // Byte for byte. same_name() is the one that resolvers mean.
  bool operator==(const Name& other) const;

 private:
  friend std::optional<std::size_t> read_name(Bytes message, std::size_t at, Name& out);

  bool append_label(Bytes label);  // before the root's zero

  std::array<std::uint8_t, limits::dns_name_bytes_max> bytes_{};
  std::uint8_t size_ = 1;
};

// Equal without regard to the case of ASCII letters (RFC 4343).
bool same_name(const Name& a, const Name& b);

// Reads the name at `at` of a whole message, following compression pointers (RFC 1035, 4.1.4),
// and returns the offset after it in place. nullopt where it leaves the message, is too long,
// has a label of an unknown kind, or a pointer that does not point backwards; at most 64
// pointers are followed. `out` is unspecified then.
std::optional<std::size_t> read_name(Bytes message, std::size_t at, Name& out);

// The offset after the name at `at`, without following pointers; nullopt where it is broken.
std::optional<std::size_t> skip_name(Bytes message, std::size_t at);

// A name prepared for matching: lower case, with a hash for each of its suffixes. Made once
// for each question, without allocation, and then held against any number of patterns.
class NameKey {
 public:
  NameKey() = default;
  explicit NameKey(const Name& name) : NameKey{name.wire()} {}
  explicit NameKey(Bytes wire);  // must be one valid uncompressed name

  std::size_t label_count() const { return labels_; }
  // Of the name without its first `skip` labels; skip ≤ label_count().
  std::uint64_t hash(std::size_t skip = 0) const { return hashes_[skip]; }
  Bytes suffix(std::size_t skip = 0) const {
    return {bytes_.data() + starts_[skip], static_cast<std::size_t>(size_ - starts_[skip])};
  }

 private:
  std::size_t labels_ = 0;
  std::size_t size_ = 0;
  std::array<std::uint8_t, limits::dns_name_bytes_max> bytes_;
  std::array<std::uint8_t, limits::dns_name_bytes_max / 2 + 1> starts_;
  std::array<std::uint64_t, limits::dns_name_bytes_max / 2 + 1> hashes_;
};

// What a target's `names` say.
//
//   api.example.com   that name alone
//   *                 every name
//   *.svc.local       every name below svc.local, at any depth; not svc.local itself
//   db-*.svc.local    a `*` inside a label stands for any run of bytes of that label
//   a.*.local         a `*` that is a whole label, not the first, stands for exactly one label
//
// Case and a trailing dot make no difference.
struct NamePattern {
  Name name;               // lower case, asterisks as bytes; without the leading `*.`
  bool below = false;      // began with `*.`, or is `*` (then `name` is the root)
  bool itself = true;      // `name` itself matches; of those with `below`, only for `*`
  bool wildcards = false;  // `name` has an asterisk

  // nullopt where the text is no name (see Name::from_text()).
  static std::optional<NamePattern> from_text(std::string_view text);

  bool matches(const NameKey& key) const;
};

// Any number of patterns, held against a name in one hash lookup for those without wildcards
// and one for each label for those with `*.`; only wildcards inside a name are tried in turn.
class NamePatterns {
 public:
  NamePatterns() = default;
  explicit NamePatterns(std::span<const NamePattern> patterns);

  bool matches(const NameKey& key) const;
  bool empty() const { return !everything_ && exact_.empty() && below_.empty() && wild_.empty(); }

 private:
  // Open addressing, a power of two in size, at most half full.
  class Table {
   public:
    void reserve(std::size_t names);
    void add(const NameKey& key);
    bool has(const NameKey& key, std::size_t skip) const;
    bool empty() const { return names_.empty(); }

   private:
    struct Slot {
      std::uint64_t hash = 0;
      std::uint32_t name = 0;  // index into names_, plus one; 0: free
    };
    std::vector<Slot> slots_;
    std::vector<std::vector<std::uint8_t>> names_;
  };

  bool everything_ = false;
  Table exact_, below_;
  std::vector<NamePattern> wild_;
};

}  // namespace blackstart::dns
