#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace blackstart {

inline constexpr double kGoal = 50.0;  // milliseconds from a kill to normal traffic

// Of one way to end a run.
struct Tally {
  std::string what;
  double goal = kGoal;
  int times = 0, hurt = 0, with_devices = 0, leftovers = 0;
  std::vector<double> normal{};  // ms

  double at(double share) const {
    std::vector<double> sorted = normal;
    std::ranges::sort(sorted);
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  }
  bool missed() const { return leftovers > 0 || (!normal.empty() && at(1.0) > goal); }
  void print() const {
    if (times == 0) return;
    std::printf("| %s | %d | %d | %d | %d | ", what.c_str(), times, hurt, leftovers, with_devices);
    if (normal.empty()) {
      std::puts("| |");
    } else {
      std::printf("%.1f / %.1f / %.1f ms | %.0f ms |\n", at(0.5), at(0.99), at(1.0), goal);
    }
  }
};

}  // namespace blackstart
