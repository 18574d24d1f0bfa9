#include "fiber.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define MOR4J_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define MOR4J_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mor4j_emulated {

#if defined(MOR4J_ASAN) || defined(MOR4J_TSAN)
static const size_t STACK_BYTES = 512 << 10; /* instrumented frames are larger */
#else
static const size_t STACK_BYTES = 128 << 10;
#endif
static const size_t COLORS = 64;
static const size_t COLOR_BYTES = 320;
static const size_t GUARD_BYTES = 64 << 10; /* whole pages whatever their size */

struct fiber {
    unsigned char *stack;
    size_t color; /* bytes of the stack not used, so that fibers' frames do not all fall into the same cache sets */
    void (*body)();
    bool exited;  /* by itself, since it was started */
    void *shadow; /* what ThreadSanitizer knows of the fiber */
#if defined(__x86_64__)
    void *stack_pointer;
#else
    ucontext_t context;
#endif
};

static std::vector<fiber *> &pool = *new std::vector<fiber *>(); /* stacks are kept for as long as the process lives */
static fiber *running;
static size_t allocated;

#if defined(__x86_64__)
static void *resumer;

/* Saves what a call preserves on this stack, its pointer in *from, and goes on where `to` was saved. A jump instead of
   a return, because the processor predicts returns by calls, of which there was none. */
extern "C" __attribute__((visibility("hidden"))) void mor4j_emulated_switch(void **from, void *to);
asm(R"(
.text
.p2align 4
.globl mor4j_emulated_switch
.hidden mor4j_emulated_switch
.type mor4j_emulated_switch, @function
mor4j_emulated_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rdx
    jmpq *%rdx
.size mor4j_emulated_switch, .-mor4j_emulated_switch
)");

static void to_fiber(fiber *f) { mor4j_emulated_switch(&resumer, f->stack_pointer); }
static void to_resumer(fiber *f) { mor4j_emulated_switch(&f->stack_pointer, resumer); }
static void to_other(fiber *from, fiber *f) { mor4j_emulated_switch(&from->stack_pointer, f->stack_pointer); }

static void prepare(fiber *f, void (*entry)())
{
    /* Six registers, the place to go to, and a return address that ends a backtrace; that aligns the stack as a call
       does. */
    uint64_t *top = reinterpret_cast<uint64_t *>(f->stack + STACK_BYTES - f->color);
    *--top = 0;
    *--top = reinterpret_cast<uint64_t>(entry);
    for (int i = 0; i < 6; i++) *--top = 0;
    f->stack_pointer = top;
}
#else
static ucontext_t resumer;

static void to_fiber(fiber *f) { swapcontext(&resumer, &f->context); }
static void to_resumer(fiber *f) { swapcontext(&f->context, &resumer); }
static void to_other(fiber *from, fiber *f) { swapcontext(&from->context, &f->context); }

static void prepare(fiber *f, void (*entry)())
{
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK_BYTES - f->color;
    f->context.uc_link = nullptr;
    makecontext(&f->context, entry, 0);
}
#endif

/* Sanitizers have to know on which stack the process is. */
#if defined(MOR4J_ASAN)
static void *resumer_fake;
static const void *resumer_stack;
static size_t resumer_bytes;
static bool from_resumer;

/* A stack may have been left in the middle of anything. Not by fiber_exit: before a call that does not return,
   compilers forget all frames above. Worth the difference, for a kernel starts thousands of fibers. */
static void forget_frames(fiber *f)
{
    if (!f->exited) ASAN_UNPOISON_MEMORY_REGION(f->stack, STACK_BYTES);
}
static void before_fiber(fiber *f)
{
    from_resumer = true;
    __sanitizer_start_switch_fiber(&resumer_fake, f->stack, STACK_BYTES);
}
static void after_fiber() { __sanitizer_finish_switch_fiber(resumer_fake, nullptr, nullptr); }
static void before_other(fiber *f, void **fake) { __sanitizer_start_switch_fiber(fake, f->stack, STACK_BYTES); }
static void before_resumer(void **fake) { __sanitizer_start_switch_fiber(fake, resumer_stack, resumer_bytes); }
static void fiber_entered(void *fake)
{
    const void *stack;
    size_t bytes;
    __sanitizer_finish_switch_fiber(fake, &stack, &bytes);
    if (from_resumer) {
        resumer_stack = stack;
        resumer_bytes = bytes;
    }
    from_resumer = false;
}
static void *create_shadow() { return nullptr; }
#elif defined(MOR4J_TSAN)
static void *resumer_shadow;

/* Frames that were left in the middle of are never popped. */
static void forget_frames(fiber *f)
{
    __tsan_destroy_fiber(f->shadow);
    f->shadow = __tsan_create_fiber(0);
}
static void before_fiber(fiber *f)
{
    resumer_shadow = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(f->shadow, 0);
}
static void after_fiber() {}
static void before_other(fiber *f, void **) { __tsan_switch_to_fiber(f->shadow, 0); }
static void before_resumer(void **) { __tsan_switch_to_fiber(resumer_shadow, 0); }
static void fiber_entered(void *) {}
static void *create_shadow() { return __tsan_create_fiber(0); }
#else
static void forget_frames(fiber *) {}
static void before_fiber(fiber *) {}
static void after_fiber() {}
static void before_other(fiber *, void **) {}
static void before_resumer(void **) {}
static void fiber_entered(void *) {}
static void *create_shadow() { return nullptr; }
#endif

static void fiber_main()
{
    fiber_entered(nullptr);
    running->body();
    __builtin_unreachable();
}

static fiber *allocate()
{
    void *memory =
        mmap(nullptr, GUARD_BYTES + STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    unsigned char *stack = static_cast<unsigned char *>(memory) + GUARD_BYTES;
    if (mprotect(stack, STACK_BYTES, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, GUARD_BYTES + STACK_BYTES);
        return nullptr;
    }
    fiber *f = new fiber();
    f->stack = stack;
    f->color = allocated++ % COLORS * COLOR_BYTES;
    f->shadow = create_shadow();
    return f;
}

fiber *fiber_start(void (*body)())
{
    fiber *f;
    if (pool.empty()) {
        f = allocate();
        if (!f) return nullptr;
    } else {
        f = pool.back();
        pool.pop_back();
    }
    forget_frames(f);
    f->body = body;
    f->exited = false;
    prepare(f, fiber_main);
    return f;
}

void fiber_resume(fiber *f)
{
    running = f;
    before_fiber(f);
    to_fiber(f);
    after_fiber();
}

void fiber_switch(fiber *f)
{
    fiber *self = running;
    void *fake = nullptr;
    running = f;
    before_other(f, &fake);
    to_other(self, f);
    fiber_entered(fake);
}

void fiber_yield()
{
    fiber *self = running;
    void *fake = nullptr;
    before_resumer(&fake);
    to_resumer(self);
    fiber_entered(fake);
}

void fiber_exit()
{
    running->exited = true;
    before_resumer(nullptr);
    to_resumer(running);
    __builtin_unreachable();
}

void fiber_release(fiber *f) { pool.push_back(f); }

} // namespace mor4j_emulated
