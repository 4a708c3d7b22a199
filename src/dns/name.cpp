#include "dns/name.h"

#include <algorithm>
#include <cstring>

namespace blackstart::dns {
namespace {

constexpr std::uint8_t kPointerBits = 0xc0;
constexpr std::uint8_t kAsterisk = '*';

// Also right for the length bytes of a wire name, which are below 'A'.
constexpr std::uint8_t lower(std::uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte | 0x20) : byte;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One character of presentation form, escapes taken off; nullopt where it is broken.
struct TextByte {
  std::uint8_t value;
  bool escaped;
};

std::optional<TextByte> take_byte(std::string_view& text) {
  const char c = text.front();
  text.remove_prefix(1);
  if (static_cast<unsigned char>(c) >= 0x80) return std::nullopt;
  if (c != '\\') return TextByte{static_cast<std::uint8_t>(c), false};
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front())) {
    const TextByte byte{static_cast<std::uint8_t>(text.front()), true};
    text.remove_prefix(1);
    return byte;
  }
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  text.remove_prefix(3);
  if (value > 255) return std::nullopt;
  return TextByte{static_cast<std::uint8_t>(value), true};
}

void append_escaped(std::string& out, std::uint8_t byte) {
  constexpr std::string_view kSpecial = R"(.\"();@$)";
  const char c = static_cast<char>(byte);
  if (byte <= ' ' || byte >= 0x7f) {
    out += '\\';
    out += static_cast<char>('0' + byte / 100);
    out += static_cast<char>('0' + byte / 10 % 10);
    out += static_cast<char>('0' + byte % 10);
    return;
  }
  if (kSpecial.find(c) != std::string_view::npos) out += '\\';
  out += c;
}

bool glob(Bytes pattern, Bytes label) {
  std::size_t p = 0, l = 0;
  std::size_t star = pattern.size(), resume = 0;
  while (l < label.size()) {
    if (p < pattern.size() && pattern[p] == kAsterisk) {
      star = p++;
      resume = l;
    } else if (p < pattern.size() && pattern[p] == label[l]) {
      ++p;
      ++l;
    } else if (star < pattern.size()) {
      p = star + 1;
      l = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == kAsterisk) ++p;
  return p == pattern.size();
}

// Label by label; both have the same number of labels.
bool wildcards_match(Bytes pattern, Bytes name) {
  while (pattern.front() != 0) {
    if (!glob(pattern.subspan(1, pattern.front()), name.subspan(1, name.front()))) return false;
    pattern = pattern.subspan(pattern.front() + std::size_t{1});
    name = name.subspan(name.front() + std::size_t{1});
  }
  return true;
}

Name lowered(const Name& name) {
  std::array<std::uint8_t, limits::dns_name_bytes_max> bytes{};
  std::ranges::transform(name.wire(), bytes.begin(), lower);
  return *Name::from_wire({bytes.data(), name.size()});
}

}  // namespace

bool Name::append_label(Bytes label) {
  if (label.empty() || label.size() > limits::dns_label_bytes_max) return false;
  if (size_ + label.size() + 1 > bytes_.size()) return false;
  const std::size_t at = size_ - std::size_t{1};
  bytes_[at] = static_cast<std::uint8_t>(label.size());
  std::memcpy(bytes_.data() + at + 1, label.data(), label.size());
  size_ = static_cast<std::uint8_t>(size_ + label.size() + 1);
  bytes_[size_ - std::size_t{1}] = 0;
  return true;
}

std::optional<Name> Name::from_text(std::string_view text) {
  Name name;
  if (text == ".") return name;
  std::array<std::uint8_t, limits::dns_label_bytes_max> label{};
  while (!text.empty()) {
    std::size_t size = 0;
    while (!text.empty()) {
      const auto byte = take_byte(text);
      if (!byte) return std::nullopt;
      if (byte->value == '.' && !byte->escaped) break;
      if (size == label.size()) return std::nullopt;
      label[size++] = byte->value;
    }
    if (!name.append_label({label.data(), size})) return std::nullopt;
  }
  return name;
}

std::optional<Name> Name::from_wire(Bytes wire) {
  Name name;
  if (wire.size() > limits::dns_name_bytes_max) return std::nullopt;
  const auto end = skip_name(wire, 0);
  if (!end || *end != wire.size() || read_name(wire, 0, name) != end) return std::nullopt;
  return name;
}

std::size_t Name::label_count() const {
  std::size_t count = 0;
  for (std::size_t at = 0; bytes_[at] != 0; at += bytes_[at] + std::size_t{1}) ++count;
  return count;
}

std::string Name::text() const {
  if (is_root()) return ".";
  std::string out;
  for (std::size_t at = 0; bytes_[at] != 0; at += bytes_[at] + std::size_t{1}) {
    if (at != 0) out += '.';
    for (std::size_t i = 0; i < bytes_[at]; ++i) append_escaped(out, bytes_[at + 1 + i]);
  }
  return out;
}

Name Name::parent(std::size_t count) const {
  std::size_t at = 0;
  for (; count > 0 && bytes_[at] != 0; --count) at += bytes_[at] + std::size_t{1};
  Name out;
  out.size_ = static_cast<std::uint8_t>(size_ - at);
  std::memcpy(out.bytes_.data(), bytes_.data() + at, out.size_);
  return out;
}

bool Name::operator==(const Name& other) const {
  return size_ == other.size_ && std::memcmp(bytes_.data(), other.bytes_.data(), size_) == 0;
}

