/* The real-time guard, as the program that it is preloaded into sees it: weak, so null where it is not. Any thread. */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct GuardCounts {
    uint64_t violations;
    uint64_t wakes, yields; /* allowed system calls */
    const char *first;      /* what the first violation was; empty: none */
} GuardCounts;

__attribute__((weak)) bool guard_prepare(void);       /* once a thread, before it enters; false: system calls cannot be trapped */
__attribute__((weak)) void guard_enter(void);
__attribute__((weak)) void guard_leave(void);
__attribute__((weak)) void guard_may_yield(bool may); /* inside: giving way to another thread is allowed now */
__attribute__((weak)) void guard_close(void);         /* no violations from here on, in any thread */
__attribute__((weak)) GuardCounts guard_counts(void);

#endif
