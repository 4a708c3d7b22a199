#pragma once

// The verdict in one sentence, for a reader who reads nothing else.

#include <string>

#include "blackstart/report.h"

namespace blackstart {

// "MISSED: balance came back 31.3 s after the lift, allowed 30 s; and it lied 140 times". The
// verdict and the end of the report must be filled in. `control_moved`: as in judge_run().
std::string sentence_of(const RunReport& report, const std::string& control_moved);

}  // namespace blackstart
