#pragma once

// A directory that goes with its test.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "sys/fd.h"

namespace blackstart::test {

class TempDir {
 public:
  TempDir() {
    std::string pattern = std::filesystem::temp_directory_path() / "blackstart-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) check("mkdtemp", -1);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

  // Writes a file of it and returns the file's path.
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream{path_ + '/' + name} << text;
    return path_ + '/' + name;
  }

 private:
  std::string path_;
};

}  // namespace blackstart::test
