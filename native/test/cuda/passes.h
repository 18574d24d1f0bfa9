/* Passes over rows in the sizes that the tests of row kernels share. */
#ifndef MOR4J_CUDA_TEST_PASSES_H
#define MOR4J_CUDA_TEST_PASSES_H

#include "support.h"

/* Rows taken, rows there is room for, states they are out of: none, all, with gaps and out of order. */
struct pass_size {
    int32_t count, bucket, states;
};

static const pass_size PASS_SIZES[] = {{0, 1, 3}, {1, 1, 1}, {2, 3, 2}, {7, 16, 11}, {33, 40, 50}};

static const int64_t ROW_LENGTHS[] = {1, 3, 6, 64, 96, 100, 257, 960};

/* Longer than what a block takes in one stride; for passes of a few rows. */
static const int64_t LONG_ROW_LENGTHS[] = {1026, 4100, 8200};

struct test_pass {
    pass_size size;
    int64_t length;
    std::vector<int32_t> list;
    device_rows rows;

    test_pass(pass_size s, int64_t n, uint64_t *random)
        : size(s), length(n), list(random_rows(random, s.count, s.states)), rows(list, s.bucket)
    {
        describe("%d of %d rows out of %d states, %lld numbers each", s.count, s.bucket, s.states,
                 static_cast<long long>(n));
    }
    /* Numbers of all states, and of all rows that there is room for. */
    size_t of_states() const { return size.states * length; }
    size_t of_bucket() const { return size.bucket * length; }
};

/* check(pass, random) for every size. */
template <typename F> void for_passes(uint64_t seed, F check)
{
    for (const pass_size &size : PASS_SIZES) {
        for (int64_t length : ROW_LENGTHS) check(test_pass(size, length, &seed), &seed);
    }
    for (int64_t length : LONG_ROW_LENGTHS) check(test_pass({2, 3, 4}, length, &seed), &seed);
}

#define EXPECT_REFUSED(call) CHECK(static_cast<cudaError_t>(call) == cudaErrorInvalidValue)

#endif
