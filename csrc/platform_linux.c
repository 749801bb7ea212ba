/* The platform on Linux. Elsewhere: the same few functions in a file of that system's name. */
#define _GNU_SOURCE
#include "platform.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void gd_sleep_while(_Atomic uint32_t *word, uint32_t value)
{
    syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

void gd_wake_all(_Atomic uint32_t *word) { syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE_PRIVATE, 1 << 30, NULL, NULL, 0); }

void gd_give_way(void) { sched_yield(); }

uint64_t gd_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void gd_sleep_until_ns(uint64_t time_ns)
{
    struct timespec until = {.tv_sec = (time_t)(time_ns / 1000000000u), .tv_nsec = (long)(time_ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

bool gd_set_priority(pthread_t thread, int priority)
{
    struct sched_param param = {.sched_priority = priority};
    return pthread_setschedparam(thread, priority ? SCHED_FIFO : SCHED_OTHER, &param) == 0;
}

int gd_get_priority(pthread_t thread)
{
    struct sched_param param;
    int policy;
    if (pthread_getschedparam(thread, &policy, &param))
        return 0;
    return policy == SCHED_FIFO || policy == SCHED_RR ? param.sched_priority : 0;
}

double gd_ticks_per_second(void)
{
    static double rate;
    if (rate == 0.0) {
        uint64_t start_ns = gd_now_ns(), start = gd_ticks();
        gd_sleep_until_ns(start_ns + 5000000u);
        rate = (double)(gd_ticks() - start) * 1e9 / (double)(gd_now_ns() - start_ns);
    }
    return rate;
}

#if defined(__x86_64__)
enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };
uint64_t gd_flush_denormals(void)
{
    uint32_t before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return before;
}
void gd_restore_denormals(uint64_t before) { __builtin_ia32_ldmxcsr((uint32_t)before); }
#elif defined(__aarch64__)
enum { FLUSH_TO_ZERO = 1 << 24 };
uint64_t gd_flush_denormals(void)
{
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" ::"r"(before | FLUSH_TO_ZERO));
    return before;
}
void gd_restore_denormals(uint64_t before) { __asm__ volatile("msr fpcr, %0" ::"r"(before)); }
#else
uint64_t gd_flush_denormals(void) { return 0; }
void gd_restore_denormals(uint64_t before) { (void)before; }
#endif
