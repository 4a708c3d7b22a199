#pragma once

// What the sandbox puts into /etc, as text.

#include <string>
#include <string_view>
#include <vector>

namespace blackstart {

// An nsswitch.conf whose hosts are looked up in "files dns" and nowhere else; its other lines
// stay as they are.
std::string with_hosts_from_files_and_dns(std::string_view nsswitch);

// /etc/hosts with `lines` after its own, whether or not it ended with a line break.
std::string with_lines(std::string_view hosts, const std::vector<std::string>& lines);

}  // namespace blackstart
