#include "probe/judge.h"

#include "blackstart/params.h"

namespace blackstart {
namespace {

constexpr std::string_view kCut = "…";
constexpr std::size_t kReasonBytesMax = 400;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

}  // namespace

CheckResult judge(const std::optional<Miss>& expect,
                  const std::function<std::optional<Miss>()>& truth, const CheckPhases& phases) {
  CheckResult result;
  result.phases = phases;
  if (expect) {
    result.outcome = Outcome::failed;
    result.reason = bounded(expect->reason, kReasonBytesMax);
    return result;
  }
  result.outcome = Outcome::ok;
  if (const std::optional<Miss> lie = truth()) {
    result.outcome = Outcome::wrong;
    result.reason = bounded(lie->reason, kReasonBytesMax);
    result.evidence = bounded(lie->evidence, limits::evidence_bytes_max);
  }
  return result;
}

std::string bounded(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string{text};
  std::size_t end = bytes_max - kCut.size();
  while (end > 0 && continues_character(text[end])) --end;
  return std::string{text.substr(0, end)}.append(kCut);
}

std::optional<Miss> late(std::optional<Duration> within, Duration took) {
  if (!within || took <= *within) return std::nullopt;
  const Duration shown = std::chrono::ceil<std::chrono::milliseconds>(took);
  const std::string words = "took " + duration_text(shown);
  return Miss{words + ", expected within " + duration_text(*within), words};
}

}  // namespace blackstart
