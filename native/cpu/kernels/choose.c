/*
 * The choice of a token from a row of logits, as docs/forward-pass.md, section 10, defines it. Candidates come first in
 * the order of tokens by logit, of equal ones by id, so that a set of them is told by its last one: `least` up to place
 * `border`, and what is above it from there on. Passes go over the two stretches, each with a least logit; nothing is
 * sorted, and no threshold is looked for where the winner of the race can be asked whether it is in.
 */
#include "choice.h"

#include <math.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

#define FEW 4096  /* candidates that are copied together; 32 KiB */
#define SAMPLE 64 /* logits that tell about where the k-th largest is */

typedef struct candidates {
    const float *logits;
    const int32_t *ids; /* NULL: 0, 1, .. */
    int64_t count;
    int64_t border;
    float least, above; /* the next float32 */
} candidates;

typedef struct race {
    double temperature;
    uint64_t draw;
    float largest, scale;
    double best;
    int64_t best_at;
} race;

typedef struct few_candidates {
    float logits[FEW];
    int32_t ids[FEW];
} few_candidates;

MOR4J_INLINE uint32_t lanes(int64_t left) { return left >= VF_WIDTH ? (1u << VF_WIDTH) - 1u : (1u << left) - 1u; }

/* The last ones of a row: zeros behind them. */
MOR4J_INLINE vf load_some(const float *p, int64_t left)
{
    return left >= VF_WIDTH ? vf_load(p) : vf_load_n(p, (int)left);
}

/* NaN does not count. */
static float find_largest(const float *x, int64_t n)
{
    vf largest = vf_set(-INFINITY);
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) largest = vf_max(vf_load(x + i), largest);
    float lane[VF_WIDTH], result = -INFINITY;
    vf_store(lane, largest);
    for (int j = 0; j < VF_WIDTH; j++) result = lane[j] > result ? lane[j] : result;
    for (; i < n; i++) result = x[i] > result ? x[i] : result;
    return result;
}

/* The place of the `nth` number (1: the first) that equals `value`; there are as many. */
static int64_t find(const float *x, int64_t n, float value, int64_t nth)
{
    const vf wanted = vf_set(value);
    for (int64_t i = 0;; i += VF_WIDTH) {
        uint32_t bits = vf_equal(load_some(x + i, n - i), wanted) & lanes(n - i);
        const int64_t here = __builtin_popcount(bits);
        if (here >= nth) {
            for (; nth > 1; nth--) bits &= bits - 1;
            return i + __builtin_ctz(bits);
        }
        nth -= here;
    }
}

static int64_t count_at_least(const float *x, int64_t n, float least)
{
    const vf bound = vf_set(least);
    int64_t count = 0, i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) count += __builtin_popcount(vf_at_least(vf_load(x + i), bound));
    for (; i < n; i++) count += x[i] >= least;
    return count;
}

/* Orders as logits do. */
static int32_t key_of(float logit)
{
    int32_t bits;
    logit += 0.0f; /* both zeros have the same */
    memcpy(&bits, &logit, sizeof bits);
    return bits ^ (bits >> 31 & INT32_MAX);
}

static float logit_of(int32_t key)
{
    const int32_t bits = key ^ (key >> 31 & INT32_MAX);
    float logit;
    memcpy(&logit, &bits, sizeof logit);
    return logit;
}

static float next_above(float logit) { return nextafterf(logit, INFINITY); }

/* Adds the candidates of [first, last) that are not below `least` to `few`. */
static int64_t copy_few(const candidates *all, int64_t first, int64_t last, float least, few_candidates *few,
                        int64_t count)
{
    const vf bound = vf_set(least);
    for (int64_t i = first; i < last; i += VF_WIDTH) {
        uint32_t bits = vf_at_least(load_some(all->logits + i, last - i), bound) & lanes(last - i);
        for (; bits != 0; bits &= bits - 1) {
            const int64_t at = i + __builtin_ctz(bits);
            few->logits[count] = all->logits[at];
            few->ids[count++] = (int32_t)at;
        }
    }
    return count;
}

