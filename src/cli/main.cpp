#include <clocale>

#include "cli/commands.h"

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");  // what the terminal can show; numbers stay as they are
  return blackstart::cli::run_command_line(argc, argv);
}
