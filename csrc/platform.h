/* All that differs between systems and processors: waiting, waking, time, denormals. */
#ifndef GD_PLATFORM_H
#define GD_PLATFORM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"

/* Sleep while the word still holds `value`; may return early. */
GD_ANY void gd_sleep_while(_Atomic uint32_t *word, uint32_t value);
/* Wake all who sleep on the word: the one system call that the audio thread makes. */
GD_RT void gd_wake_all(_Atomic uint32_t *word);

/* Nanoseconds of a clock that only goes forward; no system call. */
GD_RT uint64_t gd_now_ns(void);
/* Sleep until that time. */
GD_ANY void gd_sleep_until_ns(uint64_t time_ns);

/* The audio thread runs with denormals flushed to zero; put back what was set before. */
GD_RT uint64_t gd_flush_denormals(void);
GD_RT void gd_restore_denormals(uint64_t before);

/* Give a thread real-time priority, or (0) take it away; false where it is not allowed. */
GD_CTL bool gd_set_priority(pthread_t thread, int priority);
/* The real-time priority that a living thread has, 0 for none. */
GD_CTL int gd_get_priority(pthread_t thread);

/* A cheap counter for profiling, and how many of its ticks make a second. */
GD_RT static inline uint64_t gd_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return gd_now_ns();
#endif
}
GD_CTL double gd_ticks_per_second(void);

/* For a spin that has lasted far too long: more threads than processors, so let another one run. */
GD_ANY void gd_give_way(void);

/* For spinning politely. */
GD_RT static inline void gd_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
