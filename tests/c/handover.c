/* Devices that all call at once while the turn goes round among them, and that still call when the engine is freed. Under a
 * sanitizer: a caller out of its turn must touch nothing but itself. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rig.h"

enum { DEVICES = 3 };

static struct {
    Rig rig;
    GdCaller *callers[DEVICES];
    uint64_t calls[DEVICES];
    _Atomic uint32_t quit;
} world;
static int failures;

static void expect(bool fine, const char *what)
{
    if (!fine) {
        printf("handover: not so: %s\n", what);
        ++failures;
    }
}

static void *device(void *argument)
{
    uint32_t k = (uint32_t)(uintptr_t)argument;
    while (!atomic_load(&world.quit)) {
        gd_caller_run(world.callers[k], NULL, NULL, 16 + 16 * k, 0);
        ++world.calls[k];
    }
    return NULL;
}

static void rest_us(long us) { nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL); }

/* A turn that was given has been used before it is taken away again. */
static void wait_for_call(uint32_t k)
{
    GdCallerFacts facts;
    gd_caller_facts(world.callers[k], &facts);
    for (uint64_t before = facts.frames; facts.frames == before; gd_caller_facts(world.callers[k], &facts))
        rest_us(20);
}

int main(int count, char **arguments)
{
    uint32_t turns = count > 1 ? (uint32_t)atoi(arguments[1]) : 2000;
    const uint32_t both[] = {0, 1};
    pthread_t threads[DEVICES];
    expect(rig_open(&world.rig, 1, 1) && rig_sum(&world.rig, 8) && rig_commit(&world.rig) == 0, "an engine is made");
    for (uint32_t k = 0; k < DEVICES; ++k) {
        GdCallerSpec spec = {.outs = both, .out_count = 2, .device_outs = 2, .block = 64, .fade_frames = k ? 256 : 0};
        world.callers[k] = gd_caller_new(world.rig.engine, &spec);
        gd_caller_open(world.callers[k], true);
        pthread_create(&threads[k], NULL, device, (void *)(uintptr_t)k);
    }
    for (uint32_t turn = 0; turn < turns; ++turn) {
        uint32_t k = turn % DEVICES;
        gd_caller_take(world.callers[k]);
        if (turn % 2)
            wait_for_call(k);
        expect(gd_caller_leave(world.callers[k], 10.0), "a turn ends");
    }
    GdStats stats;
    uint64_t frames = 0;
    gd_engine_stats(world.rig.engine, &stats);
    for (uint32_t k = 0; k < DEVICES; ++k) {
        GdCallerFacts facts;
        gd_caller_facts(world.callers[k], &facts);
        frames += facts.frames;
    }
    expect(stats.overlaps == 0, "one at a time");
    expect(frames == gd_engine_time(world.rig.engine) && frames == stats.frames, "every frame was somebody's turn");
    printf("turns %u frames %llu\n", turns, (unsigned long long)frames);
    rig_close(&world.rig); /* and the devices go on */
    rest_us(20000);
    atomic_store(&world.quit, 1);
    for (uint32_t k = 0; k < DEVICES; ++k) {
        pthread_join(threads[k], NULL);
        expect(world.calls[k] > 0, "every device calls");
        gd_caller_free(world.callers[k]);
    }
    printf(failures ? "handover: %d failures\n" : "handover: fine\n", failures);
    return failures != 0;
}
