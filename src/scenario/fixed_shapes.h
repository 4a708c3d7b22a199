#pragma once

// The parts of the language that do not depend on which kinds there are.

#include "blackstart/shape.h"

namespace blackstart::shapes {

extern const Shape kVersion;
extern const Shape kIncident;
extern const Shape kSpeed;
extern const Shape kSeed;
extern const Shape kWhere;
extern const Shape kEngine;
extern const Shape kVars;
extern const Shape kTargets;
extern const Shape kWatch;
extern const Shape kPulse;
extern const Shape kRole;
extern const Shape kInterval;
extern const Shape kObjectives;
extern const Shape kGuards;

}  // namespace blackstart::shapes
