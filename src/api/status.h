#pragma once

#include <exception>

namespace blackstart::api {

// HTTP's status for what went wrong: what the proxies refuse, what a body does not say, and 500
// for the rest.
int status_of(const std::exception& error);

}  // namespace blackstart::api
