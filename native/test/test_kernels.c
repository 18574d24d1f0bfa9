/* Every kernel of every instruction set that runs here, against a twin in double, at every tail length. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define ULP 6e-8 /* half an ulp of 1.0f */

static uint64_t seed = 20250717;

static const int64_t odd_sizes[] = {127, 255, 577, 1031};

/* 1 .. 67, then the odd large ones, then 0. */
static int64_t next_size(int64_t n)
{
    if (n < 67) return n + 1;
    for (size_t i = 0; i < sizeof odd_sizes / sizeof *odd_sizes; i++) {
        if (odd_sizes[i] > n) return odd_sizes[i];
    }
    return 0;
}

static void check_product(const mor4j_kernels *k, int64_t rows, int64_t outs, int64_t n, int32_t dtype, bool special)
{
    float *x = guarded_floats(rows * n), *y = guarded_floats(rows * outs), *one = guarded_floats(outs);
    float *before = malloc((size_t)(rows * outs) * sizeof(float));
    mor4j_matrix w = random_matrix(&seed, outs, n, dtype, 1.0f);
    const bool add = random_below(&seed, 2) == 1;
    random_floats(&seed, x, rows * n);
    random_floats(&seed, before, rows * outs);
    memcpy(y, before, (size_t)(rows * outs) * sizeof(float));
    if (special) {
        x[random_below(&seed, rows * n)] = NAN;
        x[random_below(&seed, rows * n)] = INFINITY;
        x[random_below(&seed, rows * n)] = -INFINITY;
    }
    const mor4j_product product = {x, n * (int64_t)sizeof(float), &w, y, outs, add};
    k->matmul(&product, (mor4j_range){0, rows}, (mor4j_range){0, outs});
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < outs; j++) {
            double want = add ? before[i * outs + j] : 0, size = fabs(want);
            for (int64_t p = 0; p < n; p++) {
                want += x[i * n + p] * weight_at(&w, j, p);
                size += fabs(x[i * n + p] * weight_at(&w, j, p));
            }
            CHECK(is_close(y[i * outs + j], want, ULP * (4 + (double)n / 2) * size),
                  "%s matmul K=%ld dtype %d row %ld of %ld out %ld of %ld: %g, not %g", isa_name(k->isa), (long)n,
                  dtype, (long)i, (long)rows, (long)j, (long)outs, y[i * outs + j], want);
        }
        /* The row alone, its outputs in two parts. */
        const int64_t cut = random_below(&seed, outs + 1);
        memcpy(one, before + i * outs, (size_t)outs * sizeof(float));
        const mor4j_product alone = {x + i * n, 0, &w, one, outs, add};
        k->matmul(&alone, (mor4j_range){0, 1}, (mor4j_range){0, cut});
        k->matmul(&alone, (mor4j_range){0, 1}, (mor4j_range){cut, outs});
        CHECK(special || same_bits(one, y + i * outs, outs), "%s matmul: a row's bits depend on its company",
              isa_name(k->isa));
    }
    free(before);
    free_matrix(&w);
    guarded_floats_free(x, rows * n);
    guarded_floats_free(y, rows * outs);
    guarded_floats_free(one, outs);
}

static void test_matmul(const mor4j_kernels *k)
{
    for (int32_t dtype = MOR4J_F32; dtype <= MOR4J_BF16; dtype++) {
        for (int64_t n = 1; n != 0; n = next_size(n)) {
            check_product(k, 1 + random_below(&seed, 9), 1 + random_below(&seed, 27), n, dtype, false);
            check_product(k, 1, 1 + random_below(&seed, 27), n, dtype, false);
            check_product(k, 1 + random_below(&seed, 9), 1 + random_below(&seed, 27), n, dtype, true);
        }
        for (int64_t rows = 1; rows <= 9; rows++) {
            for (int64_t outs = 1; outs <= 19; outs++) check_product(k, rows, outs, 19, dtype, false);
        }
    }
}

