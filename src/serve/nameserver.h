#pragma once

// Whom the server asks: core/nameserver.h has the value.

#include "core/nameserver.h"
