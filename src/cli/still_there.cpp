#include "cli/still_there.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace blackstart::cli {
namespace {

// A terminal that controls nobody has no background.
bool listens_to_us() {
  if (::isatty(STDIN_FILENO) != 1) return false;
  const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
  return foreground < 0 || foreground == ::getpgrp();
}

}  // namespace

bool person_can_be_asked() {
  return listens_to_us() && (::isatty(STDOUT_FILENO) == 1 || ::isatty(STDERR_FILENO) == 1);
}

void forget_what_was_typed() { ::tcflush(STDIN_FILENO, TCIFLUSH); }

// A terminal gives whole lines, and only when there is one.
bool enter_was_pressed() {
  pollfd ready{STDIN_FILENO, POLLIN, 0};
  if (!listens_to_us() || ::poll(&ready, 1, 0) <= 0) return false;
  std::array<char, 256> typed;
  const ssize_t got = ::read(STDIN_FILENO, typed.data(), typed.size());
  return got > 0 && std::find(typed.begin(), typed.begin() + got, '\n') != typed.begin() + got;
}

}  // namespace blackstart::cli
