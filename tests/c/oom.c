/* Out of memory at every single allocation, one after the other: each call fails cleanly, nothing leaks (the address
 * sanitizer looks), what plays plays on unchanged, and when there is memory again the same edit sounds as if it had
 * never failed. The program is linked so that the core's allocations pass through here (ld --wrap). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "rig.h"

enum { TURN = 512 };

static uint64_t allocations, fail_at; /* counted from 1; 0: never */
static bool fail_after;               /* all later ones too */

static bool refused(void)
{
    ++allocations;
    return fail_at && (allocations == fail_at || (fail_after && allocations > fail_at));
}

void *__real_malloc(size_t bytes), *__real_calloc(size_t count, size_t size), *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*start)(void *), void *argument);
void *__wrap_malloc(size_t bytes), *__wrap_calloc(size_t count, size_t size), *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*start)(void *), void *argument);

void *__wrap_malloc(size_t bytes) { return refused() ? NULL : __real_malloc(bytes); }
void *__wrap_calloc(size_t count, size_t size) { return refused() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *memory, size_t bytes) { return refused() ? NULL : __real_realloc(memory, bytes); }
void *__wrap_aligned_alloc(size_t alignment, size_t bytes) { return refused() ? NULL : __real_aligned_alloc(alignment, bytes); }
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*start)(void *), void *argument)
{
    return refused() ? 11 : __real_pthread_create(thread, how, start, argument);
}

static void arm(uint64_t at, bool after) { allocations = 0, fail_at = at, fail_after = after; }
static void disarm(void) { fail_at = 0; }

static int failures;
static void expect(bool fine, const char *what, uint64_t at, bool after)
{
    if (!fine) {
        fprintf(stderr, "failed: %s, without allocation %llu%s\n", what, (unsigned long long)at, after ? " and all later" : "");
        ++failures;
    }
}

/* --- making a graph --- */

static bool build(Rig *rig)
{
    static const char *const more[] = {"delay", "feedback", "sampler", "audio_file", "pan", "meter", "lfo", "adsr", "switch", "mix"};
    if (!rig_open(rig, 5, 2) || !rig_chains(rig, 2, 6) || !rig_sum(rig, 140))
        return false;
    for (uint32_t k = 0; k < sizeof more / sizeof *more; ++k) {
        int32_t place = rig_add(rig, rig_type(more[k]));
        if (place < 0 || !rig_wire(rig, (uint32_t)place, 0, 0, 0, 1.0f))
            return false;
        if (k && !rig_wire(rig, (uint32_t)place - 1, 0, (uint32_t)place, 0, 1.0f))
            return false;
        rig->nodes[place].fixed = true;
    }
    return rig_commit(rig) == GD_OK;
}

/* From nothing; true when no allocation was refused. */
static bool make_without(uint64_t at, bool after)
{
    static Rig rig;
    arm(at, after);
    bool made = build(&rig);
    bool met = allocations >= at;
    disarm();
    expect(made || met, "a graph is made where there is memory", at, after);
    expect(!made || !after || !met, "a graph is not made without memory", at, after);
    expect(rig.worst_status == GD_OK || rig.worst_status == GD_NO_MEMORY, "commit says why", at, after);
    rig_close(&rig);
    return !met;
}

/* --- changing one that plays --- */

typedef struct Change {
    uint32_t done;              /* how far an earlier try came */
    int32_t first, second;
} Change;

/* Every kind of edit; goes on where it failed. */
static bool change(Rig *rig, Change *c)
{
    switch (c->done) {
    case 0:
        if ((c->first = rig_add(rig, rig_type("delay"))) < 0)
            return false;
        ++c->done; /* fall through */
    case 1:
        if (!rig_wire(rig, (uint32_t)c->first, 0, 0, 0, 1.0f))
            return false;
        ++c->done; /* fall through */
    case 2:
        if (!rig_wire(rig, 1, 0, (uint32_t)c->first, 0, 1.0f))
            return false;
        ++c->done; /* fall through */
    case 3:
        if ((c->second = rig_add(rig, rig_type("sampler"))) < 0)
            return false;
        ++c->done; /* fall through */
    case 4:
        if (!rig_wire(rig, (uint32_t)c->second, 0, (uint32_t)c->first, 0, 1.0f))
            return false;
        ++c->done; /* fall through */
    case 5: /* a loop, through the delay */
        if (!rig_wire(rig, (uint32_t)c->first, 0, (uint32_t)c->first, 0, 0.5f))
            return false;
        ++c->done; /* fall through */
    case 6: /* a filter that wires go past: those get delay lines */
        gd_graph_latency(rig->graph, rig->nodes[2].index, 100);
        rig_unwire(rig, 0);
        rig_remove(rig, 20);
        ++c->done; /* fall through */
    default:
        return true;
    }
}

static float before[2 * TURN], expected[4][2 * TURN], sound[2 * TURN];

/* The change at the second turn, and `later`, a removal after it; sounds into `expected`. */
static void reference(void)
{
    static Rig rig;
    Change c = {0};
    expect(build(&rig), "the reference is built", 0, false);
    rig_feed(&rig);
    rig_play(&rig, TURN, 64, NULL, before);
    rig_play(&rig, TURN, 64, NULL, expected[0]);
    expect(change(&rig, &c) && rig_commit(&rig) == GD_OK, "the reference is changed", 0, false);
    rig_feed(&rig);
    rig_play(&rig, TURN, 64, NULL, expected[1]);
    rig_remove(&rig, (uint32_t)c.first);
    expect(rig_commit(&rig) == GD_OK, "the reference is changed again", 0, false);
    rig_play(&rig, TURN, 64, NULL, expected[2]);
    rig_play(&rig, TURN, 64, NULL, expected[3]);
    rig_close(&rig);
}

