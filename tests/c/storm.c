/* The storm: an audio thread plays while a control thread edits at random and a disk thread fills rings. Built under
 * sanitizers, which find races, bad memory and leaks; the program itself checks that every plan that was published came
 * back and was freed, that the sound stayed finite, and that it does not depend on threads or block size. */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "rig.h"

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

typedef struct Storm {
    Rig rig;
    pthread_mutex_t lock;    /* control and disk threads, as in the Python side */
    _Atomic uint32_t quit;
    _Atomic uint64_t not_finite_calls;
} Storm;

static Storm storm;

static void *audio_main(void *argument)
{
    (void)argument;
    uint32_t random = 12345;
    while (!atomic_load(&storm.quit)) {
        random = random * 1664525u + 1013904223u;
        uint32_t frames = (random >> 16) % 4 ? 1024 : 1 + (random >> 20) % 512;
        if (!rig_play(&storm.rig, frames, frames, NULL, NULL))
            atomic_fetch_add(&storm.not_finite_calls, 1);
    }
    return NULL;
}

static void *disk_main(void *argument)
{
    (void)argument;
    while (!atomic_load(&storm.quit)) {
        pthread_mutex_lock(&storm.lock);
        rig_feed(&storm.rig);
        pthread_mutex_unlock(&storm.lock);
        usleep(3000);
    }
    return NULL;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool settles(Rig *rig)
{
    for (double until = now_s() + 20.0; now_s() < until; usleep(100))
        if (gd_engine_settled(rig->engine))
            return true;
    return false;
}

/* Another tempo map with a ramp, and a loop. */
static bool retime(Rig *rig)
{
    const double bpm = 40.0 + rig_random(rig, 200), slope = 60.0 / 3840.0, scale = 60.0 * RIG_RATE_HZ / 960.0;
    const GdTempoSpan spans[] = {{.bpm = bpm, .slope = slope},
                                 {.tick = 3840.0, .frame = scale / slope * log1p(slope * 3840.0 / bpm), .bpm = bpm}};
    const GdBars bars = {.bar_ticks = 3840.0, .beat_ticks = 960.0};
    const GdTimelineSpec spec = {.spans = spans, .bars = &bars, .span_count = 2, .bar_count = 1,
                                 .loop_start = 100, .loop_end = 100 + rig_random(rig, 2) * rig_random(rig, 60000)};
    return gd_engine_timeline(rig->engine, &spec);
}

/* Play and edit for `seconds`, or until `edits` are made. */
static void live(uint32_t seed, uint32_t threads, uint32_t nodes, bool wide, uint32_t edits, double seconds)
{
    Rig *rig = &storm.rig;
    pthread_t audio, disk;
    uint64_t published = 0, freed_before = freed;
    expect(rig_open(rig, seed, threads), "opens");
    if (wide)
        expect(rig_chains(rig, 4, 10) && rig_sum(rig, 640), "builds");
    atomic_store(&storm.quit, 0);
    pthread_create(&audio, NULL, audio_main, NULL);
    pthread_create(&disk, NULL, disk_main, NULL);
    gd_engine_profile(rig->engine, true);
    double until = now_s() + seconds;
    bool wants_help = wide && threads > 1; /* on a busy machine helpers may need longer to be seen at work */
    while ((rig->edits < edits && now_s() < until)
           || (wants_help && !atomic_load(&rig->engine->crew.ticket) && now_s() < until + 20.0)) {
        pthread_mutex_lock(&storm.lock);
        for (uint32_t k = rig_random(rig, 6); k; --k)
            rig_edit(rig, nodes);
        const GdProgram *before = rig->engine->newest;
        rig_commit(rig);
        published += rig->engine->newest != before;
        GdNews news;
        while (gd_engine_news(rig->engine, &news))
            ;
        GdStats stats;
        gd_engine_stats(rig->engine, &stats);
        if (rig_random(rig, 50) == 0)
            gd_engine_stats_reset(rig->engine);
        if (rig_random(rig, 20) == 0)
            gd_engine_roll(rig->engine, rig_random(rig, 3) != 0, rig_random(rig, 2) * rig_random(rig, 3000));
        if (rig_random(rig, 20) == 0)
            expect(retime(rig), "takes a timeline");
        pthread_mutex_unlock(&storm.lock);
        if (rig_random(rig, 4))
            usleep(rig_random(rig, 1500));
    }
    expect(settles(rig), "settles");
    GdStats stats;
    gd_engine_stats(rig->engine, &stats);
    expect(stats.swaps == published, "every published plan was taken");
    expect(stats.not_finite == 0 && !atomic_load(&storm.not_finite_calls), "finite");
    expect(rig->worst_status == GD_OK, "every commit is legal");
    atomic_store(&storm.quit, 1);
    pthread_join(audio, NULL);
    pthread_join(disk, NULL);
    uint64_t shared = atomic_load(&rig->engine->crew.ticket);
    expect(!wide || threads == 1 || shared > 0, "helpers took part");
    printf("live: %u threads, %" PRIu64 " edits, %" PRIu64 " swaps, %" PRIu64 " callbacks, %" PRIu64 " shared slices\n", threads,
           rig->edits, published, stats.callbacks, shared);
    rig_close(rig);
    expect(freed - freed_before == published, "every published plan was freed, once");
}

/* The same edits at the same frames. */
static uint64_t still(uint32_t seed, uint32_t threads, uint32_t block, bool wide, uint32_t turns)
{
    static Rig rig;
    uint64_t hash = 14695981039346656037u;
    expect(rig_open(&rig, seed, threads), "opens");
    if (wide)
        expect(rig_chains(&rig, 4, 10) && rig_sum(&rig, 640), "builds");
    for (uint32_t turn = 0; turn < turns; ++turn) {
        for (uint32_t k = rig_random(&rig, 6); k; --k)
            rig_edit(&rig, 30);
        rig_commit(&rig);
        rig_feed(&rig);
        expect(rig_play(&rig, 448, block, &hash, NULL), "finite");
    }
    expect(rig.worst_status == GD_OK, "every commit is legal");
    rig_close(&rig);
    return hash;
}

int main(int count, char **arguments)
{
    double seconds = count > 1 ? atof(arguments[1]) : 3.0;
    uint32_t edits = count > 2 ? (uint32_t)atoi(arguments[2]) : 100000;
    pthread_mutex_init(&storm.lock, NULL);
    for (uint32_t seed = 1; seed <= 3; ++seed) {
        uint64_t alone = still(seed, 1, 64, false, 150);
        expect(still(seed, 1, 100, false, 150) == alone, "the block size does not change the sound");
    }
    uint64_t alone = still(9, 1, 448, true, 12);
    expect(still(9, 2, 448, true, 12) == alone, "a second thread does not change the sound");
    expect(still(9, 3, 300, true, 12) == alone, "a third thread does not change the sound");
    live(1, 1, 40, false, edits, seconds);
    live(2, 2, 40, false, edits, seconds);
    live(3, 2, 60, true, edits, seconds);
    printf(failures ? "storm: %d failures\n" : "storm: fine\n", failures);
    return failures != 0;
}
