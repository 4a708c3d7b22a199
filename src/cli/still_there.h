#pragma once

// The person at the terminal, who answers a question with Enter.

namespace blackstart::cli {

// There is a terminal to read from and one to write to, and it listens to us: we are not in its
// background, where reading would stop us.
bool person_can_be_asked();

// Forgets what was typed before the question.
void forget_what_was_typed();

// Whether Enter was pressed since. Takes what was typed; never waits.
bool enter_was_pressed();

}  // namespace blackstart::cli
