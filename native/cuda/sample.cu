/*
 * The next token of each row, chosen from its logits [V]. A block a row, which reads the logits several times.
 * Probabilities are float32 relative to the largest, sums of them integers in units of 2^-42: no sum depends on an
 * order, and no sorting is needed to find where the likeliest tokens end.
 */
#include <math.h>

#include "rows.cuh"
#include "walk.cuh"

#define MOST_VOCABULARY (1 << 21) /* whose probabilities sum to less than 2^63 units */
#define UNITS 0x1p42f             /* of probability 1; what has less than one unit is never chosen */
#define NEPERS 30.0f              /* exp(-NEPERS) is less than a unit */
#define BIN_BITS 11
#define BINS (1 << BIN_BITS)
#define LOADS 8  /* of a thread at a time */
#define FEW 4096 /* tokens that a small block is enough for */
#define SMALL_BLOCK 256
#define LARGE_BLOCK 1024

/* What blocks use of shared memory. */
struct sample_shared {
    sum_t sums[MOST_WARPS];
    uint32_t low[BINS], high[BINS]; /* halves of the bins' sums */
};

/* A row; a token is a candidate with a key above least_key, or with that key and an id up to last_id. */
struct sample_row {
    const float *logits;
    int32_t vocabulary;
    float inverse_temperature;
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

__device__ static float probability(const sample_row &row, float logit)
{
    return expf((logit - row.largest) * row.inverse_temperature);
}

__device__ static sum_t units(float probability) { return static_cast<sum_t>(probability * UNITS); }

__device__ static bool is_candidate(const sample_row &row, uint32_t key, int32_t id)
{
    return key > row.least_key || (key == row.least_key && id <= row.last_id);
}

/* The key of the largest logit above the complement of its id, of equal ones the first; 0 when all are NaN. */
__device__ static sum_t find_largest(const float *logits, int32_t vocabulary, sum_t *shared)
{
    const int lane = static_cast<int>(threadIdx.x) % WARP, warps = static_cast<int>(blockDim.x) / WARP;
    sum_t largest = 0;
#pragma unroll 4
    for (int32_t i = static_cast<int32_t>(threadIdx.x); i < vocabulary; i += static_cast<int32_t>(blockDim.x)) {
        const sum_t here = static_cast<sum_t>(key_of(logits[i])) << 32 | ~static_cast<uint32_t>(i);
        largest = max(largest, here);
    }
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
    const auto mass = [&all](float logit) { return units(probability(all, logit)); };
    if (how.top_k > 0 && how.top_k < row->vocabulary) {
        const sum_t target = static_cast<sum_t>(how.top_k) - 1;
        keep_likeliest(
            row, shared, [mass](float logit) { return static_cast<sum_t>(mass(logit) != 0); },
            [target](sum_t) { return target; });
    }
    if (how.top_p < 1.0f) {
        const double share = how.top_p > 0.0f ? static_cast<double>(how.top_p) : 0.0;
        keep_likeliest(row, shared, mass, [share](sum_t total) {
            const sum_t wanted = static_cast<sum_t>(ceil(share * static_cast<double>(total)));
            return wanted == 0 ? 0 : min(wanted, total) - 1;
        });
    }
}

/* The candidate that the draw falls on, or `largest` where there are none. */
__device__ static int32_t draw(const sample_row &row, sample_shared *shared, const mor4j_cuda_sampling &how,
                               int32_t largest)
{
    walked drawn = {largest, 0, 0};
    const auto weight = [&row, &how](int32_t i, float logit) {
        const float p = probability(row, logit);
        return is_candidate(row, key_of(logit), i) && p >= how.min_p ? units(p) : 0;
    };
    /* The product may round up to the total. */
    const auto target_of = [&how](sum_t total) {
        return total == 0 ? 0 : min(static_cast<sum_t>(how.point * static_cast<double>(total)), total - 1);
    };
    walk(
        row.vocabulary, shared->sums, [&row](int32_t i) { return row.logits[i]; }, weight, target_of, &drawn);
    return drawn.index;
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
    } else if (how.temperature > 0.0f && row.largest_key != key_of(INFINITY)) {
        row.inverse_temperature = fminf(1.0f / how.temperature, 0x1.FFFFFEp127f); /* 0 times infinity would be NaN */
        row.largest = logit_of(row.largest_key);
        row.least_key = key_of(row.largest - NEPERS * how.temperature);
        row.last_id = row.vocabulary;
        restrict_candidates(&row, &shared, how);
        token = draw(row, &shared, how, token);
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
