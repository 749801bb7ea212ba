/* The core as Python loads it, with every device's call under the real-time guard: linked into the module, which is then
 * linked so that devices call `gd_caller_run` through here (ld --wrap). The guard itself is preloaded. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "devices/devices.h"
#include "guard.h"

#define PUBLIC __attribute__((visibility("default")))

enum { WARM_UP = 50 }; /* calls before a violation is made */

static _Atomic uint64_t calls, trapped;
static _Atomic uint32_t wanted; /* 0: none, or which violation */

static void misbehave(uint32_t which)
{
    static void *volatile kept;
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct timespec t = {.tv_nsec = 1};
    switch (which) {
    case 1: kept = malloc(100); break;
    case 2: free(kept); break;
    case 3: pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex); break;
    case 4: fputs("", stderr), fflush(stderr), (void)!write(2, "", 0); break;
    case 5: nanosleep(&t, NULL); break;
    default: break;
    }
}

/* Which violation the next call commits; how many calls were guarded, and of those, how many on threads whose system calls
 * trap. */
PUBLIC void guarded_misbehave(uint32_t which) { atomic_store(&wanted, which); }
PUBLIC uint64_t guarded_calls(void) { return atomic_load(&calls); }
PUBLIC uint64_t guarded_trapped(void) { return atomic_load(&trapped); }

void __real_gd_caller_run(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames, uint32_t flags);
void __wrap_gd_caller_run(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames, uint32_t flags);
void __wrap_gd_caller_run(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames, uint32_t flags)
{
    static _Thread_local uint64_t own_calls;
    atomic_fetch_add(&trapped, guard_prepare());
    atomic_fetch_add(&calls, 1);
    bool warm = ++own_calls > WARM_UP;
    guard_enter();
    if (warm && atomic_load(&wanted))
        misbehave(atomic_exchange(&wanted, 0));
    __real_gd_caller_run(caller, in, out, frames, flags);
    guard_leave();
}

/* A helper is guarded from one sleep to the next. */
void __real_gd_sleep_while(_Atomic uint32_t *word, uint32_t value);
void __wrap_gd_sleep_while(_Atomic uint32_t *word, uint32_t value);
void __wrap_gd_sleep_while(_Atomic uint32_t *word, uint32_t value)
{
    guard_leave();
    __real_gd_sleep_while(word, value);
    guard_prepare();
    guard_enter();
}

void __real_gd_give_way(void);
void __wrap_gd_give_way(void);
void __wrap_gd_give_way(void)
{
    guard_may_yield(true);
    __real_gd_give_way();
    guard_may_yield(false);
}
