/*
 * Memory that ends at a page that must not be touched, and begins after one. What lies between, less than the alignment
 * after the end, reads as NaN and is looked at again when the memory is given back; AddressSanitizer sees it touched at
 * once.
 */
#ifndef MOR4J_EMULATED_GUARDED_H
#define MOR4J_EMULATED_GUARDED_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

namespace mor4j_emulated {

struct guarded_memory {
    unsigned char *data;
    size_t bytes;
    void *mapping;
    size_t mapping_bytes;
};

/* alignment: a power of two, at most a page. */
bool guarded_allocate(size_t bytes, size_t alignment, guarded_memory &memory);

/* Whether nobody wrote right before or after it. */
bool guarded_intact(const guarded_memory &memory);

/* All bits set: NaN as float32, bfloat16 and float16, -1 as an integer. */
void guarded_fill(guarded_memory &memory);

/* What still points into it ends the process when it is used, until a GiB more was freed. */
void guarded_free(guarded_memory &memory);

} // namespace mor4j_emulated

#pragma GCC visibility pop

#endif
