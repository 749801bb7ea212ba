/* The real-time guard, preloaded into a test program: inside a section that a thread has entered, memory from the heap,
 * locks and system calls are counted as violations. Calls into the C library are seen by interposition; system calls, also
 * those that no library made, by Syscall User Dispatch (Linux 5.11, x86-64). Allowed: waking sleepers on a futex. */
#include "guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif
#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

#define PUBLIC __attribute__((visibility("default")))

static _Atomic uint64_t violation_count, wake_count, yield_count;
static _Atomic uint32_t closed; /* the program ends: threads may do as they like */
static char first[64];          /* the first violation's name; written once */
static _Thread_local volatile char selector; /* 0: system calls pass, 1: they trap */
static _Thread_local bool inside, prepared, may_yield;

static void violation(const char *name, long number)
{
    if (atomic_fetch_add(&violation_count, 1))
        return;
    size_t length = strlen(name);
    memcpy(first, name, length < 40 ? length : 40);
    if (number < 0)
        return;
    char *digit = first + length;
    for (long power = number >= 100 ? 100 : number >= 10 ? 10 : 1; power; power /= 10)
        *digit++ = (char)('0' + number / power % 10);
}

static void seen(const char *name)
{
    if (inside && !atomic_load_explicit(&closed, memory_order_relaxed))
        violation(name, -1);
}

/* --- system calls --- */

#if defined(__x86_64__)
/* The only code whose system calls never trap: the handler's own, and its return. */
__asm__(".pushsection .text.guard, \"ax\", @progbits\n"
        ".hidden guard_text_begin, guard_text_end, guard_return, guard_call\n"
        "guard_text_begin:\n"
        "guard_return: mov $15, %eax\n syscall\n"
        "guard_call: mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n mov %r8, %r10\n mov %r9, %r8\n"
        " mov 8(%rsp), %r9\n syscall\n ret\n"
        "guard_text_end:\n"
        ".popsection\n");
extern const char guard_text_begin[], guard_text_end[];
void guard_return(void);
long guard_call(long number, long a, long b, long c, long d, long e, long f);

static bool is_wake(const greg_t *r)
{
    return r[REG_RAX] == SYS_futex && r[REG_RSI] == (FUTEX_WAKE | FUTEX_PRIVATE_FLAG);
}

/* Count, then make the call for the thread, which goes on guarded. */
static void on_trap(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    if (!atomic_load_explicit(&closed, memory_order_relaxed)) {
        if (is_wake(r))
            atomic_fetch_add(&wake_count, 1);
        else if (r[REG_RAX] == SYS_sched_yield && may_yield)
            atomic_fetch_add(&yield_count, 1);
        else
            violation("system call ", r[REG_RAX]);
    }
    r[REG_RAX] = guard_call(r[REG_RAX], r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]);
}

struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static bool dispatch_on(void)
{
    enum { RESTORER = 0x04000000 };
    struct kernel_action action = {.handler = on_trap, .flags = SA_SIGINFO | SA_NODEFER | RESTORER, .restorer = guard_return};
    if (guard_call(SYS_rt_sigaction, SIGSYS, (long)&action, 0, 8, 0, 0))
        return false;
    return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, (unsigned long)guard_text_begin,
                 (unsigned long)(guard_text_end - guard_text_begin), &selector) == 0;
}
#else
static bool dispatch_on(void) { return false; }
#endif

PUBLIC bool guard_prepare(void)
{
    if (!prepared)
        prepared = dispatch_on();
    return prepared;
}

PUBLIC void guard_enter(void)
{
    inside = true;
    selector = prepared;
}

PUBLIC void guard_leave(void)
{
    selector = 0;
    inside = false;
}

PUBLIC void guard_close(void) { atomic_store(&closed, 1); }
PUBLIC void guard_may_yield(bool may) { may_yield = may; }
PUBLIC GuardCounts guard_counts(void)
{
    return (GuardCounts){atomic_load(&violation_count), atomic_load(&wake_count), atomic_load(&yield_count), first};
}

/* --- the heap --- */

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
void __libc_free(void *);

PUBLIC void *malloc(size_t bytes)
{
    seen("malloc");
    return __libc_malloc(bytes);
}
PUBLIC void *calloc(size_t count, size_t size)
{
    seen("calloc");
    return __libc_calloc(count, size);
}
PUBLIC void *realloc(void *memory, size_t bytes)
{
    seen("realloc");
    return __libc_realloc(memory, bytes);
}
PUBLIC void free(void *memory)
{
    seen("free");
    __libc_free(memory);
}
PUBLIC void *aligned_alloc(size_t alignment, size_t bytes)
{
    seen("aligned_alloc");
    return __libc_memalign(alignment, bytes);
}
PUBLIC void *memalign(size_t alignment, size_t bytes)
{
    seen("memalign");
    return __libc_memalign(alignment, bytes);
}
PUBLIC int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    seen("posix_memalign");
    *memory = __libc_memalign(alignment, bytes);
    return *memory ? 0 : ENOMEM;
}

/* --- locks and waiting --- */

/* The C library's own function; asked for once, before any section. Conditions changed their shape in 2.3.2. */
#define REAL(result, name, find, parameters, ...)                                                      \
    static result(*real_##name) parameters;                                                            \
    __attribute__((constructor)) static void find_##name(void)                                         \
    {                                                                                                  \
        void *found = find(#name);                                                                     \
        memcpy(&real_##name, &found, sizeof found);                                                    \
    }                                                                                                  \
    PUBLIC result name parameters                                                                      \
    {                                                                                                  \
        seen(#name);                                                                                   \
        if (!real_##name)                                                                              \
            find_##name();                                                                             \
        return real_##name(__VA_ARGS__);                                                               \
    }
#define NEXT(name) dlsym(RTLD_NEXT, name)
#define CONDITION(name) dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2")

REAL(int, pthread_mutex_lock, NEXT, (pthread_mutex_t * m), m)
REAL(int, pthread_mutex_trylock, NEXT, (pthread_mutex_t * m), m)
REAL(int, pthread_mutex_unlock, NEXT, (pthread_mutex_t * m), m)
REAL(int, pthread_rwlock_rdlock, NEXT, (pthread_rwlock_t * m), m)
REAL(int, pthread_rwlock_wrlock, NEXT, (pthread_rwlock_t * m), m)
REAL(int, pthread_spin_lock, NEXT, (pthread_spinlock_t * m), m)
REAL(int, pthread_cond_wait, CONDITION, (pthread_cond_t * c, pthread_mutex_t *m), c, m)
REAL(int, pthread_cond_timedwait, CONDITION, (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *t), c, m, t)
REAL(int, pthread_cond_signal, CONDITION, (pthread_cond_t * c), c)
REAL(int, pthread_cond_broadcast, CONDITION, (pthread_cond_t * c), c)
REAL(int, sem_wait, NEXT, (sem_t * s), s)
REAL(int, sem_post, NEXT, (sem_t * s), s)
REAL(int, pthread_join, NEXT, (pthread_t t, void **r), t, r)
