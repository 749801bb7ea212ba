/* A hundred thousand swaps while an audio thread plays, under sanitizers: every plan that was published is taken, comes back
 * and is freed once; and outside fades the sound is, sample for sample, that of the same chain in an engine that nobody edits.
 * Usage: swaps SWAPS. */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "rig.h"

enum {
    LINKS = 5, STATEFUL = 2, /* links behind the first two may be edited: before them, a fade's rounding would be kept */
    SIDES = 6, BLOCK = GD_SLICE, PATIENCE_S = 60,
};

static uint64_t freed; /* programs; control thread */
void __real_gd_program_free(GdProgram *program);
void __wrap_gd_program_free(GdProgram *program);
void __wrap_gd_program_free(GdProgram *program)
{
    freed += program != NULL;
    __real_gd_program_free(program);
}

static int failures;
static void expect(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- a chain that is edited without being changed --- */

typedef struct Stormed {
    Rig rig;
    int32_t chain[LINKS + 1];    /* graph indices from the source to the output */
    int32_t wire[LINKS][2];      /* of each link: straight, or in and out of the gain that is in it */
    int32_t gain[LINKS];         /* -1: none */
    int32_t side[SIDES], to[SIDES], meter[SIDES], from[SIDES]; /* branches that end in a meter; side -1: none */
} Stormed;

/* As declared, so that a gain multiplies by one. */
static int32_t plain(Rig *rig, const char *type)
{
    const RigType *kind = rig_kind(rig_type(type));
    int32_t place = rig_add(rig, rig_type(type));
    if (place < 0)
        abort();
    int32_t index = rig->nodes[place].index;
    for (uint32_t p = 0; p < kind->spec.param_count; ++p)
        gd_graph_set(rig->graph, index, p, kind->defaults[p]);
    --rig->node_count; /* this program keeps its own books */
    return index;
}

static int32_t join(Rig *rig, int32_t source, int32_t target)
{
    int32_t wire = gd_graph_wire(rig->graph, source, 0, target, 0, 1.0f, rig->next_rank++);
    if (wire < 0)
        abort();
    return wire;
}

static void build(Stormed *s)
{
    static const char *const types[LINKS] = {"saw", "filter", "gain", "gain", "gain"};
    expect(rig_open(&s->rig, 1, 1), "opens");
    for (uint32_t k = 0; k < LINKS; ++k)
        s->chain[k] = plain(&s->rig, types[k]);
    s->chain[LINKS] = s->rig.nodes[0].index;
    for (uint32_t k = 0; k < LINKS; ++k) {
        s->wire[k][0] = join(&s->rig, s->chain[k], s->chain[k + 1]);
        s->gain[k] = -1;
    }
    for (uint32_t k = 0; k < SIDES; ++k)
        s->side[k] = -1;
    expect(rig_commit(&s->rig) == GD_OK, "the chain is legal");
}

static void turn_link(Stormed *s, uint32_t k)
{
    GdGraph *graph = s->rig.graph;
    gd_graph_unwire(graph, s->wire[k][0]);
    if (s->gain[k] < 0) {
        s->gain[k] = plain(&s->rig, "gain");
        s->wire[k][0] = join(&s->rig, s->chain[k], s->gain[k]);
        s->wire[k][1] = join(&s->rig, s->gain[k], s->chain[k + 1]);
    } else {
        gd_graph_unwire(graph, s->wire[k][1]);
        gd_graph_remove(graph, s->gain[k]);
        s->gain[k] = -1;
        s->wire[k][0] = join(&s->rig, s->chain[k], s->chain[k + 1]);
    }
}

static void turn_side(Stormed *s, uint32_t k)
{
    static const char *const types[] = {"filter", "delay", "gain", "pan", "adsr"};
    GdGraph *graph = s->rig.graph;
    if (s->side[k] < 0) {
        s->side[k] = plain(&s->rig, types[rig_random(&s->rig, sizeof types / sizeof *types)]);
        s->meter[k] = plain(&s->rig, "meter");
        s->from[k] = join(&s->rig, s->chain[rig_random(&s->rig, LINKS)], s->side[k]);
        s->to[k] = join(&s->rig, s->side[k], s->meter[k]);
    } else {
        gd_graph_unwire(graph, s->from[k]);
        gd_graph_unwire(graph, s->to[k]);
        gd_graph_remove(graph, s->side[k]);
        gd_graph_remove(graph, s->meter[k]);
        s->side[k] = -1;
    }
}

/* --- playing both --- */

static Stormed stormed, calm;
static _Atomic uint32_t quit;
static _Atomic uint64_t compared, fading, different;

static void *audio_main(void *argument)
{
    static float sound[2][BLOCK];
    (void)argument;
    while (!atomic_load(&quit)) {
        for (uint32_t which = 0; which < 2; ++which) {
            float *out[1] = {sound[which]};
            gd_engine_process(which ? calm.rig.engine : stormed.rig.engine, NULL, 0, out, 1, BLOCK);
        }
        const GdAudio *audio = &stormed.rig.engine->audio; /* this thread's own */
        if (audio->live && audio->stage + 1 < audio->live->count) {
            atomic_fetch_add_explicit(&fading, 1, memory_order_relaxed);
        } else {
            atomic_fetch_add_explicit(&compared, 1, memory_order_relaxed);
            if (memcmp(sound[0], sound[1], sizeof sound[0]))
                atomic_fetch_add_explicit(&different, 1, memory_order_relaxed);
        }
    }
    return NULL;
}

static uint64_t storm(uint64_t swaps)
{
    uint64_t published = 1;
    double until = now_s() + PATIENCE_S + (double)swaps / 50.0; /* on a machine that has better to do */
    while (published < swaps && now_s() < until) {
        if (!gd_engine_settled(stormed.rig.engine)) {
            sched_yield();
            continue;
        }
        uint32_t k = STATEFUL + rig_random(&stormed.rig, LINKS + SIDES - STATEFUL);
        if (k < LINKS)
            turn_link(&stormed, k);
        else
            turn_side(&stormed, k - LINKS);
        int status = rig_commit(&stormed.rig);
        expect(status == GD_OK, "a commit is legal");
        published += status == GD_OK;
    }
    for (until = now_s() + PATIENCE_S; !gd_engine_settled(stormed.rig.engine) && now_s() < until;)
        usleep(100);
    expect(gd_engine_settled(stormed.rig.engine), "settles");
    return published;
}

int main(int count, char **arguments)
{
    uint64_t wanted = count > 1 ? strtoull(arguments[1], NULL, 10) : 100000;
    pthread_t audio;
    build(&stormed);
    build(&calm);
    pthread_create(&audio, NULL, audio_main, NULL);
    double start_s = now_s();
    uint64_t published = storm(wanted);
    double took_s = now_s() - start_s;
    atomic_store(&quit, 1);
    pthread_join(audio, NULL);
    GdStats stats;
    gd_engine_stats(stormed.rig.engine, &stats);
    rig_close(&stormed.rig);
    rig_close(&calm.rig);
    printf("published %" PRIu64 " taken %" PRIu64 " freed %" PRIu64 " compared %" PRIu64 " fading %" PRIu64 " different %" PRIu64
           " per_second %.0f\n",
           published, stats.swaps, freed - 1, atomic_load(&compared), atomic_load(&fading), atomic_load(&different),
           (double)published / took_s);
    expect(stats.swaps == published && freed - 1 == published, "every plan that was published was taken and freed, once");
    expect(!atomic_load(&different), "outside fades, the sound is that of the chain that nobody edits");
    return failures != 0;
}
