#pragma once

// The files of a stub resolver, as core/stub_config.h reads them.

#include <sys/stat.h>

#include <optional>
#include <string>

#include "core/stub_config.h"

namespace blackstart {

// Both files, read again when they have changed. One that can't be read counts as empty.
class StubFiles {
 public:
  StubFiles(std::string resolv_conf, std::string hosts);

  const StubConfig& config();
  const HostTable& hosts();

 private:
  class Watched {
   public:
    explicit Watched(std::string path) : path_{std::move(path)} {}

    // The text, where it is not the one that was returned before.
    std::optional<std::string> changed();

   private:
    std::string path_;
    std::optional<struct stat> seen_;
    bool read_ = false;
  };

  Watched resolv_conf_, hosts_file_;
  StubConfig config_;
  HostTable hosts_;
};

}  // namespace blackstart
