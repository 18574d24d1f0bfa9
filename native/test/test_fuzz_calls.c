/* Runs fuzz_calls.c over inputs that are the same in every run: the search that is guided by coverage needs clang. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(void)
{
    enum { INPUTS = 30000, LONGEST = 2000 };
    uint64_t seed = 17;
    uint8_t bytes[LONGEST];
    for (int i = 0; i < INPUTS; i++) {
        /* From inputs in which next to all is usual to those in which little is. */
        const int64_t below = 128 + random_below(&seed, 129), size = 1 + random_below(&seed, LONGEST);
        for (int64_t at = 0; at < size; at++) bytes[at] = (uint8_t)random_below(&seed, below);
        LLVMFuzzerTestOneInput(bytes, (size_t)size);
    }
    printf("%d made-up calls were refused, or right\n", INPUTS);
    return 0;
}
