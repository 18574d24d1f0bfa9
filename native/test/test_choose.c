/* The choice of tokens of every instruction set that runs here against a twin that sorts. The arithmetic of noise and
   weights is held against that of Java in runtime/tests. */
#include "choice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static uint64_t seed = 20250717;

static const float *sorted_logits;

static int by_logit(const void *a, const void *b)
{
    const int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
    if (sorted_logits[i] != sorted_logits[j]) return sorted_logits[i] > sorted_logits[j] ? -1 : 1;
    return i < j ? -1 : 1;
}

static int32_t naive_choice(const float *logits, int64_t n, const mor4j_sampling *how)
{
    int32_t *order = malloc((size_t)n * sizeof *order);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(logits[i])) order[count++] = (int32_t)i;
    }
    sorted_logits = logits;
    qsort(order, (size_t)count, sizeof *order, by_logit);
    int32_t chosen = count == 0 || logits[order[0]] == -INFINITY ? -1 : order[0];
    if (chosen >= 0 && how->temperature > 0 && logits[chosen] != INFINITY) {
        const float largest = logits[chosen], scale = mor4j_weight_scale(how->temperature);
        if (how->top_k > 0 && how->top_k < count) count = how->top_k;
        uint64_t total = 0, before = 0;
        for (int64_t i = 0; i < count; i++) total += mor4j_weight((logits[order[i]] - largest) * scale);
        double best = -INFINITY;
        for (int64_t i = 0; i < count; i++) {
            const float logit = logits[order[i]];
            if (how->top_p < 1 && i > 0 && (double)before >= ceil(how->top_p * (double)total)) break;
            before += mor4j_weight((logit - largest) * scale);
            if ((double)logit < (double)largest + how->temperature * how->min_log) continue;
            const double value =
                mor4j_noisy(logit, largest, how->temperature, mor4j_noise_bits(how->draw, (uint32_t)order[i]));
            if (value > best || (value == best && order[i] < chosen)) {
                best = value;
                chosen = order[i];
            }
        }
    }
    free(order);
    return chosen;
}

static double one_of(const double *choices, int64_t n) { return choices[random_below(&seed, n)]; }

#define ONE_OF(...) one_of((const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

enum kind { FLAT, NORMAL, PEAKED, STEPS, EQUAL, MOSTLY_NONE, HUGE_ONES, RISING, KINDS };

static void fill(float *x, int64_t n, int kind)
{
    for (int64_t i = 0; i < n; i++) {
        const float u = random_float(&seed), normal = u + random_float(&seed) + random_float(&seed);
        switch (kind) {
        case FLAT: x[i] = u * 1e-3f; break;
        case NORMAL: x[i] = 4 * normal; break;
        case PEAKED: x[i] = random_below(&seed, n) == 0 ? 30 : 3 * normal; break;
        case STEPS: x[i] = roundf(2 * normal); break;
        case EQUAL: x[i] = random_below(&seed, 2) == 0 ? 0.0f : -0.0f; break;
        case MOSTLY_NONE: x[i] = random_below(&seed, 50) == 0 ? normal : -INFINITY; break;
        case HUGE_ONES: x[i] = 3e38f * u; break;
        default: x[i] = (float)i / (float)n * 20;
        }
        if (random_below(&seed, 200) == 0) x[i] = NAN;
    }
    if (random_below(&seed, 30) == 0) x[random_below(&seed, n)] = INFINITY;
}

static mor4j_sampling random_sampling(int64_t n)
{
    const double k = (double)n, min_p = ONE_OF(0, 0, 0, 0.02, 0.3, 1);
    return (mor4j_sampling){.draw = random_bits(&seed),
                            .temperature = ONE_OF(0, 0.1, 0.8, 1, 1, 3, 1e6, 1e-30, 5e-324),
                            .top_p = ONE_OF(1, 1, 0.95, 0.9, 0.5, 0.1, 1e-9),
                            .min_log = min_p == 0 ? -INFINITY : log(min_p),
                            .top_k = (int32_t)ONE_OF(0, 0, 1, 3, 50, k / 2, k - 1, k, k + 10)};
}

static void check_choices(const mor4j_kernels *k, int64_t n)
{
    float *x = guarded_floats(n);
    for (int round = 0; round < (n < 100 ? 40 : n < 5000 ? 200 : 40); round++) {
        const int kind = round % KINDS;
        fill(x, n, kind);
        const mor4j_sampling how = random_sampling(n);
        const int32_t want = naive_choice(x, n, &how), got = k->choose(x, n, &how);
        CHECK(got == want, "%s choose V=%ld kind %d temperature %g top-k %d top-p %g min-log %g draw %lx: %d, not %d",
              isa_name(k->isa), (long)n, kind, how.temperature, how.top_k, how.top_p, how.min_log, (long)how.draw, got,
              want);
    }
    guarded_floats_free(x, n);
}

static void check_weights(void)
{
    for (int i = 0; i < 100000; i++) {
        const float t = -35 * fabsf(random_float(&seed));
        const double want = floor(exp2(t) * 0x1p30), got = mor4j_weight(t);
        CHECK(fabs(got - want) <= 1 + 2e-7 * want, "weight of 2^%g: %g, not %g", t, got, want);
        const uint32_t bits = (uint32_t)random_bits(&seed);
        const double noise = mor4j_gumbel(bits), u = (bits + 0.5) / 0x1p32;
        CHECK(fabs(noise + log(-log(u))) <= 1e-14 * (1 + fabs(noise)), "noise of %u: %.17g", bits, noise);
        CHECK(noise * MOR4J_LOG2_E <= mor4j_noise_bound(bits) + MOR4J_BOUND_ERROR / 2, "bound of %u: %g below %g", bits,
              mor4j_noise_bound(bits), noise * MOR4J_LOG2_E);
    }
    CHECK(mor4j_weight(0) == 1u << 30 && mor4j_weight(NAN) == 0 && mor4j_weight(-INFINITY) == 0, "ends");
    const uint32_t ends[] = {0, 1, 2, UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 2};
    for (int i = 0; i < 6; i++) {
        const double noise = mor4j_gumbel(ends[i]) * MOR4J_LOG2_E;
        CHECK(isfinite(noise) && noise < MOR4J_MOST_NOISE &&
                  noise <= mor4j_noise_bound(ends[i]) + MOR4J_BOUND_ERROR / 2,
              "noise of %u", ends[i]);
    }
}

static void check_unusable(const mor4j_kernels *k)
{
    float x[37];
    const mor4j_sampling how = {.draw = 1, .temperature = 1, .top_p = 1, .min_log = -INFINITY};
    for (int i = 0; i < 37; i++) x[i] = i % 2 == 0 ? NAN : -INFINITY;
    CHECK(k->choose(x, 37, &how) == -1, "%s choose of unusable logits", isa_name(k->isa));
}

int main(void)
{
    const int64_t large[] = {500, 1031, 4096, 4097, 9001, 49152};
    check_weights();
    for (const mor4j_kernels *const *k = runnable_kernels(); *k != NULL; k++) {
        check_unusable(*k);
        for (int64_t n = 1; n <= 70; n++) check_choices(*k, n);
        for (int i = 0; i < (is_quick() ? 4 : 6); i++) check_choices(*k, large[i]);
        printf("%s: choices agree with their twin\n", isa_name((*k)->isa));
    }
    return 0;
}
