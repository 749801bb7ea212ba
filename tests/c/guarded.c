/* The storm's audio thread and helpers under the real-time guard. The program is linked so that calls between the core's
 * files pass through here (ld --wrap): that marks what helpers do, and lets a named violation be made on purpose.
 * Usage: guarded VIOLATION|none audio|helper seconds. Ends with 1 if the guard found something, 2 if it cannot work. */
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "guard.h"
#include "rig.h"

static Rig rig;
static _Atomic uint32_t quit;
static _Atomic uint64_t calls, faults, major_faults, helper_faults, helped;
static const char *violation = "none";
static bool on_helper;
static _Atomic uint32_t armed, made; /* the violation happens once, after the start */
enum { WARM_UP = 50 };                /* calls in which the audio thread meets its own stack */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static void *volatile kept;
static uint32_t word;

static long raw_call(long number)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
    return result;
#else
    return syscall(number);
#endif
}

static void do_malloc(void) { kept = malloc(100); }
static void do_calloc(void) { kept = calloc(10, 10); }
static void do_realloc(void) { kept = realloc(NULL, 100); }
static void do_aligned_alloc(void) { kept = aligned_alloc(64, 128); }
static void do_posix_memalign(void)
{
    void *memory;
    if (!posix_memalign(&memory, 64, 128))
        kept = memory;
}
static void do_free(void) { free(kept); }
static void do_mutex(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}
static void do_condition(void) { pthread_cond_signal(&condition); }
static void do_semaphore(void) { sem_post(&semaphore); }
static void do_write(void) { (void)!write(STDERR_FILENO, "", 0); }
static void do_print(void) { fputs("\n", stderr); }
static void do_getpid(void) { raw_call(SYS_getpid); }
static void do_sleep(void) { usleep(1); }
static void do_yield(void) { sched_yield(); }
static void do_futex_wait(void) { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0); }
static void do_clock(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
}
static void do_thread_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* this clock is not served without the kernel */
}
static void do_page_faults(void)
{
    for (size_t page = 0; page < 64; ++page)
        ((volatile char *)kept)[page * 4096] = 1;
}

static const struct {
    const char *name;
    void (*act)(void);
} violations[] = {
    {"malloc", do_malloc}, {"calloc", do_calloc}, {"realloc", do_realloc}, {"aligned_alloc", do_aligned_alloc},
    {"posix_memalign", do_posix_memalign}, {"free", do_free}, {"pthread_mutex_lock", do_mutex},
    {"pthread_cond_signal", do_condition}, {"sem_post", do_semaphore}, {"write", do_write}, {"print", do_print},
    {"getpid", do_getpid}, {"sleep", do_sleep}, {"yield", do_yield}, {"futex_wait", do_futex_wait}, {"clock", do_clock},
    {"thread_clock", do_thread_clock}, {"page_faults", do_page_faults}, {"none", NULL},
};
enum { VIOLATIONS = sizeof violations / sizeof *violations };
static void (*act)(void);

static void misbehave(bool helper)
{
    if (act && helper == on_helper && atomic_load_explicit(&armed, memory_order_relaxed)
        && atomic_exchange_explicit(&armed, 0, memory_order_relaxed)) {
        act();
        atomic_store(&made, 1);
    }
}

/* --- between the core's files --- */

void __real_gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile);
void __wrap_gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile);
void __wrap_gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile)
{
    misbehave(false);
    __real_gd_run_steps(plan, audio, frames, profile);
}

void __real_gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket);
void __wrap_gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket);
void __wrap_gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket)
{
    if (worker)
        atomic_fetch_add_explicit(&helped, 1, memory_order_relaxed);
    misbehave(worker > 0);
    __real_gd_run_share(plan, audio, crew, worker, ticket);
}

static uint64_t faults_now(void)
{
    struct rusage use;
    getrusage(RUSAGE_THREAD, &use);
    return (uint64_t)(use.ru_minflt + use.ru_majflt);
}

/* A helper is guarded from one sleep to the next. */
void __real_gd_sleep_while(_Atomic uint32_t *sleep_word, uint32_t value);
void __wrap_gd_sleep_while(_Atomic uint32_t *sleep_word, uint32_t value);
void __wrap_gd_sleep_while(_Atomic uint32_t *sleep_word, uint32_t value)
{
    static _Thread_local uint64_t sleeps, before;
    guard_leave();
    if (sleeps++ > 20) /* its own stack is met for the first time */
        atomic_fetch_add(&helper_faults, faults_now() - before);
    __real_gd_sleep_while(sleep_word, value);
    guard_prepare();
    before = faults_now();
    guard_enter();
}