/* What is known of the k-th largest: at least k logits are not below low, fewer than k not below high. */
typedef struct bracket {
    int32_t low, high; /* keys */
    int64_t at_low, at_high;
} bracket;

static void try_key(bracket *b, const float *x, int64_t n, int64_t above, int64_t k, int32_t key)
{
    if (key <= b->low || key >= b->high) return;
    const int64_t count = above + count_at_least(x, n, logit_of(key));
    if (count >= k) {
        b->low = key;
        b->at_low = count;
    } else {
        b->high = key;
        b->at_high = count;
    }
}

/* Two logits of a sample that the k-th largest is likely to lie between. */
static void try_sample(bracket *b, const float *x, int64_t n, int64_t k)
{
    int32_t sample[SAMPLE];
    for (int i = 0; i < SAMPLE; i++) { /* sorted, the largest first */
        const float logit = x[(2 * i + 1) * n / (2 * SAMPLE)];
        const int32_t key = key_of(logit == logit ? logit : -INFINITY);
        int j = i;
        for (; j > 0 && sample[j - 1] < key; j--) sample[j] = sample[j - 1];
        sample[j] = key;
    }
    const double share = (double)k / (double)n * SAMPLE, spread = 2.0 * sqrt(share * (1.0 - share / SAMPLE)) + 1.0;
    const int below = (int)(share + spread), over = (int)(share - spread) - 1;
    const int32_t low = sample[below < SAMPLE ? below : SAMPLE - 1];
    try_key(b, x, n, 0, k, low);
    if (b->low == low) try_key(b, x, n, 0, k, low + 1); /* are many equal to it? */
    if (over >= 0) try_key(b, x, n, 0, k, sample[over]);
}

/* Narrows the candidates, all so far, to the k largest: by halves of the keys' range. */
static void keep_largest(candidates *all, int64_t k, float largest, few_candidates *few)
{
    const float *x = all->logits;
    int64_t n = all->count, above = 0;
    bracket b = {key_of(-INFINITY), key_of(largest) + 1, count_at_least(x, n, -INFINITY), 0};
    if (b.at_low <= k) return; /* NaN is never a candidate */
    if (n > FEW) try_sample(&b, x, n, k);
    while (b.high - (int64_t)b.low > 1) {
        if (x != few->logits && b.at_low - b.at_high <= FEW / 2) { /* what lies between is few enough */
            above = b.at_high;
            int64_t between = 0;
            const vf low = vf_set(logit_of(b.low)), high = vf_set(logit_of(b.high));
            for (int64_t i = 0; i < n; i += VF_WIDTH) {
                const vf some = load_some(x + i, n - i);
                uint32_t bits = vf_at_least(some, low) & ~vf_at_least(some, high) & lanes(n - i);
                for (; bits != 0; bits &= bits - 1) few->logits[between++] = x[i + __builtin_ctz(bits)];
            }
            x = few->logits;
            n = between;
        }
        try_key(&b, x, n, above, k, (int32_t)(((int64_t)b.low + b.high) >> 1));
    }
    all->least = logit_of(b.low);
    all->above = next_above(all->least);
    all->border = find(all->logits, all->count, all->least, k - b.at_high) + 1;
    if (k > FEW) return;
    int64_t kept = copy_few(all, 0, all->border, all->least, few, 0);
    kept = copy_few(all, all->border, all->count, all->above, few, kept);
    *all = (candidates){few->logits, few->ids, kept, kept, -INFINITY, -INFINITY};
}

MOR4J_INLINE vf exponents(const race *r, vf logits)
{
    return vf_mul(vf_sub(logits, vf_set(r->largest)), vf_set(r->scale));
}