bool same_name(const Name& a, const Name& b) {
  return std::ranges::equal(a.wire(), b.wire(), {}, lower, lower);
}

std::optional<std::size_t> read_name(Bytes message, std::size_t at, Name& out) {
  out.size_ = 1;
  out.bytes_[0] = 0;
  std::optional<std::size_t> end;
  std::size_t hops = 0;
  std::size_t start = at;  // of the labels being read: a pointer must go before it
  while (at < message.size()) {
    const std::uint8_t length = message[at];
    if (length == 0) return end ? end : at + 1;
    if ((length & kPointerBits) == kPointerBits) {
      if (at + 1 >= message.size() || ++hops > limits::dns_pointer_hops_max) return std::nullopt;
      const std::size_t to = (std::size_t{length} & 0x3f) << 8 | message[at + 1];
      if (to >= start) return std::nullopt;
      if (!end) end = at + 2;
      at = start = to;
      continue;
    }
    if ((length & kPointerBits) != 0 || length >= message.size() - at) return std::nullopt;
    if (!out.append_label(message.subspan(at + 1, length))) return std::nullopt;
    at += length + std::size_t{1};
  }
  return std::nullopt;
}

std::optional<std::size_t> skip_name(Bytes message, std::size_t at) {
  const std::size_t start = at;
  while (at < message.size() && at - start < limits::dns_name_bytes_max) {
    const std::uint8_t length = message[at];
    if (length == 0) return at + 1;
    if ((length & kPointerBits) == kPointerBits) {
      return at + 2 <= message.size() ? std::optional{at + 2} : std::nullopt;
    }
    if ((length & kPointerBits) != 0) return std::nullopt;
    at += length + std::size_t{1};
  }
  return std::nullopt;
}

NameKey::NameKey(Bytes wire) : size_{wire.size()} {
  std::ranges::transform(wire, bytes_.begin(), lower);
  std::size_t at = 0;
  for (; bytes_[at] != 0; at += bytes_[at] + std::size_t{1}) {
    starts_[labels_++] = static_cast<std::uint8_t>(at);
  }
  starts_[labels_] = static_cast<std::uint8_t>(at);
  // FNV-1a from the right, so that one pass gives every suffix its hash.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t label = labels_ + 1; label-- > 0;) {
    const std::size_t stop = label == labels_ ? size_ : starts_[label + 1];
    for (std::size_t i = stop; i-- > starts_[label];) hash = (hash ^ bytes_[i]) * 0x100000001b3;
    hashes_[label] = hash;
  }
}

std::optional<NamePattern> NamePattern::from_text(std::string_view text) {
  NamePattern pattern;
  if (text == "*" || text == "*.") {
    pattern.below = true;
    return pattern;
  }
  if (text.starts_with("*.")) {
    pattern.below = true;
    pattern.itself = false;
    text.remove_prefix(2);
  }
  const auto name = Name::from_text(text);
  if (!name || name->is_root()) return std::nullopt;
  pattern.name = lowered(*name);
  pattern.wildcards =
      std::ranges::find(pattern.name.wire(), kAsterisk) != pattern.name.wire().end();
  return pattern;
}

bool NamePattern::matches(const NameKey& key) const {
  const std::size_t own = name.label_count();
  if (key.label_count() < own) return false;
  const std::size_t extra = key.label_count() - own;
  if (extra == 0 ? !itself : !below) return false;
  const Bytes tail = key.suffix(extra);
  return wildcards ? wildcards_match(name.wire(), tail) : std::ranges::equal(name.wire(), tail);
}

NamePatterns::NamePatterns(std::span<const NamePattern> patterns) {
  exact_.reserve(patterns.size());
  below_.reserve(patterns.size());
  for (const NamePattern& pattern : patterns) {
    if (pattern.wildcards) {
      wild_.push_back(pattern);
    } else if (pattern.below && pattern.itself) {
      everything_ = true;
    } else {
      (pattern.below ? below_ : exact_).add(NameKey{pattern.name});
    }
  }
}

bool NamePatterns::matches(const NameKey& key) const {
  if (everything_) return true;
  if (!exact_.empty() && exact_.has(key, 0)) return true;
  if (!below_.empty()) {
    for (std::size_t skip = 1; skip <= key.label_count(); ++skip) {
      if (below_.has(key, skip)) return true;
    }
  }
  return std::ranges::any_of(wild_, [&](const NamePattern& p) { return p.matches(key); });
}

void NamePatterns::Table::reserve(std::size_t names) {
  std::size_t size = 8;
  while (size < names * 2) size *= 2;
  slots_.resize(size);
}

void NamePatterns::Table::add(const NameKey& key) {
  if (has(key, 0)) return;
  names_.emplace_back(key.suffix().begin(), key.suffix().end());
  std::size_t at = key.hash() & (slots_.size() - 1);
  while (slots_[at].name != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {key.hash(), static_cast<std::uint32_t>(names_.size())};
}

bool NamePatterns::Table::has(const NameKey& key, std::size_t skip) const {
  const std::uint64_t hash = key.hash(skip);
  std::size_t at = hash & (slots_.size() - 1);
  for (; slots_[at].name != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].hash == hash &&
        std::ranges::equal(names_[slots_[at].name - 1], key.suffix(skip))) {
      return true;
    }
  }
  return false;
}

}  // namespace blackstart::dns
