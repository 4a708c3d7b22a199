#pragma once

// The last catch site: exceptions become a sentence and an exit code.

#include <functional>
#include <stdexcept>
#include <string>

namespace blackstart::cli {

// Carries a verb's exit code and what the user should read.
class CommandError : public std::runtime_error {
 public:
  CommandError(int exit_code, const std::string& text)
      : std::runtime_error{text}, exit_code_{exit_code} {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// Runs `verb`. What the machine refuses (std::system_error) ends with exit code 3, anything
// else that escapes with 1; either way the reason is on standard error.
int carry_out_safely(const std::function<int()>& verb);

}  // namespace blackstart::cli