/* More threads than processors: the one thing besides waking that the core may ask of the system. */
void __real_gd_give_way(void);
void __wrap_gd_give_way(void);
void __wrap_gd_give_way(void)
{
    guard_may_yield(true);
    __real_gd_give_way();
    guard_may_yield(false);
}

/* --- the storm --- */

static void *audio_main(void *argument)
{
    static float planes[4][1024];
    float *out[2] = {planes[0], planes[1]};
    const float *in[2] = {planes[2], planes[3]};
    uint32_t random = 1;
    (void)argument;
    guard_prepare();
    for (uint64_t call = 0; !atomic_load(&quit); ++call) {
        struct rusage before, after;
        random = random * 1664525u + 1013904223u;
        uint32_t frames = (random >> 16) % 4 ? 512 : 1 + (random >> 20) % 512;
        getrusage(RUSAGE_THREAD, &before);
        guard_enter();
        gd_engine_process(rig.engine, in, 2, out, 2, frames);
        guard_leave();
        getrusage(RUSAGE_THREAD, &after);
        atomic_fetch_add(&calls, 1);
        if (call < WARM_UP)
            continue;
        atomic_fetch_add(&faults, (uint64_t)(after.ru_minflt - before.ru_minflt));
        atomic_fetch_add(&major_faults, (uint64_t)(after.ru_majflt - before.ru_majflt));
    }
    return NULL;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void edit_for(double seconds)
{
    bool waits = act != NULL;
    double half = now_s() + 0.5 * seconds, until = now_s() + seconds;
    while (now_s() < until || (waits && !atomic_load(&made) && now_s() < until + 20.0)
           || (!atomic_load(&helped) && now_s() < until + 20.0)) {
        for (uint32_t k = rig_random(&rig, 6); k; --k)
            rig_edit(&rig, 60);
        rig_feed(&rig);
        rig_commit(&rig);
        if (waits && now_s() > half && atomic_load(&calls) > WARM_UP) {
            atomic_store(&armed, 1);
            half = 1e300;
        }
        usleep(rig_random(&rig, 3000));
    }
}

static bool arrange(int count, char **arguments)
{
    if (count != 4)
        return false;
    violation = arguments[1];
    on_helper = !strcmp(arguments[2], "helper");
    uint32_t v = 0;
    while (v < VIOLATIONS && strcmp(violations[v].name, violation))
        ++v;
    if (v == VIOLATIONS)
        return false;
    act = violations[v].act;
    sem_init(&semaphore, 0, 0);
    kept = act == do_page_faults ? mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : malloc(64);
    return kept && rig_open(&rig, 7, 2) && rig_chains(&rig, 4, 10) && rig_sum(&rig, 640);
}

int main(int count, char **arguments)
{
    pthread_t audio;
    if (!guard_prepare || !arrange(count, arguments)) {
        fputs("usage: LD_PRELOAD=guard.so guarded VIOLATION|none audio|helper seconds\n", stderr);
        return 2;
    }
    if (!guard_prepare()) {
        puts("this kernel cannot trap system calls");
        return 77;
    }
    rig_commit(&rig);
    pthread_create(&audio, NULL, audio_main, NULL);
    edit_for(atof(arguments[3]));
    guard_close();
    atomic_store(&quit, 1);
    pthread_join(audio, NULL);
    GuardCounts counts = guard_counts();
    GdStats stats;
    gd_engine_stats(rig.engine, &stats);
    printf("calls %" PRIu64 " swaps %" PRIu64 " helped %" PRIu64 " wakes %" PRIu64 " yields %" PRIu64 " minor_faults %" PRIu64
           " major_faults %" PRIu64 " helper_faults %" PRIu64 " violations %" PRIu64 " first '%s'\n", atomic_load(&calls), stats.swaps, atomic_load(&helped),
           counts.wakes, counts.yields, atomic_load(&faults), atomic_load(&major_faults),
           atomic_load(&helper_faults), counts.violations, counts.first);
    rig_close(&rig);
    return counts.violations ? 1 : 0;
}
