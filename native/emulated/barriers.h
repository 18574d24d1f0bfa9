/*
 * Where the threads of a block meet: block barriers, warp barriers and what warps exchange. Each of these hands the
 * processor to the block's scheduler (block.cpp) until all threads that count have arrived.
 */
#ifndef MOR4J_EMULATED_BARRIERS_H
#define MOR4J_EMULATED_BARRIERS_H

#include <stdint.h>
#include <string.h>

#include "types.h"

#pragma GCC visibility push(hidden)

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;

namespace mor4j_emulated {

enum block_operation : uint8_t { BLOCK_SYNC, BLOCK_COUNT, BLOCK_AND, BLOCK_OR };

enum warp_operation : uint8_t {
    WARP_SYNC,
    WARP_SHUFFLE,
    WARP_SHUFFLE_UP,
    WARP_SHUFFLE_DOWN,
    WARP_SHUFFLE_XOR,
    WARP_BALLOT,
    WARP_MATCH
};

/* Threads of a block that wait at barriers of different lines never meet; that is reported. */
int block_barrier(block_operation operation, int predicate, int line);

/* What this lane gets: of a shuffle the source's value, of a ballot the lanes with a value. */
uint64_t warp_collective(warp_operation operation, uint32_t mask, uint64_t value, uint32_t operand, uint32_t width);

template <typename T>
static inline T shuffle(warp_operation operation, uint32_t mask, T value, uint32_t operand, int width)
{
    static_assert(sizeof(T) <= sizeof(uint64_t), "a shuffled value has at most 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = warp_collective(operation, mask, bits, operand, (uint32_t)width);
    memcpy(&value, &bits, sizeof value);
    return value;
}

} // namespace mor4j_emulated

#pragma GCC visibility pop

constexpr int warpSize = 32;

static inline void __syncthreads(int line = __builtin_LINE())
{
    mor4j_emulated::block_barrier(mor4j_emulated::BLOCK_SYNC, 0, line);
}
static inline int __syncthreads_count(int predicate, int line = __builtin_LINE())
{
    return mor4j_emulated::block_barrier(mor4j_emulated::BLOCK_COUNT, predicate, line);
}
static inline int __syncthreads_and(int predicate, int line = __builtin_LINE())
{
    return mor4j_emulated::block_barrier(mor4j_emulated::BLOCK_AND, predicate, line);
}
static inline int __syncthreads_or(int predicate, int line = __builtin_LINE())
{
    return mor4j_emulated::block_barrier(mor4j_emulated::BLOCK_OR, predicate, line);
}
static inline void __syncwarp(unsigned mask = 0xFFFFFFFFu)
{
    mor4j_emulated::warp_collective(mor4j_emulated::WARP_SYNC, mask, 0, 0, 32);
}

template <typename T> static inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32)
{
    return mor4j_emulated::shuffle(mor4j_emulated::WARP_SHUFFLE, mask, value, (uint32_t)lane, width);
}
template <typename T> static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return mor4j_emulated::shuffle(mor4j_emulated::WARP_SHUFFLE_UP, mask, value, delta, width);
}
template <typename T> static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return mor4j_emulated::shuffle(mor4j_emulated::WARP_SHUFFLE_DOWN, mask, value, delta, width);
}
template <typename T> static inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32)
{
    return mor4j_emulated::shuffle(mor4j_emulated::WARP_SHUFFLE_XOR, mask, value, (uint32_t)lanes, width);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    return (unsigned)mor4j_emulated::warp_collective(mor4j_emulated::WARP_BALLOT, mask, predicate != 0, 0, 32);
}
static inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
/* As many lanes say no as none: exited lanes of the mask do not count. */
static inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
template <typename T> static inline unsigned __match_any_sync(unsigned mask, T value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return (unsigned)mor4j_emulated::warp_collective(mor4j_emulated::WARP_MATCH, mask, bits, 0, 32);
}

#endif
