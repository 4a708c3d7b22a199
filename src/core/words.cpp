#include "core/words.h"

#include <cmath>
#include <cstdio>

#include "blackstart/params.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

// With one decimal, and without one that is zero.
std::string figure(double value) {
  char text[64];
  const double rounded = std::round(value * 10) / 10;
  std::snprintf(text, sizeof text, rounded == std::floor(rounded) ? "%.0f" : "%.1f", rounded);
  return text;
}

}  // namespace

std::string span_in_words(Duration span) {
  if (span < Duration::zero()) return "-" + span_in_words(-span);
  if (span < 1ms) return figure(milliseconds_of(span)) + " ms";
  if (span < 999'500us) return std::to_string(std::llround(milliseconds_of(span))) + " ms";
  if (span < 120s) return figure(seconds_of(span)) + " s";
  return duration_text(std::chrono::round<std::chrono::seconds>(span));
}

std::string seconds_in_words(double seconds) {
  return span_in_words(Duration{std::llround(seconds * 1e9)});
}

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace blackstart