/* mor4j_weight. */
MOR4J_INLINE vi weights(vf exponent)
{
    const vf t = vf_max(exponent, vf_set(MOR4J_LEAST_EXPONENT)), rounder = vf_set(MOR4J_ROUNDER);
    const vf rounded = vf_add(t, rounder), f = vf_sub(t, vf_sub(rounded, rounder));
    vf p = vf_add(vf_mul(vf_set(MOR4J_EXP2_5), f), vf_set(MOR4J_EXP2_4));
    p = vf_add(vf_mul(p, f), vf_set(MOR4J_EXP2_3));
    p = vf_add(vf_mul(p, f), vf_set(MOR4J_EXP2_2));
    p = vf_add(vf_mul(p, f), vf_set(MOR4J_EXP2_1));
    p = vf_add(vf_mul(p, f), vf_set(1.0f));
    const vi power = vi_shift_left(vi_add(vf_bits(rounded), vi_set(MOR4J_WEIGHT_BIAS)), 23);
    return vf_truncate(vf_mul(p, vi_float(power)));
}

/* The weights in [first, last) of what is not below `least`; all of them, that too, are added to *everything. */
static uint64_t mass(const race *r, const float *x, int64_t first, int64_t last, float least, uint64_t *everything)
{
    const vf bound = vf_set(least);
    vl sum = vl_zero(), all = vl_zero();
    int64_t i = first;
    for (; i + VF_WIDTH <= last; i += VF_WIDTH) {
        const vf logits = vf_load(x + i);
        const vi weight = weights(exponents(r, logits));
        all = vl_add_lanes(all, weight);
        sum = vl_add_lanes(sum, vi_where_at_least(logits, bound, weight));
    }
    uint64_t total = vl_reduce(sum);
    *everything += vl_reduce(all);
    for (; i < last; i++) {
        const uint32_t weight = mor4j_weight((x[i] - r->largest) * r->scale);
        *everything += weight;
        total += x[i] >= least ? weight : 0;
    }
    return total;
}

static void compare(race *r, float logit, int64_t at, uint32_t id)
{
    const double value = mor4j_noisy(logit, r->largest, r->temperature, mor4j_noise_bits(r->draw, id));
    if (value > r->best || (value == r->best && at < r->best_at)) {
        r->best = value;
        r->best_at = at;
    }
}

/* mor4j_noise_bits. */
MOR4J_INLINE vi noise(vi ids, vi low, vi high)
{
    vi h = vi_xor(ids, low);
    h = vi_mul(vi_xor(h, vi_shift_right(h, 17)), vi_set((int32_t)MOR4J_MIX_1));
    h = vi_add(vi_xor(h, vi_shift_right(h, 11)), high);
    h = vi_mul(h, vi_set((int32_t)MOR4J_MIX_2));
    h = vi_mul(vi_xor(h, vi_shift_right(h, 15)), vi_set((int32_t)MOR4J_MIX_3));
    return vi_xor(h, vi_shift_right(h, 14));
}

/* mor4j_noise_bound. */
MOR4J_INLINE vf noise_bound(vi bits)
{
    const vf rest = vi_to_float(vi_shift_right(vi_xor(bits, vi_set(-1)), 1));
    return vf_sub(vf_set(158.0f), vf_mul(vi_to_float(vf_bits(rest)), vf_set(0x1p-23f)));
}

/* The race among [first, last), not below `least`: those whose bound does not exceed the best so far are left out. */
static void run_race(race *r, const candidates *all, int64_t first, int64_t last, float least)
{
    const vi low = vi_set((int32_t)(uint32_t)r->draw), high = vi_set((int32_t)(uint32_t)(r->draw >> 32));
    const vf bound = vf_set(least);
    float best = (float)(r->best * MOR4J_LOG2_E - MOR4J_BOUND_ERROR);
    vf limit = vf_set(best), reach = vf_set(best - (float)MOR4J_MOST_NOISE);
    vi ids = vi_add(vi_count(), vi_set((int32_t)first));
    for (int64_t i = first; i < last; i += VF_WIDTH, ids = vi_add(ids, vi_set(VF_WIDTH))) {
        const int64_t left = last - i;
        const vf logits = load_some(all->logits + i, left), exponent = exponents(r, logits);
        uint32_t bits = vf_at_least(logits, bound) & vf_at_least(exponent, reach);
        if (bits == 0) continue;
        vi here = ids;
        if (all->ids != NULL) {
            int32_t some[VF_WIDTH] = {0};
            memcpy(some, all->ids + i, (size_t)(left < VF_WIDTH ? left : VF_WIDTH) * sizeof *some);
            here = vi_load(some);
        }
        bits &= vf_at_least(vf_add(exponent, noise_bound(noise(here, low, high))), limit) & lanes(left);
        if (bits == 0) continue;
        for (; bits != 0; bits &= bits - 1) {
            const int64_t at = i + __builtin_ctz(bits);
            compare(r, all->logits[at], at, (uint32_t)(all->ids == NULL ? at : all->ids[at]));
        }
        best = (float)(r->best * MOR4J_LOG2_E - MOR4J_BOUND_ERROR);
        limit = vf_set(best);
        reach = vf_set(best - (float)MOR4J_MOST_NOISE);
    }
}

