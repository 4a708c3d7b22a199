#pragma once

// A run's result in the formats that people and machines read: one row a format.

#include <span>
#include <string>
#include <string_view>

#include "blackstart/report.h"
#include "core/series.h"

namespace blackstart {

struct ReportFormat {
  std::string_view name;     // "json"
  std::string_view summary;  // for --help
  std::string (*write)(const RunReport& report);
};

std::span<const ReportFormat> report_formats();

// Versioned by its "blackstart" key; seconds as numbers, null for never or not applicable.
std::string json_report(const RunReport& report);

// JUnit XML as Jenkins, GitLab and GitHub read it. Suite = scenario; cases = baseline, each
// objective, proof of injection, clean-up.
std::string junit_report(const RunReport& report);

// A series as one document: its runs as json_report() has them, each with its folder, and what
// they say together.
std::string json_series(const SeriesReport& series);

// A suite per run, named after the scenario, the run and its seed.
std::string junit_series(const SeriesReport& series);

}  // namespace blackstart
