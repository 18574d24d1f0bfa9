/* Calls of the C library that fail when a test asks for it. The linker puts the functions of failing.c before those of
   libc (--wrap): in test_failures, and in libmor4j_failing, which tests in Java load in place of libmor4j. */
#ifndef MOR4J_FAILING_H
#define MOR4J_FAILING_H

#include <stdint.h>

#include "mor4j.h"

/* The call that fails, counted from now on, from 1; 0: none. */
MOR4J_API void mor4j_failing_arm(int64_t call);

/* Calls that could have failed since mor4j_failing_arm. */
MOR4J_API int64_t mor4j_failing_calls(void);

/* The function that failed since mor4j_failing_arm, or NULL. */
MOR4J_API const char *mor4j_failing_failed(void);

/* What is held now: pieces of memory, mutexes, conditions and threads. */
MOR4J_API int64_t mor4j_failing_memory(void);
MOR4J_API int64_t mor4j_failing_mutexes(void);
MOR4J_API int64_t mor4j_failing_conditions(void);
MOR4J_API int64_t mor4j_failing_threads(void);

#endif
