#include "report/writers.h"

#include <array>

namespace blackstart {

std::span<const ReportFormat> report_formats() {
  static constexpr std::array kFormats{
      ReportFormat{"json", "everything, for programs", json_report},
      ReportFormat{"junit", "test cases, for continuous integration", junit_report},
  };
  return kFormats;
}

}  // namespace blackstart