/* The first largest is always a candidate. */
static void run_races(race *r, const candidates *all, int64_t largest_at, float likely)
{
    r->best_at = largest_at;
    r->best = mor4j_gumbel(mor4j_noise_bits(r->draw, (uint32_t)(all->ids == NULL ? largest_at : all->ids[largest_at])));
    run_race(r, all, 0, all->border, all->least > likely ? all->least : likely);
    run_race(r, all, all->border, all->count, all->above > likely ? all->above : likely);
}

/* The least float32 that is not below `bound`. */
static float least_from(double bound)
{
    const float rounded = (float)bound;
    return (double)rounded < bound ? next_above(rounded) : rounded;
}

/* What the candidates weigh, and what all do among whom they were chosen. */
static uint64_t mass_of(const race *r, const candidates *all, uint64_t *everything)
{
    *everything = 0;
    const uint64_t before = mass(r, all->logits, 0, all->border, all->least, everything);
    return before + mass(r, all->logits, all->border, all->count, all->above, everything);
}

/* Narrows the candidates to those that come before place `at`. */
static void keep_before(candidates *all, int64_t at)
{
    all->border = at;
    all->least = all->logits[at];
    all->above = next_above(all->least);
}

static int32_t choose_by_noise(const float *logits, int64_t vocabulary, const mor4j_sampling *how, int64_t largest_at,
                               few_candidates *few)
{
    const float largest = logits[largest_at];
    race r = {how->temperature, how->draw, largest, mor4j_weight_scale(how->temperature), 0.0, 0};
    candidates all = {logits, NULL, vocabulary, vocabulary, -INFINITY, -INFINITY};
    if (how->top_k > 0 && how->top_k < vocabulary) {
        keep_largest(&all, how->top_k, largest, few);
        if (all.ids != NULL) largest_at = find(all.logits, all.count, largest, 1);
    }
    const float likely = least_from((double)largest + how->temperature * how->min_log);
    /* What comes before the winner decides whether it is in the nucleus; if not, the nucleus lies there. */
    uint64_t everything, total = how->top_p < 1.0 && all.border < all.count ? mass_of(&r, &all, &everything) : 0;
    for (;;) {
        run_races(&r, &all, largest_at, likely);
        if (!(how->top_p < 1.0) || r.best_at == largest_at) break;
        keep_before(&all, r.best_at);
        const uint64_t before = mass_of(&r, &all, &everything);
        if (total == 0) total = everything;
        if ((double)before < ceil(how->top_p * (double)total)) break;
    }
    return (int32_t)(all.ids == NULL ? r.best_at : all.ids[r.best_at]);
}

int32_t MOR4J_KERNEL(choose)(const float *logits, int64_t vocabulary, const mor4j_sampling *how)
{
    const float largest = find_largest(logits, vocabulary);
    if (largest == -INFINITY) return -1;
    const int64_t at = find(logits, vocabulary, largest, 1);
    if (!(how->temperature > 0.0) || largest == INFINITY) return (int32_t)at;
    few_candidates few;
    return choose_by_noise(logits, vocabulary, how, at, &few);
}