static bool change_without(uint64_t at, bool after)
{
    static Rig rig;
    Change c = {0};
    expect(build(&rig), "it is built", at, after);
    rig_feed(&rig);
    rig_play(&rig, TURN, 64, NULL, sound);
    arm(at, after);
    int status = change(&rig, &c) ? rig_commit(&rig) : -1;
    bool met = allocations >= at;
    disarm();
    expect(status == GD_OK || met, "a change is made where there is memory", at, after);
    expect(status == GD_OK || status == GD_NO_MEMORY || status == -1, "commit says why", at, after);
    if (status != GD_OK) {
        rig_play(&rig, TURN, 64, NULL, sound);
        expect(!memcmp(sound, expected[0], sizeof sound), "the old plan plays on", at, after);
        expect(change(&rig, &c) && rig_commit(&rig) == GD_OK, "with memory the change is made", at, after);
        rig_feed(&rig);
        rig_play(&rig, TURN, 64, NULL, sound);
        expect(!memcmp(sound, expected[1], sizeof sound), "it sounds as if nothing had failed", at, after);
    }
    rig_close(&rig);
    return !met;
}

/* A removal cannot say that it failed, so it must not. */
static bool remove_without(uint64_t at, bool after)
{
    static Rig rig;
    Change c = {0};
    expect(build(&rig), "it is built", at, after);
    rig_feed(&rig);
    rig_play(&rig, TURN, 64, NULL, sound);
    rig_play(&rig, TURN, 64, NULL, sound);
    expect(change(&rig, &c) && rig_commit(&rig) == GD_OK, "it is changed", at, after);
    rig_feed(&rig);
    rig_play(&rig, TURN, 64, NULL, sound);
    arm(at, after);
    rig_remove(&rig, (uint32_t)c.first);
    int status = rig_commit(&rig);
    bool met = allocations >= at;
    disarm();
    expect(status == GD_OK || (met && status == GD_NO_MEMORY), "commit says why", at, after);
    if (status == GD_OK) {
        rig_play(&rig, TURN, 64, NULL, sound);
        expect(!memcmp(sound, expected[2], sizeof sound), "what was removed fades", at, after);
    } else {
        expect(rig_commit(&rig) == GD_OK, "with memory it is removed", at, after);
        rig_play(&rig, TURN, 64, NULL, sound);
        expect(!memcmp(sound, expected[2], sizeof sound), "removed as if nothing had failed", at, after);
    }
    rig_close(&rig);
    return !met;
}

/* More removals than there were changes before, all without memory. */
static void remove_many(void)
{
    static Rig rig;
    expect(rig_open(&rig, 1, 1), "it is opened", 0, false);
    for (uint32_t batch = 0; batch < 3; ++batch) {
        for (uint32_t k = 0; k < 50; ++k) {
            int32_t gain = rig_add(&rig, rig_type("gain"));
            expect(gain > 0 && rig_wire(&rig, (uint32_t)gain, 0, 0, 0, 1.0f), "a node is added", 0, false);
        }
        expect(rig_commit(&rig) == GD_OK, "it is committed", 0, false);
        rig_play(&rig, TURN, 64, NULL, sound);
        expect(gd_engine_settled(rig.engine), "it settles", 0, false);
    }
    arm(1, true);
    while (rig.node_count > 1)
        rig_remove(&rig, rig.node_count - 1);
    disarm();
    expect(rig_commit(&rig) == GD_OK, "the removals are committed", 1, true);
    rig_play(&rig, TURN, 64, NULL, sound);
    expect(gd_engine_settled(rig.engine), "the removals settle", 1, true);
    uint32_t nodes = 0, wires = 0;
    for (uint32_t n = 0; n < rig.graph->node_count; ++n)
        nodes += rig.graph->nodes[n].life != GD_FREE;
    for (uint32_t w = 0; w < rig.graph->wire_count; ++w)
        wires += rig.graph->wires[w].life != GD_FREE;
    expect(nodes == 2 && wires == 1, "nothing but the output is left", 1, true);
    rig_close(&rig);
}

static bool devices_without(uint64_t at, bool after)
{
    static Rig rig;
    expect(rig_open(&rig, 1, 2), "it is opened", at, after);
    arm(at, after);
    const uint32_t both[] = {0, 1};
    GdCaller *caller = gd_caller_new(rig.engine, &(GdCallerSpec){.ins = both, .outs = both, .in_count = 2, .out_count = 2,
                                                                 .device_ins = 2, .device_outs = 2, .block = 64,
                                                                 .fade_frames = 256});
    GdNullDevice *timer = caller ? gd_null_start(caller, 64, 0) : NULL;
    if (timer)
        gd_null_stop(timer);
    if (caller)
        gd_caller_free(caller);
    bool met = allocations >= at;
    disarm();
    expect(timer || met, "devices are made where there is memory", at, after);
    rig_close(&rig);
    return !met;
}

static void at_every_allocation(const char *what, bool (*without)(uint64_t at, bool after))
{
    for (int after = 0; after < 2; ++after) {
        uint64_t at = 1;
        while (!without(at, after) && failures < 20)
            ++at;
        printf("%s%s: %llu allocations refused\n", what, after ? ", and all later" : "", (unsigned long long)at - 1);
    }
}

int main(void)
{
    reference();
    at_every_allocation("making", make_without);
    at_every_allocation("changing", change_without);
    at_every_allocation("removing", remove_without);
    at_every_allocation("devices", devices_without);
    remove_many();
    printf(failures ? "oom: %d failures\n" : "oom: fine\n", failures);
    return failures != 0;
}
