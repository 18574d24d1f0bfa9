#include "block.h"

#include <stdio.h>
#include <vector>

#include "barriers.h"
#include "fiber.h"
#include "guarded.h"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace mor4j_emulated {

/* Sets of lanes are masks. A lane that has not exited is in one of ready, at_block and at_warp. */
struct lane_state {
    fiber *stack;
    uint3 index;
    uint32_t mask;
    uint32_t operand;
    uint32_t width;
    warp_operation operation;
    uint64_t value;
    uint64_t result;
};

struct warp_state {
    lane_state lanes[32];
    uint32_t alive;
    uint32_t ready;
    uint32_t at_block;
    uint32_t at_warp;
};

struct block_state {
    warp_state warps[MAX_BLOCK_THREADS / 32];
    unsigned warp_count;
    unsigned alive;
    unsigned waiting; /* at the block barrier */
    block_operation operation;
    int line;
    unsigned yes; /* threads whose predicate is true */
    int result;
    kernel_call *call;
    warp_state *warp; /* of the running thread */
    unsigned lane;
    uint32_t pass; /* lanes of that warp whose turn it will be before any of them has another */
    std::string failure;
};

/* What a lane gets that no lane of the mask sent: NaN as a float, nothing plausible as an integer. */
static const uint64_t NOTHING = 0x7FFDEAD17FFDEAD1;

static block_state state;
static uint32_t thread_order;
static uint64_t random_state;

void set_order(uint32_t order)
{
    thread_order = order;
    random_state = order * 0x9E3779B97F4A7C15u;
}

uint32_t order() { return thread_order; }

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

/* The lane of a set that is next. */
static unsigned choose(uint32_t lanes)
{
    if (thread_order == 0) return (unsigned)__builtin_ctz(lanes);
    if (thread_order == 1) return 31u - (unsigned)__builtin_clz(lanes);
    for (uint32_t skip = random_below((uint32_t)__builtin_popcount(lanes)); skip > 0; skip--) lanes &= lanes - 1;
    return (unsigned)__builtin_ctz(lanes);
}

static void fail(const std::string &text)
{
    if (state.failure.empty()) state.failure = text;
}

/* Hands on to the next lane of the warp, which saves the way through the scheduler; to that where there is none. */
static void wait_for_others()
{
    if (state.pass && state.failure.empty()) {
        const unsigned lane = choose(state.pass);
        const lane_state &next = state.warp->lanes[lane];
        if (next.stack) {
            state.pass &= ~(1u << lane);
            state.lane = lane;
            threadIdx = next.index;
            fiber_switch(next.stack);
            return;
        }
    }
    fiber_yield();
}

static void release_block_barrier()
{
    const unsigned count = state.waiting;
    switch (state.operation) {
    case BLOCK_SYNC: state.result = 0; break;
    case BLOCK_COUNT: state.result = (int)state.yes; break;
    case BLOCK_AND: state.result = state.yes == count; break;
    case BLOCK_OR: state.result = state.yes > 0; break;
    }
    state.waiting = 0;
    state.yes = 0;
    for (unsigned w = 0; w < state.warp_count; w++) {
        state.warps[w].ready |= state.warps[w].at_block;
        state.warps[w].at_block = 0;
    }
}

int block_barrier(block_operation operation, int predicate, int line)
{
    if (state.waiting == 0) {
        state.operation = operation;
        state.line = line;
    } else if (state.operation != operation || state.line != line) {
        fail("threads of a block wait at different barriers: lines " + std::to_string(state.line) + " and " +
             std::to_string(line));
        fiber_exit();
    }
    warp_state &warp = *state.warp;
    warp.ready &= ~(1u << state.lane);
    warp.at_block |= 1u << state.lane;
    state.yes += predicate != 0;
    if (++state.waiting == state.alive) release_block_barrier();
    wait_for_others();
    return state.result;
}

static uint64_t shuffled(const warp_state &warp, unsigned lane, uint32_t present)
{
    const lane_state &self = warp.lanes[lane];
    const unsigned first = lane & ~(self.width - 1);
    int64_t source = 0;
    switch (self.operation) {
    case WARP_SHUFFLE: source = first + (self.operand & (self.width - 1)); break;
    case WARP_SHUFFLE_UP: source = (int64_t)lane - self.operand; break;
    case WARP_SHUFFLE_DOWN: source = (int64_t)lane + self.operand; break;
    default: source = lane ^ self.operand; break;
    }
    /* Out of its part of the warp a lane gets its own value; a shuffle by xor may reach lower parts. */
    if (source >= first + self.width || (source < first && self.operation != WARP_SHUFFLE_XOR)) source = lane;
    return (present >> source & 1) ? warp.lanes[source].value : NOTHING;
}

