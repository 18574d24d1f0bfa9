/*
 * The token of each row, chosen from its logits [V]. A thread block a row, which reads the logits several times. The
 * rules and their arithmetic are those of the CPU (choice.h; this file is compiled without contraction): weights are
 * whole units, so no sum depends on an order, and no sorting is needed to find where the likeliest tokens end.
 */
#include <math.h>

#include "choice.h"
#include "rows.cuh"
#include "walk.cuh"

#define MOST_VOCABULARY (1 << 21)
#define NEPERS 40.0 /* a token that far below the largest weighs nothing and never wins */
#define BIN_BITS 11
#define BINS (1 << BIN_BITS)
#define LOADS 8  /* of a thread at a time */
#define FEW 4096 /* tokens that a small thread block is enough for */
#define SMALL_BLOCK 256
#define LARGE_BLOCK 1024

/* What thread blocks use of shared memory. */
struct sample_shared {
    sum_t sums[MOST_WARPS];
    uint32_t low[BINS], high[BINS]; /* halves of the bins' sums */
};

/* A row; a token is a candidate with a key above least_key, or with that key and an id up to last_id. */
struct sample_row {
    const float *logits;
    int32_t vocabulary;
    float scale; /* of differences of logits, to exponents of 2 */
    float largest;
    uint32_t largest_key;
    uint32_t least_key;
    int32_t last_id;
};

/* Orders like the logit, 0 for NaN; both zeros have the same. */
__device__ static uint32_t key_of(float logit)
{
    const uint32_t bits = __float_as_uint(logit + 0.0f);
    if (logit != logit) return 0;
    return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}

__device__ static float logit_of(uint32_t key) { return __uint_as_float((key >> 31) != 0 ? key & 0x7FFFFFFFu : ~key); }

__device__ static float exponent_of(const sample_row &row, float logit) { return (logit - row.largest) * row.scale; }

__device__ static bool is_candidate(const sample_row &row, uint32_t key, int32_t id)
{
    return key > row.least_key || (key == row.least_key && id <= row.last_id);
}

/* The largest of the threads' numbers. */
__device__ static sum_t block_max(sum_t largest, sum_t *shared)
{
    const int lane = static_cast<int>(threadIdx.x) % WARP, warps = static_cast<int>(blockDim.x) / WARP;
    for (int other = WARP / 2; other > 0; other /= 2) {
        largest = max(largest, __shfl_xor_sync(ALL_LANES, largest, other));
    }
    if (lane == 0) shared[threadIdx.x / WARP] = largest;
    __syncthreads();
    largest = lane < warps ? shared[lane] : 0;
    __syncthreads();
    for (int other = WARP / 2; other > 0; other /= 2) {
        largest = max(largest, __shfl_xor_sync(ALL_LANES, largest, other));
    }
    return largest;
}

/* The key of the largest logit above the complement of its id, of equal ones the first; 0 when all are NaN. */
__device__ static sum_t find_largest(const float *logits, int32_t vocabulary, sum_t *shared)
{
    sum_t largest = 0;
#pragma unroll 4
    for (int32_t i = static_cast<int32_t>(threadIdx.x); i < vocabulary; i += static_cast<int32_t>(blockDim.x)) {
        const sum_t here = static_cast<sum_t>(key_of(logits[i])) << 32 | ~static_cast<uint32_t>(i);
        largest = max(largest, here);
    }
    return block_max(largest, shared);
}

/* Halves are added on their own: a 64-bit addition to shared memory would be a loop of compare and swap. */
__device__ static void add_to_bin(sample_shared *shared, uint32_t bin, sum_t added)
{
    const uint32_t below = static_cast<uint32_t>(added);
    const uint32_t carry = below != 0 && atomicAdd(&shared->low[bin], below) > ~below;
    const uint32_t above = static_cast<uint32_t>(added >> 32) + carry;
    if (above != 0) atomicAdd(&shared->high[bin], above);
}

