/* See support.h. */
#include "support.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

#define SENTINEL 0x5A

void fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: %s: ", file, line, condition);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

uint64_t random_bits(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int64_t random_below(uint64_t *state, int64_t n) { return (int64_t)(random_bits(state) % (uint64_t)n); }

float random_float(uint64_t *state)
{
    return (float)((int64_t)(random_bits(state) >> 40) - (1 << 23)) / (float)(1 << 23);
}

void random_floats(uint64_t *state, float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] = random_float(state);
}

static size_t mapped_bytes(size_t bytes, size_t page) { return (bytes + page - 1) / page * page + page; }

void *guarded(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = mapped_bytes(bytes, page);
    char *start = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(start != MAP_FAILED, "mmap of %zu bytes", whole);
    CHECK(mprotect(start + whole, page, PROT_NONE) == 0, "mprotect");
    memset(start, SENTINEL, whole - bytes);
    memset(start + whole - bytes, 0xFF, bytes);
    return start + whole - bytes;
}

void guarded_free(void *array, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = mapped_bytes(bytes, page);
    char *start = (char *)array + bytes - whole;
    for (size_t i = 0; i < whole - bytes; i++) {
        CHECK(start[i] == SENTINEL, "written %zu bytes before an array of %zu", whole - bytes - i, bytes);
    }
    munmap(start, whole + page);
}

float *guarded_floats(int64_t n) { return guarded((size_t)n * sizeof(float)); }

void guarded_floats_free(float *array, int64_t n) { guarded_free(array, (size_t)n * sizeof(float)); }

static size_t matrix_bytes(const mor4j_matrix *m) { return (size_t)mor4j_matrix_bytes(m->rows, m->cols, m->dtype); }

/* float32 to bfloat16, the lower half cut off. */
static uint16_t upper_half(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static double from_bf16(const char *p)
{
    uint16_t upper;
    memcpy(&upper, p, sizeof upper);
    const uint32_t bits = (uint32_t)upper << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Where the map of mor4j.h puts the number of a weight in panels, and the scale of its block. */
static char *panel_place(const mor4j_matrix *m, int64_t row, int64_t col, char **scale)
{
    const int64_t kp = (m->cols + 63) / 64 * 64, r = row % 16;
    char *panels = (char *)(uintptr_t)m->data;
    if (m->dtype == MOR4J_BF16_PANELS) return panels + row / 16 * 32 * kp + (col / 2 * 16 + r) * 4 + col % 2 * 2;
    const int64_t of_col = m->dtype == MOR4J_INT8_PANELS ? 17 : 9, of_block = m->dtype == MOR4J_INT8_PANELS ? 512 : 256;
    char *chunk = panels + row / 16 * of_col * kp + col / 64 * (64 + 2 * of_block);
    const int64_t block = col / 32 % 2, c = m->dtype == MOR4J_INT8_PANELS ? col % 32 : col % 16;
    *scale = chunk + (block * 16 + r) * 2;
    return chunk + 64 + block * of_block + (c / 4 * 16 + r) * 4 + c % 4;
}

static void fill_panels(uint64_t *state, mor4j_matrix *m, float size)
{
    const int64_t rows = (m->rows + 15) / 16 * 16, cols = (m->cols + 63) / 64 * 64;
    const float most = m->dtype == MOR4J_INT8_PANELS ? 127.0f : 8.0f;
    memset((void *)(uintptr_t)m->data, 0, matrix_bytes(m));
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t col = 0; col < cols; col++) {
            const bool there = row < m->rows && col < m->cols;
            char *scale = NULL, *place = panel_place(m, row, col, &scale);
            if (m->dtype == MOR4J_BF16_PANELS) {
                const uint16_t number = there ? upper_half(size * random_float(state)) : 0;
                memcpy(place, &number, sizeof number);
                continue;
            }
            if (col % 32 == 0) {
                const uint16_t number = there ? upper_half(size / most * fabsf(random_float(state))) : 0;
                memcpy(scale, &number, sizeof number);
            }
            if (m->dtype == MOR4J_INT8_PANELS) {
                *(uint8_t *)place = there ? (uint8_t)(1 + random_below(state, 255)) : 128;
            } else {
                const int64_t nibble = there ? random_below(state, 16) : 8;
                *(uint8_t *)place |= (uint8_t)(nibble << (col / 16 % 2 * 4));
            }
        }
    }
}

mor4j_matrix random_matrix(uint64_t *state, int64_t rows, int64_t cols, int32_t dtype, float size)
{
    mor4j_matrix m = {.rows = rows, .cols = cols, .dtype = dtype};
    char *data = guarded(matrix_bytes(&m));
    m.data = data;
    if (mor4j_is_panels(dtype)) {
        fill_panels(state, &m, size);
        return m;
    }
    for (int64_t i = 0; i < rows * cols; i++) {
        const float x = size * random_float(state);
        const uint16_t upper = upper_half(x);
        if (dtype == MOR4J_BF16) {
            memcpy(data + 2 * i, &upper, sizeof upper);
        } else {
            memcpy(data + 4 * i, &x, sizeof x);
        }
    }
    return m;
}

void free_matrix(mor4j_matrix *matrix)
{
    guarded_free((void *)(uintptr_t)matrix->data, matrix_bytes(matrix));
    matrix->data = NULL;
}

double weight_at(const mor4j_matrix *matrix, int64_t row, int64_t col)
{
    const char *data = matrix->data;
    const int64_t i = row * matrix->cols + col;
    char *scale = NULL, *place = mor4j_is_panels(matrix->dtype) ? panel_place(matrix, row, col, &scale) : NULL;
    float x;
    switch (matrix->dtype) {
    case MOR4J_BF16: return from_bf16(data + 2 * i);
    case MOR4J_BF16_PANELS: return from_bf16(place);
    case MOR4J_INT8_PANELS: return from_bf16(scale) * (*(uint8_t *)place - 128);
    case MOR4J_INT4_PANELS: return from_bf16(scale) * ((*(uint8_t *)place >> (col / 16 % 2 * 4) & 15) - 8);
    default: memcpy(&x, data + 4 * i, sizeof x); return x;
    }
}

bool is_close(float got, double want, double tolerance)
{
    if (isnan(want)) return isnan(got);
    if (isinf(want)) return isinf(got) && (got > 0) == (want > 0);
    return isfinite(got) && fabs(got - want) <= tolerance;
}

bool same_bits(const float *a, const float *b, int64_t n) { return memcmp(a, b, (size_t)n * sizeof(float)) == 0; }

bool is_quick(void) { return getenv("MOR4J_QUICK_TESTS") != NULL; }

const mor4j_kernels *const *runnable_kernels(void)
{
    static const mor4j_kernels *all[MOR4J_ISA_AVX512_BF16 + 2];
    for (int32_t isa = MOR4J_ISA_PORTABLE; isa <= mor4j_best_isa(); isa++) {
        all[isa] = mor4j_kernels_of(isa);
        CHECK(all[isa] != NULL && all[isa]->isa == isa, "isa %d does not run though a greater one does", isa);
    }
    return all;
}

const char *isa_name(int32_t isa)
{
    static const char *const names[] = {"portable", "avx2", "avx512", "avx512-vnni", "avx512-bf16"};
    return names[isa];
}
