#include "cli/errors.h"

#include <cstdio>
#include <system_error>

#include "blackstart/report.h"

namespace blackstart::cli {

int carry_out_safely(const std::function<int()>& verb) {
  try {
    return verb();
  } catch (const CommandError& error) {
    std::fprintf(stderr, "blackstart: %s\n", error.what());
    return error.exit_code();
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "blackstart: %s\ntry: blackstart doctor\n", error.what());
    return exit_code::machine;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "blackstart: internal error: %s\n", error.what());
    return exit_code::internal_error;
  }
}

}  // namespace blackstart::cli