/* Sums weight(logit) of the candidates with keys in [low, low + last] in bins of 2^shift keys. */
template <typename W>
__device__ static void fill_bins(const sample_row &row, sample_shared *shared, uint32_t low, uint32_t last, int shift,
                                 W weight)
{
    for (int bin = static_cast<int>(threadIdx.x); bin < BINS; bin += static_cast<int>(blockDim.x)) {
        shared->low[bin] = 0;
        shared->high[bin] = 0;
    }
    __syncthreads();
    const int32_t step = static_cast<int32_t>(blockDim.x);
    for (int32_t first = static_cast<int32_t>(threadIdx.x); first < row.vocabulary; first += LOADS * step) {
        float logits[LOADS]; /* all under way before the first addition, which loads do not pass */
#pragma unroll
        for (int j = 0; j < LOADS; j++) {
            logits[j] = first + j * step < row.vocabulary ? row.logits[first + j * step] : NAN;
        }
#pragma unroll
        for (int j = 0; j < LOADS; j++) {
            const uint32_t key = key_of(logits[j]);
            if (key - low > last || !is_candidate(row, key, first + j * step)) continue;
            add_to_bin(shared, (key - low) >> shift, weight(logits[j]));
        }
    }
    __syncthreads();
}

/* Of the candidates with key `key` keeps the first whose weights, `each`, make up `needed` units or more. */
__device__ static void keep_first(sample_row *row, sample_shared *shared, uint32_t key, sum_t each, sum_t needed)
{
    const sample_row all = *row;
    walked last;
    const auto weight = [&all, key, each](int32_t i, float logit) {
        return key_of(logit) == key && is_candidate(all, key, i) ? each : 0;
    };
    const bool found = walk(
        all.vocabulary, shared->sums, [&all](int32_t i) { return all.logits[i]; }, weight,
        [needed](sum_t) { return needed - 1; }, &last);
    row->least_key = key;
    row->last_id = found ? last.index : all.last_id;
}

/*
 * Keeps the fewest likeliest candidates, of equal ones the first, whose weight(logit) sums to more than
 * target_of(total), or all where none do. Narrows the key of the last one down by BIN_BITS bits at a time.
 */
template <typename W, typename G>
__device__ static void keep_likeliest(sample_row *row, sample_shared *shared, W weight, G target_of)
{
    uint32_t low = row->least_key, last = row->largest_key - low;
    int shift = max(0, 32 - __clz(static_cast<int>(last)) - BIN_BITS);
    sum_t target = 0, before = 0;
    for (bool first = true;; first = false) {
        fill_bins(*row, shared, low, last, shift, weight);
        walked bin;
        const auto sum_of = [shared](int32_t i) {
            return static_cast<sum_t>(shared->high[BINS - 1 - i]) << 32 | shared->low[BINS - 1 - i];
        };
        const bool found = walk(
            BINS, shared->sums, sum_of, [](int32_t, sum_t sum) { return sum; },
            [&](sum_t total) { return first ? target = target_of(total) : target - before; }, &bin);
        if (!found) return;
        before += bin.before;
        low += static_cast<uint32_t>(BINS - 1 - bin.index) << shift;
        const sum_t each = shift == 0 ? weight(logit_of(low)) : 0;
        const sum_t needed = target + 1 - before;
        if (bin.weight == needed || (shift == 0 && bin.weight - each < needed)) { /* all of the bin */
            row->last_id = low == row->least_key ? row->last_id : row->vocabulary;
            row->least_key = low;
            return;
        }
        if (shift == 0) return keep_first(row, shared, low, each, needed);
        last = (1u << shift) - 1;
        shift = max(0, shift - BIN_BITS);
    }
}

/* Drops the candidates that top-k and top-p do not keep. */
__device__ static void restrict_candidates(sample_row *row, sample_shared *shared, const mor4j_cuda_sampling &how)
{
    const sample_row all = *row;
    const auto mass = [&all](float logit) { return static_cast<sum_t>(mor4j_weight(exponent_of(all, logit))); };
    if (how.top_k > 0 && how.top_k < row->vocabulary) {
        const sum_t target = static_cast<sum_t>(how.top_k) - 1;
        keep_likeliest(
            row, shared, [](float) { return static_cast<sum_t>(1); }, [target](sum_t) { return target; });
    }
    if (how.top_p < 1.0) {
        const double share = how.top_p > 0.0 ? how.top_p : 0.0;
        keep_likeliest(row, shared, mass, [share](sum_t total) {
            const sum_t wanted = static_cast<sum_t>(ceil(share * static_cast<double>(total)));
            return wanted == 0 ? 0 : min(wanted, total) - 1;
        });
    }
}

