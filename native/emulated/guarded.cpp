#include "guarded.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <deque>
#include <mutex>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

namespace mor4j_emulated {

static const size_t PAGE = 64 << 10; /* a multiple of any system's */
static const size_t BEFORE_BYTES = 64;

/* Two bytes of these are a NaN as bfloat16 and float16, four as float32. */
static unsigned char slack_byte(const unsigned char *p) { return reinterpret_cast<uintptr_t>(p) % 2 ? 0xFF : 0xA5; }

static unsigned char *slack_begin(const guarded_memory &memory)
{
    unsigned char *first = static_cast<unsigned char *>(memory.mapping) + PAGE;
    return memory.data - first < static_cast<ptrdiff_t>(BEFORE_BYTES) ? first : memory.data - BEFORE_BYTES;
}

static unsigned char *body_end(const guarded_memory &memory)
{
    return static_cast<unsigned char *>(memory.mapping) + memory.mapping_bytes - PAGE;
}

static void protect_slack(const guarded_memory &memory)
{
    for (unsigned char *p = slack_begin(memory); p < memory.data; p++) *p = slack_byte(p);
    for (unsigned char *p = memory.data + memory.bytes; p < body_end(memory); p++) *p = slack_byte(p);
    unsigned char *first = static_cast<unsigned char *>(memory.mapping) + PAGE;
    ASAN_POISON_MEMORY_REGION(first, static_cast<size_t>(memory.data - first));
    ASAN_POISON_MEMORY_REGION(memory.data + memory.bytes,
                              static_cast<size_t>(body_end(memory) - memory.data) - memory.bytes);
}

bool guarded_allocate(size_t bytes, size_t alignment, guarded_memory &memory)
{
    if (bytes > SIZE_MAX - 4 * PAGE) return false;
    const size_t body = (bytes + PAGE - 1) / PAGE * PAGE;
    const size_t total = body + 2 * PAGE;
    void *mapping = mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return false;
    unsigned char *first = static_cast<unsigned char *>(mapping) + PAGE;
    if (body > 0 && mprotect(first, body, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapping, total);
        return false;
    }
    memory = {first + body - (bytes + alignment - 1) / alignment * alignment, bytes, mapping, total};
    protect_slack(memory);
    return true;
}

bool guarded_intact(const guarded_memory &memory)
{
    ASAN_UNPOISON_MEMORY_REGION(memory.mapping, memory.mapping_bytes);
    bool intact = true;
    for (const unsigned char *p = slack_begin(memory); p < memory.data; p++) intact &= *p == slack_byte(p);
    for (const unsigned char *p = memory.data + memory.bytes; p < body_end(memory); p++) intact &= *p == slack_byte(p);
    protect_slack(memory);
    return intact;
}

void guarded_fill(guarded_memory &memory)
{
    if (memory.bytes > 0) memset(memory.data, 0xFF, memory.bytes);
}

/* Addresses that were freed stay unreadable until this much was freed after them: the system would give them to the
   next that asks, a fiber's stack for one, and a use after free would read that instead of ending the process. */
static const size_t QUARANTINE_BYTES = static_cast<size_t>(1) << 30;
static const size_t QUARANTINE_MAPPINGS = 4096;

struct quarantined {
    void *mapping;
    size_t bytes;
};

/* Outlive every thread. */
static std::mutex &quarantine_lock = *new std::mutex();
static std::deque<quarantined> &quarantine = *new std::deque<quarantined>();
static size_t quarantine_bytes;

void guarded_free(guarded_memory &memory)
{
    if (!memory.mapping) return;
    const quarantined freed = {memory.mapping, memory.mapping_bytes};
    memory = {nullptr, 0, nullptr, 0};
    ASAN_UNPOISON_MEMORY_REGION(freed.mapping, freed.bytes);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED; /* gives the pages back */
    if (mmap(freed.mapping, freed.bytes, PROT_NONE, flags, -1, 0) == MAP_FAILED) {
        munmap(freed.mapping, freed.bytes);
        return;
    }
    std::lock_guard<std::mutex> hold(quarantine_lock);
    quarantine.push_back(freed);
    quarantine_bytes += freed.bytes;
    while (quarantine_bytes > QUARANTINE_BYTES || quarantine.size() > QUARANTINE_MAPPINGS) {
        munmap(quarantine.front().mapping, quarantine.front().bytes);
        quarantine_bytes -= quarantine.front().bytes;
        quarantine.pop_front();
    }
}

} // namespace mor4j_emulated
