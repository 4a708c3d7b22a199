#pragma once

#include <optional>
#include <string>

namespace blackstart {

// All of a file; nullopt where it cannot be opened. What could be read of one that fails on the
// way: a process may go while its /proc is read (ESRCH), which iostreams report by throwing.
std::optional<std::string> read_text(const std::string& path);

}  // namespace blackstart
