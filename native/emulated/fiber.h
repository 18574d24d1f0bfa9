/*
 * Fibers: stacks from a pool and a switch between them. One thread of the process uses them at a time (the runtime's
 * lock).
 */
#ifndef MOR4J_EMULATED_FIBER_H
#define MOR4J_EMULATED_FIBER_H

#pragma GCC visibility push(hidden)

namespace mor4j_emulated {

struct fiber;

/* A fiber that will run body(), which ends with fiber_exit. Its stack comes from the pool; null when there is no
   memory. */
fiber *fiber_start(void (*body)());

/* Runs the fiber, and those it switches to, until one yields or exits. */
void fiber_resume(fiber *f);

/* From inside a fiber: to another one, which has run before. */
void fiber_switch(fiber *f);

/* From inside a fiber: back to fiber_resume, whichever fiber that has resumed. */
void fiber_yield();
[[noreturn]] void fiber_exit();

/* Gives the stack back, whatever was on it. Not from inside. */
void fiber_release(fiber *f);

} // namespace mor4j_emulated

#pragma GCC visibility pop

#endif