/* The lanes that sent this value. */
static uint64_t senders(const warp_state &warp, uint32_t present, uint64_t value)
{
    uint64_t lanes = 0;
    for (uint32_t rest = present; rest; rest &= rest - 1) {
        const unsigned lane = (unsigned)__builtin_ctz(rest);
        if (warp.lanes[lane].value == value) lanes |= 1u << lane;
    }
    return lanes;
}

static void exchange(warp_state &warp, uint32_t present)
{
    const warp_operation operation = warp.lanes[__builtin_ctz(present)].operation;
    const uint64_t ballot = operation == WARP_BALLOT ? senders(warp, present, 1) : 0;
    for (uint32_t rest = operation == WARP_SYNC ? 0 : present; rest; rest &= rest - 1) {
        const unsigned lane = (unsigned)__builtin_ctz(rest);
        lane_state &self = warp.lanes[lane];
        if (operation == WARP_BALLOT) {
            self.result = ballot;
        } else if (operation == WARP_MATCH) {
            self.result = senders(warp, present, self.value);
        } else {
            self.result = shuffled(warp, lane, present);
        }
    }
}

/* Lets the lanes of a mask go on when all of them that have not exited are there. */
static void release_warp_barrier(warp_state &warp, uint32_t mask)
{
    const uint32_t present = mask & warp.alive;
    if (present == 0 || (present & ~warp.at_warp) != 0) return;
    const warp_operation operation = warp.lanes[__builtin_ctz(present)].operation;
    for (uint32_t rest = present; rest; rest &= rest - 1) {
        const lane_state &lane = warp.lanes[__builtin_ctz(rest)];
        if (lane.mask != mask) return;
        if (lane.operation != operation) fail("lanes of a warp wait at different operations with one mask");
    }
    exchange(warp, present);
    warp.at_warp &= ~present;
    warp.ready |= present;
}

uint64_t warp_collective(warp_operation operation, uint32_t mask, uint64_t value, uint32_t operand, uint32_t width)
{
    warp_state &warp = *state.warp;
    const uint32_t bit = 1u << state.lane;
    if (!(mask & bit) || width == 0 || width > 32 || (width & (width - 1)) != 0) {
        fail("a warp operation with a mask without the lane itself, or a width that is no power of two");
        fiber_exit();
    }
    lane_state &self = warp.lanes[state.lane];
    self.mask = mask;
    self.operation = operation;
    self.value = value;
    self.operand = operand;
    self.width = width;
    warp.ready &= ~bit;
    warp.at_warp |= bit;
    release_warp_barrier(warp, mask);
    wait_for_others();
    return self.result;
}

/* A thread's life. Others may wait for nobody but it. */
static void thread_main()
{
    state.call->run();
    warp_state &warp = *state.warp;
    const uint32_t bit = 1u << state.lane;
    warp.alive &= ~bit;
    warp.ready &= ~bit;
    state.alive--;
    for (uint32_t rest = warp.at_warp; rest; rest &= rest - 1) {
        const unsigned lane = (unsigned)__builtin_ctz(rest);
        if (warp.at_warp >> lane & 1) release_warp_barrier(warp, warp.lanes[lane].mask);
    }
    if (state.alive > 0 && state.waiting == state.alive) release_block_barrier();
    fiber_exit();
}

/* Runs a lane, and those it hands on to, until one has returned or there is nobody to hand on to. */
static void resume(warp_state &warp, unsigned lane)
{
    lane_state &first = warp.lanes[lane];
    if (!first.stack) {
        first.stack = fiber_start(thread_main);
        if (!first.stack) {
            fail("no memory for the stack of a thread");
            return;
        }
    }
    state.warp = &warp;
    state.lane = lane;
    threadIdx = first.index;
    fiber_resume(first.stack);
    lane_state &last = warp.lanes[state.lane];
    if (!(warp.alive >> state.lane & 1)) {
        fiber_release(last.stack);
        last.stack = nullptr;
    }
}

/* Runs a warp until its lanes wait for others. In random order it may have to pause. */
static void run_warp(warp_state &warp)
{
    while (warp.ready && state.failure.empty()) {
        state.pass = warp.ready;
        while (state.pass && state.failure.empty()) {
            const unsigned lane = choose(state.pass);
            state.pass &= ~(1u << lane);
            resume(warp, lane);
        }
        if (thread_order > 1 && random_below(4) == 0) return;
    }
}

