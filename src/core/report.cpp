#include "blackstart/report.h"

namespace blackstart {

std::string_view name_of(ProbeVerdict verdict) {
  switch (verdict) {
    case ProbeVerdict::absorbed:
      return "absorbed";
    case ProbeVerdict::recovered:
      return "recovered";
    case ProbeVerdict::slow:
      return "slow";
    case ProbeVerdict::stuck:
      return "stuck";
    case ProbeVerdict::lied:
      return "lied";
    case ProbeVerdict::unjudged:
      return "unjudged";
  }
  return {};
}

std::string_view name_of(RunVerdict verdict) {
  switch (verdict) {
    case RunVerdict::held:
      return "held";
    case RunVerdict::missed:
      return "missed";
    case RunVerdict::invalid:
      return "invalid";
    case RunVerdict::not_started:
      return "not started";
    case RunVerdict::stopped:
      return "stopped";
  }
  return {};
}

}  // namespace blackstart
