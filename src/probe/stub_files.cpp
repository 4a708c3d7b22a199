#include "probe/stub_files.h"

#include <fstream>
#include <sstream>
#include <utility>

namespace blackstart {
namespace {

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

StubFiles::StubFiles(std::string resolv_conf, std::string hosts)
    : resolv_conf_{std::move(resolv_conf)}, hosts_file_{std::move(hosts)} {}

std::optional<std::string> StubFiles::Watched::changed() {
  std::optional<struct stat> now{std::in_place};
  if (::stat(path_.c_str(), &*now) != 0) now.reset();
  const bool same = now.has_value() == seen_.has_value() && (!now || same_file(*now, *seen_));
  if (read_ && same) return std::nullopt;
  read_ = true;
  seen_ = now;
  std::ostringstream text;
  if (const std::ifstream file{path_}) text << file.rdbuf();
  return text.str();
}

const StubConfig& StubFiles::config() {
  if (const auto text = resolv_conf_.changed()) config_ = parse_stub_config(*text);
  return config_;
}

const HostTable& StubFiles::hosts() {
  if (const auto text = hosts_file_.changed()) hosts_ = parse_host_table(*text);
  return hosts_;
}

}  // namespace blackstart