/* Orders like the value, never 0 for a number. */
__device__ static sum_t key_of(double value)
{
    const sum_t bits = static_cast<sum_t>(__double_as_longlong(value + 0.0));
    return (bits >> 63) != 0 ? ~bits : bits | static_cast<sum_t>(1) << 63;
}

/*
 * The candidate with the largest noisy logit. The bound of the noise spares most of them the logarithms; the largest,
 * which is a candidate always, is where every thread begins.
 */
__device__ static int32_t race(const sample_row &row, sample_shared *shared, const mor4j_cuda_sampling &how,
                               int32_t largest)
{
    const double likely = static_cast<double>(row.largest) + how.temperature * how.min_log;
    double best = mor4j_gumbel(mor4j_noise_bits(how.draw, static_cast<uint32_t>(largest)));
    int32_t token = largest;
    float limit = static_cast<float>(best * MOR4J_LOG2_E - MOR4J_BOUND_ERROR);
    for (int32_t i = static_cast<int32_t>(threadIdx.x); i < row.vocabulary; i += static_cast<int32_t>(blockDim.x)) {
        const float logit = row.logits[i];
        const uint32_t bits = mor4j_noise_bits(how.draw, static_cast<uint32_t>(i));
        if (!(exponent_of(row, logit) + mor4j_noise_bound(bits) >= limit)) continue;
        if (!is_candidate(row, key_of(logit), i) || !(static_cast<double>(logit) >= likely)) continue;
        const double value = mor4j_noisy(logit, row.largest, how.temperature, bits);
        if (value > best || (value == best && i < token)) {
            best = value;
            token = i;
            limit = static_cast<float>(best * MOR4J_LOG2_E - MOR4J_BOUND_ERROR);
        }
    }
    const sum_t mine = key_of(best), most = block_max(mine, shared->sums);
    const sum_t first = block_max(mine == most ? ~static_cast<uint32_t>(token) : 0, shared->sums);
    return static_cast<int32_t>(~static_cast<uint32_t>(first));
}

__global__ void __launch_bounds__(LARGE_BLOCK) sample_rows(const mor4j_cuda_sample_args args)
{
    await_previous_kernel();
    MOR4J_SHARED sample_shared shared;
    const int64_t i = blockIdx.x;
    if (!takes_row(args.rows, i)) return;
    const mor4j_cuda_sampling how = args.sampling[i];
    sample_row row = {};
    row.logits = args.logits + i * args.vocabulary;
    row.vocabulary = static_cast<int32_t>(args.vocabulary);
    const sum_t largest = find_largest(row.logits, row.vocabulary, shared.sums);
    row.largest_key = static_cast<uint32_t>(largest >> 32);
    int32_t token = static_cast<int32_t>(~static_cast<uint32_t>(largest));
    if (row.largest_key <= key_of(-INFINITY)) {
        token = -1;
    } else if (how.temperature > 0.0 && row.largest_key != key_of(INFINITY)) {
        row.scale = mor4j_weight_scale(how.temperature);
        row.largest = logit_of(row.largest_key);
        row.least_key = max(key_of(static_cast<float>(row.largest - NEPERS * how.temperature)), key_of(-INFINITY) + 1);
        row.last_id = row.vocabulary;
        restrict_candidates(&row, &shared, how);
        token = race(row, &shared, how, token);
    }
    if (threadIdx.x == 0) args.tokens[i] = token;
}

int32_t mor4j_cuda_sample(const mor4j_cuda_sample_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->logits == nullptr || args->sampling == nullptr ||
        args->tokens == nullptr || args->vocabulary < 1 || args->vocabulary > MOST_VOCABULARY) {
        return cudaErrorInvalidValue;
    }
    const unsigned threads = args->vocabulary <= FEW ? SMALL_BLOCK : LARGE_BLOCK;
    return MOR4J_LAUNCH(sample_rows, dim3(static_cast<unsigned>(args->rows.bucket)), dim3(threads), 0, stream, *args);
}
