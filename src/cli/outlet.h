#pragma once

// Standard output that never makes anyone wait.

#include <string>
#include <string_view>

#include "sys/fd.h"

namespace blackstart::cli {

// Writes through a non-blocking descriptor of its own, so a terminal that is held (Ctrl-S) or a
// pipe that nobody reads cannot hold up a run. What was not taken waits, up to a limit.
class Outlet {
 public:
  Outlet();
  ~Outlet();  // waits a moment for what was not taken yet, now that nothing else waits
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  // For lines: kept until taken. Beyond the limit the oldest are lost.
  void write(std::string_view text);

  // For pictures: dropped as a whole when an earlier one has not been taken yet.
  void draw(std::string_view frame);

  void flush();
  bool is_terminal() const { return terminal_; }
  int columns() const;  // 80 where nobody knows
  int rows() const;

 private:
  UniqueFd fd_;
  bool terminal_ = false;
  std::string pending_;
};

}  // namespace blackstart::cli
