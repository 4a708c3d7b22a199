#pragma once

// A small HTTP service that speaks JSON.

#include <functional>
#include <memory>
#include <string>

#include "options.h"

namespace wallet {

struct Answer {
  int status = 200;
  std::string json;
};

// {"error": "…"} with 503: honest about what it could not do.
Answer unavailable(const std::string& reason);

class Service {
 public:
  // `/healthz` is there from the start: 200 as long as the process runs, whatever its
  // dependencies do.
  explicit Service(std::string name);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // `pattern` is a regular expression; its first group is what the handler is given. Handlers
  // run on a pool of threads, several at once.
  using Handler = std::function<Answer(const std::string& argument)>;
  void get(const std::string& pattern, Handler handler);

  // Serves until the process ends. Throws std::runtime_error when it cannot listen.
  int serve(const HostPort& where);

 private:
  struct Impl;
  std::string name_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallet
