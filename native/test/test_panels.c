/*
 * Products with panels: encoded rows and sums against a twin in double at every tail length, and bit for bit whatever
 * rows and outputs are beside. The twin quantises x by the rules of mor4j_encoded_bytes, so what is left is the order
 * of float32 sums.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define ULP 6e-8 /* half an ulp of 1.0f */

static uint64_t seed = 20261124;

static float rounded_to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x) || isinf(x)) return x;
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x as the product with weights of `dtype` takes it. */
static void take(const mor4j_kernels *k, int32_t dtype, const float *x, int64_t n, double *taken)
{
    for (int64_t i = 0; i < n; i++) taken[i] = x[i];
    if (dtype == MOR4J_BF16_PANELS) {
        for (int64_t i = 0; k->isa == MOR4J_ISA_AVX512_BF16 && i < n; i++) taken[i] = rounded_to_bf16(x[i]);
        return;
    }
    for (int64_t first = 0; first < n; first += 32) {
        const int64_t last = first + 32 < n ? first + 32 : n;
        float largest = 0;
        bool ordinary = true;
        for (int64_t i = first; i < last; i++) {
            ordinary &= isfinite(x[i]) != 0;
            largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        }
        for (int64_t i = first; i < last; i++) {
            const float steps = 127.0f / largest, scale = largest / 127.0f;
            taken[i] = !ordinary ? NAN : largest < 1e-30f ? 0 : rint(x[i] * steps) * (double)scale;
        }
    }
}

static void check_encoded(const mor4j_kernels *k, int32_t dtype, const char *row, const double *taken, int64_t n)
{
    const int64_t kp = (n + 63) / 64 * 64, blocks = kp / 32;
    if (dtype == MOR4J_BF16_PANELS) return; /* the sums show it */
    const float *scales = (const float *)(const void *)(row + kp);
    const int32_t *biases = (const int32_t *)(const void *)(row + kp + blocks * 4);
    for (int64_t i = 0; i < kp; i++) {
        const double want = i < n ? taken[i] : 0;
        CHECK(is_close((float)(row[i] * (double)scales[i / 32]), (float)want, 1e-6 * fabs(want)) ||
                  (i >= n && row[i] == 0),
              "%s encode %d K=%ld [%ld]: %d * %g, not %g", isa_name(k->isa), dtype, (long)n, (long)i, row[i],
              scales[i / 32], want);
    }
    for (int64_t block = 0; block < blocks; block++) {
        int32_t sum = 0;
        for (int i = 0; i < 32; i++) sum += ((const int8_t *)row)[block * 32 + i];
        CHECK(biases[block] == (dtype == MOR4J_INT8_PANELS ? -128 : -8) * sum, "%s encode: bias", isa_name(k->isa));
    }
}

typedef struct product_test {
    const mor4j_kernels *k;
    int64_t rows, outs, n, stride;
    float *x, *before;
    char *encoded;
    double *taken;
    mor4j_matrix w;
    bool add;
} product_test;

static product_test make_test(const mor4j_kernels *k, int64_t rows, int64_t outs, int64_t n, int32_t dtype,
                              bool special)
{
    product_test t = {.k = k, .rows = rows, .outs = outs, .n = n, .stride = mor4j_encoded_bytes(dtype, n)};
    t.x = guarded_floats(rows * n);
    t.before = malloc((size_t)(rows * outs) * sizeof(float));
    t.taken = malloc((size_t)(rows * n) * sizeof(double));
    t.w = random_matrix(&seed, outs, n, dtype, 1.0f);
    t.add = random_below(&seed, 2) == 1;
    random_floats(&seed, t.x, rows * n);
    random_floats(&seed, t.before, rows * outs);
    for (int64_t i = 0; special && i < 3; i++) {
        static const float values[] = {NAN, INFINITY, -INFINITY};
        t.x[random_below(&seed, rows * n)] = values[i];
    }
    if (special) memset(t.x, 0, (size_t)(n < 40 ? n : 40) * sizeof(float)); /* a block of zeros */
    t.encoded = guarded((size_t)(rows * t.stride));
    for (int64_t i = 0; i < rows; i++) {
        k->encode(t.x + i * n, n, dtype, t.encoded + i * t.stride);
        take(k, dtype, t.x + i * n, n, t.taken + i * n);
        check_encoded(k, dtype, t.encoded + i * t.stride, t.taken + i * n, n);
    }
    return t;
}

static void free_test(product_test *t)
{
    guarded_floats_free(t->x, t->rows * t->n);
    guarded_free(t->encoded, (size_t)(t->rows * t->stride));
    free(t->before);
    free(t->taken);
    free_matrix(&t->w);
}

static void check_sums(const product_test *t, const float *y)
{
    for (int64_t i = 0; i < t->rows; i++) {
        for (int64_t j = 0; j < t->outs; j++) {
            double want = t->add ? t->before[i * t->outs + j] : 0, size = fabs(want);
            for (int64_t p = 0; p < t->n; p++) {
                const double term = t->taken[i * t->n + p] * weight_at(&t->w, j, p);
                want += term;
                size += fabs(term);
            }
            CHECK(is_close(y[i * t->outs + j], want, ULP * (8 + (double)t->n / 2) * size + 1e-37),
                  "%s product K=%ld dtype %d row %ld of %ld out %ld of %ld: %g, not %g", isa_name(t->k->isa),
                  (long)t->n, t->w.dtype, (long)i, (long)t->rows, (long)j, (long)t->outs, y[i * t->outs + j], want);
        }
    }
}

static void check_product(const mor4j_kernels *k, int64_t rows, int64_t outs, int64_t n, int32_t dtype, bool special)
{
    product_test t = make_test(k, rows, outs, n, dtype, special);
    float *y = guarded_floats(rows * outs), *one = guarded_floats(outs);
    memcpy(y, t.before, (size_t)(rows * outs) * sizeof(float));
    const mor4j_product product = {t.encoded, t.stride, &t.w, y, outs, t.add};
    k->matmul(&product, (mor4j_range){0, rows}, (mor4j_range){0, outs});
    check_sums(&t, y);
    for (int64_t i = 0; i < rows && !special; i++) {
        /* The row alone, its outputs in two parts. */
        const int64_t cut = random_below(&seed, outs / MOR4J_PANEL + 1) * MOR4J_PANEL;
        memcpy(one, t.before + i * outs, (size_t)outs * sizeof(float));
        const mor4j_product alone = {t.encoded + i * t.stride, t.stride, &t.w, one, outs, t.add};
        if (cut > 0) k->matmul(&alone, (mor4j_range){0, 1}, (mor4j_range){0, cut});
        if (cut < outs) k->matmul(&alone, (mor4j_range){0, 1}, (mor4j_range){cut, outs});
        CHECK(same_bits(one, y + i * outs, outs), "%s product: a row's bits depend on its company", isa_name(k->isa));
    }
    guarded_floats_free(y, rows * outs);
    guarded_floats_free(one, outs);
    free_test(&t);
}

static void test_dtype(const mor4j_kernels *k, int32_t dtype)
{
    for (int64_t n = 1; n <= 131; n++) {
        check_product(k, 1 + random_below(&seed, 9), 1 + random_below(&seed, 80), n, dtype, false);
        check_product(k, 1, 1 + random_below(&seed, 80), n, dtype, false);
        check_product(k, 1 + random_below(&seed, 9), 1 + random_below(&seed, 40), n, dtype, n % 3 == 0);
    }
    for (int64_t rows = 1; rows <= 14; rows++) {
        for (int64_t outs = 1; outs <= 70; outs += 1 + random_below(&seed, 4)) {
            check_product(k, rows, outs, 77, dtype, false);
        }
    }
    for (int64_t n = 577; n <= 2570; n += 331) check_product(k, 33, 130, n, dtype, false);
}

/* All extremes at once: sums stay exact integers. */
static void test_extremes(const mor4j_kernels *k, int32_t dtype)
{
    const int64_t n = 256, outs = 16;
    mor4j_matrix w = random_matrix(&seed, outs, n, dtype, 1.0f);
    uint8_t *data = (uint8_t *)(uintptr_t)w.data;
    const int64_t bytes = mor4j_matrix_bytes(outs, n, dtype), chunk = bytes / (n / 64);
    for (int64_t i = 0; i < bytes; i++) data[i] = i % chunk < 64 ? (i % 2 ? 0x3F : 0x80) /* scale 1 */ : 0xFF;
    float x[256], y[16];
    char *row = guarded((size_t)mor4j_encoded_bytes(dtype, n));
    for (int64_t i = 0; i < n; i++) x[i] = i / 32 % 2 ? -127.0f : 127.0f;
    for (int64_t flip = 0; flip < 2; flip++) {
        for (int64_t i = 0; flip == 1 && i < n; i++) x[i] = 127.0f;
        k->encode(x, n, dtype, row);
        const mor4j_product product = {row, 0, &w, y, outs, false};
        k->matmul(&product, (mor4j_range){0, 1}, (mor4j_range){0, outs});
        const float weight = dtype == MOR4J_INT8_PANELS ? 127.0f : 7.0f;
        for (int64_t j = 0; j < outs; j++) {
            CHECK(y[j] == (flip ? weight * 127.0f * (float)n : 0.0f), "%s extremes: %g", isa_name(k->isa), y[j]);
        }
    }
    guarded_free(row, (size_t)mor4j_encoded_bytes(dtype, n));
    free_matrix(&w);
}

int main(void)
{
    for (const mor4j_kernels *const *k = runnable_kernels(); *k != NULL; k++) {
        for (int32_t dtype = MOR4J_BF16_PANELS; dtype <= MOR4J_INT4_PANELS; dtype++) test_dtype(*k, dtype);
        for (int32_t dtype = MOR4J_INT8_PANELS; dtype <= MOR4J_INT4_PANELS; dtype++) test_extremes(*k, dtype);
        printf("%s: products with panels agree with their twin\n", isa_name((*k)->isa));
    }
    return 0;
}
