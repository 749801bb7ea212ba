/* Taps and places under sanitizers: while an audio thread plays and edits go on, the transport is moved, taps come and go, and
 * another thread reads them; in between everything begins anew. The program checks that no position is ever wrong, and that
 * a tap of a ramp in frames hears the ramp. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "rig.h"

enum { TAPS = 4, RING = 4096, CHUNK = 1024 };

static int failures;
static void expect(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

typedef struct Listener {
    GdTap *tap;              /* null: none; under `lock` with the reader */
    int32_t node, wire;
} Listener;

static Rig rig;
static Listener listeners[TAPS];
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER; /* of the reader and who takes its taps away; not the audio thread */
static _Atomic uint32_t quit;
static _Atomic uint64_t frames_read, frames_missed;

static void *audio_main(void *argument)
{
    (void)argument;
    uint32_t random = 4711;
    while (!atomic_load(&quit)) {
        random = random * 1664525u + 1013904223u;
        const uint32_t frames = 1 + (random >> 20) % 700;
        expect(rig_play(&rig, frames, frames, NULL, NULL), "finite");
    }
    return NULL;
}

static void *reader_main(void *argument)
{
    (void)argument;
    static float planes[GD_MAX_CHANNELS * CHUNK];
    static GdTapPlace places[TAPS];
    static GdTap *known[TAPS];
    while (!atomic_load(&quit)) {
        for (uint32_t k = 0; k < TAPS; ++k) {
            pthread_mutex_lock(&reading);
            GdTap *tap = listeners[k].tap;
            if (tap != known[k])
                places[k] = (GdTapPlace){0}, known[k] = tap;
            if (tap) {
                const uint64_t before = places[k].next;
                const uint32_t channels = gd_tap_channels(tap);
                uint32_t count = gd_tap_read(tap, &places[k], planes, channels, CHUNK);
                atomic_fetch_add(&frames_read, count);
                expect(count <= CHUNK && (!count || places[k].next != before), "goes on");
            }
            pthread_mutex_unlock(&reading);
        }
        usleep(500);
    }
    for (uint32_t k = 0; k < TAPS; ++k)
        atomic_fetch_add(&frames_missed, places[k].missed);
    return NULL;
}

static void drop_tap(Listener *listener)
{
    if (!listener->tap)
        return;
    pthread_mutex_lock(&reading);
    GdTap *tap = listener->tap;
    listener->tap = NULL;
    pthread_mutex_unlock(&reading);
    if (listener->wire >= 0)
        gd_graph_unwire(rig.graph, listener->wire);
    gd_graph_remove(rig.graph, listener->node);
    gd_tap_release(tap);
}

/* Listens to the node that is never removed: the output. */
static void make_tap(Listener *listener, int32_t type)
{
    GdTap *tap = gd_tap_new(RING);
    listener->node = gd_graph_add(rig.graph, type, UINT64_MAX / 2, 0, NULL, 0, NULL);
    expect(tap && listener->node >= 0, "a tap is made");
    gd_graph_tap(rig.graph, listener->node, tap);
    listener->wire = gd_graph_wire(rig.graph, rig.nodes[0].index, 0, listener->node, 0, 1.0f, UINT64_MAX / 2);
    pthread_mutex_lock(&reading);
    listener->tap = tap;
    pthread_mutex_unlock(&reading);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Where the transport was seen to go is where it was sent. */
static uint64_t check_news(uint64_t wanted)
{
    uint64_t located = 0;
    for (GdNews news; gd_engine_news(rig.engine, &news);)
        if (news.kind == GD_NEWS_LOCATED) {
            ++located;
            expect(news.position % 1000 == 7 && news.position <= wanted, "a place that was asked for");
        }
    return located;
}

static void play(uint32_t seed, uint32_t threads, double seconds)
{
    pthread_t audio, reader;
    uint64_t located = 0, position = 7;
    expect(rig_open(&rig, seed, threads), "opens");
    const GdPortSpec in = {"in", 0};
    const GdTypeSpec spec = {.name = "tap", .kernel = "tap", .ins = &in, .in_count = 1};
    const int32_t type = gd_graph_type(rig.graph, &spec);
    for (uint32_t round = 0; round < 3; ++round) {
        if (round) /* nothing calls now */
            gd_engine_restart(rig.engine, position);
        expect(!round || (gd_engine_position(rig.engine) == position && gd_engine_time(rig.engine) == 0), "begins anew");
        atomic_store(&quit, 0);
        pthread_create(&audio, NULL, audio_main, NULL);
        pthread_create(&reader, NULL, reader_main, NULL);
        for (double until = now_s() + seconds / 3; now_s() < until;) {
            for (uint32_t k = rig_random(&rig, 3); k; --k)
                rig_edit(&rig, 25);
            Listener *listener = &listeners[rig_random(&rig, TAPS)];
            if (rig_random(&rig, 3) == 0)
                listener->tap ? drop_tap(listener) : make_tap(listener, type);
            if (rig_random(&rig, 3) == 0)
                gd_engine_locate(rig.engine, position += 1000);
            rig_commit(&rig);
            rig_feed(&rig);
            located += check_news(position);
            usleep(rig_random(&rig, 2000));
        }
        atomic_store(&quit, 1);
        pthread_join(audio, NULL);
        pthread_join(reader, NULL);
    }
    for (uint32_t k = 0; k < TAPS; ++k)
        drop_tap(&listeners[k]);
    expect(rig.worst_status == GD_OK, "every commit is legal");
    expect(located > 0, "the transport was moved");
    printf("places: %u threads, %" PRIu64 " edits, %" PRIu64 " locates\n", threads, rig.edits, located);
    rig_close(&rig);
}

int main(int count, char **arguments)
{
    const double seconds = count > 1 ? atof(arguments[1]) : 3.0;
    play(1, 1, seconds);
    play(2, 2, seconds);
    expect(atomic_load(&frames_read) > 0, "taps heard something");
    printf("taps: %" PRIu64 " frames read, %" PRIu64 " missed\n", atomic_load(&frames_read), atomic_load(&frames_missed));
    printf(failures ? "places: %d failures\n" : "places: fine\n", failures);
    return failures != 0;
}