static void prepare_block(kernel_call &call)
{
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    state.warp_count = (threads + 31) / 32;
    state.alive = threads;
    state.waiting = 0;
    state.yes = 0;
    state.call = &call;
    unsigned thread = 0;
    for (unsigned z = 0; z < blockDim.z; z++) {
        for (unsigned y = 0; y < blockDim.y; y++) {
            for (unsigned x = 0; x < blockDim.x; x++, thread++) {
                state.warps[thread / 32].lanes[thread % 32].index = {x, y, z};
            }
        }
    }
    for (unsigned w = 0; w < state.warp_count; w++) {
        warp_state &warp = state.warps[w];
        const unsigned lanes = threads - w * 32 < 32 ? threads - w * 32 : 32;
        warp.alive = lanes == 32 ? 0xFFFFFFFFu : (1u << lanes) - 1;
        warp.ready = warp.alive;
        warp.at_block = 0;
        warp.at_warp = 0;
    }
}

static void report_deadlock()
{
    unsigned at_warp = 0;
    for (unsigned w = 0; w < state.warp_count; w++) at_warp += (unsigned)__builtin_popcount(state.warps[w].at_warp);
    fail("threads of a block wait for ever: " + std::to_string(state.waiting) + " at the barrier of line " +
         std::to_string(state.waiting ? state.line : 0) + ", " + std::to_string(at_warp) +
         " at operations of their warp, " + std::to_string(state.alive) + " have not returned");
}

static void release_stacks()
{
    for (unsigned w = 0; w < state.warp_count; w++) {
        for (lane_state &lane : state.warps[w].lanes) {
            if (lane.stack) fiber_release(lane.stack);
            lane.stack = nullptr;
        }
    }
}

static bool run_block(kernel_call &call)
{
    prepare_block(call);
    while (state.alive > 0 && state.failure.empty()) {
        bool progress = false;
        const unsigned shift = thread_order > 1 ? random_below(state.warp_count) : 0;
        for (unsigned i = 0; i < state.warp_count; i++) {
            const unsigned w = thread_order == 1 ? state.warp_count - 1 - i : (i + shift) % state.warp_count;
            if (!state.warps[w].ready) continue;
            progress = true;
            run_warp(state.warps[w]);
        }
        if (!progress) report_deadlock();
    }
    if (state.failure.empty()) return true;
    release_stacks();
    return false;
}

static uint64_t awaited;

void note_await() { awaited++; }
uint64_t awaits() { return awaited; }

static guarded_memory shared_arena;

void *dynamic_shared() { return shared_arena.data; }

static bool prepare_shared(size_t bytes)
{
    if (shared_arena.mapping && shared_arena.bytes == bytes) return true;
    guarded_free(shared_arena);
    return guarded_allocate(bytes, 16, shared_arena);
}

static std::vector<uint64_t> block_order(uint64_t blocks)
{
    std::vector<uint64_t> sequence(blocks);
    for (uint64_t i = 0; i < blocks; i++) sequence[i] = thread_order == 1 ? blocks - 1 - i : i;
    for (uint64_t i = blocks; thread_order > 1 && i > 1; i--) {
        std::swap(sequence[i - 1], sequence[random_below((uint32_t)i)]);
    }
    return sequence;
}

bool run_grid(kernel_call &call, dim3 grid, dim3 block, size_t shared_bytes, std::string &failure)
{
    state.failure.clear();
    awaited = 0;
    gridDim = grid;
    blockDim = block;
    if (!prepare_shared(shared_bytes)) fail("no memory for dynamic shared memory");
    for (uint64_t i : block_order((uint64_t)grid.x * grid.y * grid.z)) {
        if (!state.failure.empty()) break;
        blockIdx = {(unsigned)(i % grid.x), (unsigned)(i / grid.x % grid.y), (unsigned)(i / grid.x / grid.y)};
        guarded_fill(shared_arena);
        if (run_block(call) && !guarded_intact(shared_arena)) fail("written past the end of dynamic shared memory");
        if (!state.failure.empty()) {
            state.failure += " (block " + std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y) + ", " +
                             std::to_string(blockIdx.z) + ")";
        }
    }
    failure = state.failure;
    return failure.empty();
}

} // namespace mor4j_emulated