static void test_rmsnorm(const mor4j_kernels *k)
{
    for (int64_t n = 1; n != 0; n = next_size(n)) {
        for (int special = 0; special < 3; special++) {
            float *x = guarded_floats(n), *y = guarded_floats(n);
            mor4j_matrix norm = random_matrix(&seed, 1, n, (int32_t)(n + special) % 2, 1.0f);
            random_floats(&seed, x, n);
            if (special == 1) x[n / 2] = NAN;
            if (special == 2) memset(x, 0, (size_t)n * sizeof(float));
            k->rmsnorm(x, &norm, 1e-5f, y);
            double squares = 0;
            for (int64_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
            for (int64_t i = 0; i < n; i++) {
                const double want = x[i] / sqrt(squares / (double)n + 1e-5f) * weight_at(&norm, 0, i);
                CHECK(is_close(y[i], want, ULP * 16 * fabs(want)), "%s rmsnorm H=%ld [%ld]: %g, not %g",
                      isa_name(k->isa), (long)n, (long)i, y[i], want);
            }
            free_matrix(&norm);
            guarded_floats_free(x, n);
            guarded_floats_free(y, n);
        }
    }
}

static void test_rope(const mor4j_kernels *k)
{
    for (int32_t half = 1; half <= 67; half++) {
        const int32_t dh = 2 * half;
        float *x = guarded_floats(dh), *y = guarded_floats(dh), *rope = guarded_floats(dh);
        random_floats(&seed, x, dh);
        for (int32_t i = 0; i < half; i++) {
            const double angle = 10 * random_float(&seed);
            rope[i] = (float)cos(angle);
            rope[half + i] = (float)sin(angle);
        }
        if (half > 2) x[half / 2] = NAN;
        k->rope(x, rope, dh, y);
        for (int32_t i = 0; i < half; i++) {
            const double a = x[i], b = x[half + i], c = rope[i], s = rope[half + i];
            CHECK(is_close(y[i], a * c - b * s, 4 * ULP), "%s rope DH=%d [%d]", isa_name(k->isa), dh, i);
            CHECK(is_close(y[half + i], b * c + a * s, 4 * ULP), "%s rope DH=%d [%d]", isa_name(k->isa), dh, half + i);
        }
        k->rope(x, rope, dh, x);
        CHECK(half > 2 || same_bits(x, y, dh), "%s rope in place", isa_name(k->isa));
        CHECK(half <= 2 || same_bits(x + half, y + half, half / 2), "%s rope in place", isa_name(k->isa));
        guarded_floats_free(x, dh);
        guarded_floats_free(y, dh);
        guarded_floats_free(rope, dh);
    }
}

static float special_value(int64_t i)
{
    static const float values[] = {NAN,    INFINITY, -INFINITY, 0.0f,  -0.0f,  88.7f, 88.8f,
                                   -87.4f, -103.9f,  -104.1f,   1e30f, -1e30f, 1e-40f};
    return values[(size_t)i % (sizeof values / sizeof *values)];
}

static void test_exponential(const mor4j_kernels *k)
{
    for (int64_t n = 1; n != 0; n = next_size(n)) {
        float *x = guarded_floats(n), *y = guarded_floats(n);
        for (int64_t i = 0; i < n; i++) x[i] = i % 3 == 0 ? special_value(i / 3) : 100 * random_float(&seed);
        k->exponential(x, y, n);
        for (int64_t i = 0; i < n; i++) {
            double want = exp((double)x[i]);
            if (want >= 3.402823567797337e38) want = INFINITY; /* where float32 rounds to infinity */
            CHECK(is_close(y[i], want, 2.5e-7 * want + 1e-44), "%s exp(%.9g): %.9g, not %.9g", isa_name(k->isa), x[i],
                  y[i], want);
        }
        guarded_floats_free(x, n);
        guarded_floats_free(y, n);
    }
}

static void test_activations(const mor4j_kernels *k)
{
    for (int64_t n = 1; n != 0; n = next_size(n)) {
        float *gate = guarded_floats(n), *up = guarded_floats(n), *x = guarded_floats(n);
        for (int64_t i = 0; i < n; i++) x[i] = i % 5 == 4 ? special_value(i / 5) : 12 * random_float(&seed);
        random_floats(&seed, up, n);
        memcpy(gate, x, (size_t)n * sizeof(float));
        k->silu_multiply(gate, up, n);
        for (int64_t i = 0; i < n; i++) {
            const double want = x[i] / (1 + exp(-(double)x[i])) * up[i];
            CHECK(is_close(gate[i], want, 4e-7 * fabs(want) + 1e-36), "%s silu(%g): %g, not %g", isa_name(k->isa), x[i],
                  gate[i], want);
        }
        memcpy(gate, x, (size_t)n * sizeof(float));
        k->gelu(gate, n);
        for (int64_t i = 0; i < n; i++) {
            const double want = 0.5 * x[i] * (1 + erf(x[i] * 0.70710678118654752440));
            CHECK(is_close(gate[i], want, 4e-7 * fmax(fabs((double)x[i]), fabs(want)) + 1e-40),
                  "%s gelu(%g): %g, not %g", isa_name(k->isa), x[i], gate[i], want);
        }
        guarded_floats_free(gate, n);
        guarded_floats_free(up, n);
        guarded_floats_free(x, n);
    }
}

static void test_rows(const mor4j_kernels *k)
{
    for (int64_t n = 1; n != 0; n = next_size(n)) {
        float *x = guarded_floats(n), *y = guarded_floats(n), *z = guarded_floats(n);
        mor4j_matrix table = random_matrix(&seed, 19, n, (int32_t)(n % 5), 2.0f);
        random_floats(&seed, x, n);
        x[n / 3] = special_value(n);
        for (int64_t row = 0; row < 19; row++) {
            k->widen_row(&table, row, y);
            for (int64_t i = 0; i < n; i++) {
                CHECK(y[i] == (float)weight_at(&table, row, i), "%s widen_row", isa_name(k->isa));
            }
        }
        k->divide(x, 0.7f, z, n);
        for (int64_t i = 0; i < n; i++) {
            const double want = (double)x[i] / 0.7f;
            CHECK(is_close(z[i], want, 2 * ULP * fabs(want) + 1e-44), "%s divide", isa_name(k->isa));
        }
        memcpy(z, x, (size_t)n * sizeof(float));
        k->add_scaled(z, y, -0.3f, n);
        for (int64_t i = 0; i < n; i++) {
            const double want = x[i] + -0.3f * (double)y[i];
            CHECK(is_close(z[i], want, 4 * ULP * (fabs((double)x[i]) + fabs((double)y[i])) + 1e-44), "%s add_scaled",
                  isa_name(k->isa));
        }
        free_matrix(&table);
        guarded_floats_free(x, n);
        guarded_floats_free(y, n);
        guarded_floats_free(z, n);
    }
}

int main(void)
{
    for (const mor4j_kernels *const *k = runnable_kernels(); *k != NULL; k++) {
        test_matmul(*k);
        test_rmsnorm(*k);
        test_rope(*k);
        test_exponential(*k);
        test_activations(*k);
        test_rows(*k);
        printf("%s: kernels agree with their twins\n", isa_name((*k)->isa));
    }
    return 0;
}
