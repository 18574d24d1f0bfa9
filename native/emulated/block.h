/*
 * A thread block on the host: one fiber per thread, from barrier to barrier in a chosen order.
 */
#ifndef MOR4J_EMULATED_BLOCK_H
#define MOR4J_EMULATED_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <string>

#include "types.h"

#pragma GCC visibility push(hidden)

namespace mor4j_emulated {

/* A kernel with its arguments. */
struct kernel_call {
    virtual ~kernel_call() {}
    virtual void run() = 0; /* one thread */
};

static const unsigned MAX_BLOCK_THREADS = 1024;
static const size_t MAX_DYNAMIC_SHARED = 48 << 10;

/* 0 forward, 1 backward, else the seed of a random order. */
void set_order(uint32_t order);
uint32_t order();

/* Runs all blocks; false with a text where the threads of one wait for ever or misuse a warp operation. */
bool run_grid(kernel_call &call, dim3 grid, dim3 block, size_t shared_bytes, std::string &failure);

/* A thread of the running block has waited for the kernels before; how many have since the grid began. */
void note_await();
uint64_t awaits();

/* Of the running block; its last byte lies before a guard. */
void *dynamic_shared();

} // namespace mor4j_emulated

#pragma GCC visibility pop

#endif
