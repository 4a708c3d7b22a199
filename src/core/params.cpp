#include "blackstart/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/quantity.h"

namespace blackstart {
namespace {

constexpr std::size_t kHintBytesMax = 64;  // longer words have no useful neighbours

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  return found == units.end() ? nullptr : &*found;
}

// Takes the first "12ms" off `text`. The unit must be smaller than `above`, so that 1m30s is
// read and 30s1m or 1s1s are not.
std::optional<double> take_part(std::string_view& text, double& above) {
  const auto digits_end = text.find_first_not_of("0123456789. ");
  if (digits_end == std::string_view::npos) return std::nullopt;
  const auto part_end = std::min(text.find_first_of("0123456789 ", digits_end), text.size());
  const auto quantity = parse_quantity(text.substr(0, part_end));
  const Unit* const unit = quantity ? find_unit(duration_units(), quantity->unit) : nullptr;
  if (unit == nullptr || unit->factor >= above) return std::nullopt;
  above = unit->factor;
  text.remove_prefix(part_end);
  if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  return quantity->number * unit->factor;
}

std::string lower_with_underscores(std::string_view word) {
  std::string out{word};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return out;
}

// Edits that turn `a` into `b`; swapping two neighbours is one edit (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

// Decimals of `value / unit` without trailing zeros: 1500 of a million is "0.0015".
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string out = std::to_string(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return out;
  out.push_back('.');
  for (; rest != 0; rest %= unit) {
    rest *= 10;
    out.push_back(static_cast<char>('0' + rest / unit));
  }
  return out;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  double total = 0.0;
  double above = std::numeric_limits<double>::infinity();
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto part = take_part(text, above);
    if (!part) return std::nullopt;
    total += *part;
  }
  // Below 2^53 ns (104 days) every nanosecond is exact; past it nothing needs them.
  constexpr double kMost = 9.2e18;
  if (total > kMost) return std::nullopt;
  return Duration{std::llround(total)};
}

std::optional<Probability> parse_share(std::string_view text) {
  const auto quantity = parse_quantity(text);
  if (!quantity || quantity->unit != "%") return std::nullopt;
  return Probability::from_percent(quantity->number);
}

std::optional<Bandwidth> parse_rate(std::string_view text) {
  const auto quantity = parse_quantity(text);
  const Unit* const unit = quantity ? find_unit(rate_units(), quantity->unit) : nullptr;
  if (unit == nullptr) return std::nullopt;
  const double bits = quantity->number * unit->factor;
  constexpr double kMost = 1e18;
  if (bits > kMost) return std::nullopt;
  return Bandwidth{static_cast<std::uint64_t>(std::llround(bits))};
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  return parse_whole<std::int64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
  const auto value = parse_whole<double>(text);
  // from_chars also reads "inf" and "nan", which nobody means here.
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string duration_text(Duration span) {
  constexpr std::uint64_t kSecond = 1'000'000'000, kMilli = 1'000'000, kMicro = 1'000;
  std::string out = span < Duration::zero() ? "-" : "";
  auto rest = static_cast<std::uint64_t>(span.count());
  if (span < Duration::zero()) rest = ~rest + 1;
  if (rest == 0) return "0s";
  for (const auto& [name, factor] : duration_units().first(3)) {
    const auto unit = static_cast<std::uint64_t>(factor);
    if (rest >= unit) out.append(std::to_string(rest / unit)).append(name);
    rest %= unit;
  }
  if (rest >= kSecond) return out.append(decimal(rest, kSecond)).append("s");
  if (rest >= kMilli) return out.append(decimal(rest, kMilli)).append("ms");
  return rest == 0 ? out : out.append(decimal(rest, kMicro)).append("us");
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kHintBytesMax) return {};
  const std::string wanted = lower_with_underscores(word);
  std::size_t best = std::clamp<std::size_t>(wanted.size() / 3, 1, 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kHintBytesMax) continue;
    const std::string one = lower_with_underscores(candidate);
    const bool beginning = wanted.size() >= 3 && one.starts_with(wanted);
    const std::size_t edits = one == wanted ? 0 : beginning ? 1 : distance(wanted, one);
    if (edits < best && edits < one.size()) {
      best = edits;
      found = candidate;
    }
  }
  return std::string{found};
}

namespace {

const std::string* scalar_of(const Node* node) {
  return node != nullptr && node->kind == Node::Kind::scalar ? &node->text : nullptr;
}

template <class T>
std::optional<T> read(const Node* node, std::optional<T> (*parse)(std::string_view)) {
  const std::string* const text = scalar_of(node);
  return text == nullptr ? std::nullopt : parse(*text);
}

}  // namespace

std::optional<std::string> ParamReader::text(std::string_view key) const {
  const std::string* const found = scalar_of(node(key));
  return found == nullptr ? std::nullopt : std::optional{*found};
}

std::optional<bool> ParamReader::boolean(std::string_view key) const {
  const std::string* const found = scalar_of(node(key));
  if (found == nullptr || (*found != "true" && *found != "false")) return std::nullopt;
  return *found == "true";
}

std::optional<std::int64_t> ParamReader::integer(std::string_view key) const {
  return read(node(key), parse_integer);
}
std::optional<double> ParamReader::number(std::string_view key) const {
  return read(node(key), parse_number);
}
std::optional<Duration> ParamReader::duration(std::string_view key) const {
  return read(node(key), parse_duration);
}
std::optional<Probability> ParamReader::share(std::string_view key) const {
  return read(node(key), parse_share);
}
std::optional<Bandwidth> ParamReader::rate(std::string_view key) const {
  return read(node(key), parse_rate);
}

std::vector<std::string> ParamReader::texts(std::string_view key) const {
  std::vector<std::string> out;
  const Node* const value = node(key);
  if (const std::string* const one = scalar_of(value)) out.push_back(*one);
  if (value == nullptr) return out;
  for (const Node& item : value->items) {
    if (const std::string* const one = scalar_of(&item)) out.push_back(*one);
  }
  return out;
}

ParamReader ParamReader::inner(std::string_view key) const {
  static const Node kNothing;
  const Node* const value = node(key);
  return {value == nullptr ? kNothing : *value, *diagnostics_};
}

void ParamReader::error(std::string_view key, std::string message, std::string hint) const {
  const Node* const value = node(key);
  error_at(value == nullptr ? map_->pos : value->pos, std::move(message), std::move(hint));
}

void ParamReader::error_at(SourcePos pos, std::string message, std::string hint) const {
  diagnostics_->push_back({pos, std::move(message), std::move(hint)});
}

}  // namespace blackstart
