/*
 * Support of the C tests: seeded random numbers, arrays that end at an unmapped page with sentinels before them, and
 * comparisons that treat NaN and infinities explicitly. A failed check prints and ends the process with 1.
 */
#ifndef MOR4J_TEST_SUPPORT_H
#define MOR4J_TEST_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "mor4j.h"

#define CHECK(condition, ...)                                                \
    do {                                                                     \
        if (!(condition)) fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
    } while (0)

__attribute__((noreturn, format(printf, 4, 5))) void fail(const char *file, int line, const char *condition,
                                                          const char *format, ...);

/* splitmix64 */
uint64_t random_bits(uint64_t *state);
int64_t random_below(uint64_t *state, int64_t n);
/* in [-1, 1) */
float random_float(uint64_t *state);
void random_floats(uint64_t *state, float *x, int64_t n);

/* bytes that end right before an unmapped page. The bytes before them are sentinels; the array itself is filled with
   0xFF, which reads as NaN. */
void *guarded(size_t bytes);
/* Checks the sentinels and unmaps. */
void guarded_free(void *array, size_t bytes);
float *guarded_floats(int64_t n);
void guarded_floats_free(float *array, int64_t n);

/* Random weights against an unmapped page. */
mor4j_matrix random_matrix(uint64_t *state, int64_t rows, int64_t cols, int32_t dtype, float size);
void free_matrix(mor4j_matrix *matrix);
double weight_at(const mor4j_matrix *matrix, int64_t row, int64_t col);

/* NaN wants NaN, an infinity the same one, a number one within tolerance. */
bool is_close(float got, double want, double tolerance);
bool same_bits(const float *a, const float *b, int64_t n);

/* Is MOR4J_QUICK_TESTS in the environment? Then sizes, number types and instruction sets are all there, but what only
   repeats them is not: for sanitizers. */
bool is_quick(void);

/* The kernels this machine can run, then NULL. */
const mor4j_kernels *const *runnable_kernels(void);
const char *isa_name(int32_t isa);

#endif
