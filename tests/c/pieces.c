/* Recordings of tracks under sanitizers: while an audio thread and its helper play, tracks get other pieces of other recordings,
 * the transport is moved, the tempo changes, tracks come and go. Each recording belongs to nobody but the pieces that name it,
 * so one that is freed too early is read after that, and one that is not freed is a leak. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "rig.h"

enum { TRACKS = 4, MOST = 12, LONGEST = 6000 };

static int failures;
static void expect(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

static Rig rig;
static int32_t tracks[TRACKS]; /* places in the rig; -1: none */
static _Atomic uint32_t quit;
static uint64_t given;

static void *audio_main(void *argument)
{
    (void)argument;
    uint32_t random = 815;
    while (!atomic_load(&quit)) {
        random = random * 1664525u + 1013904223u;
        const uint32_t frames = 1 + (random >> 20) % 700;
        expect(rig_play(&rig, frames, frames, NULL, NULL), "finite");
    }
    return NULL;
}

static GdMedia *make_media(uint32_t planes)
{
    static float samples[2 * LONGEST];
    const uint32_t frames = 1 + rig_random(&rig, LONGEST);
    for (uint32_t i = 0; i < planes * frames; ++i)
        samples[i] = (float)rig_random(&rig, 2000) * 0.001f - 1.0f;
    return gd_media_new(samples, planes, frames, RIG_RATE_HZ, 0, 0);
}

static double ticks(uint32_t most) { return rig_random(&rig, most); }

/* Other pieces of other recordings. */
static void arrange(int32_t place)
{
    static struct { GdPieces head; GdPiece piece[MOST]; } value;
    GdMedia *media[3];
    const uint32_t count = rig_random(&rig, MOST + 1), kinds = 1 + rig_random(&rig, 3);
    for (uint32_t k = 0; k < kinds; ++k)
        expect((media[k] = make_media(1 + rig_random(&rig, 2))) != NULL, "a recording is made");
    double at = 0.0;
    memset(&value, 0, sizeof value);
    for (uint32_t k = 0; k < count; ++k) {
        at += ticks(200);
        const double end = at + 1.0 + ticks(800);
        value.piece[k] = (GdPiece){.at = at, .end = end, .origin = at - ticks(100), .start_s = ticks(100) * 1e-3,
            .speed = rig_random(&rig, 2) ? 1.0 : 0.5 + ticks(50) * 0.01, .clip_at = at, .clip_end = end,
            .fade_in_s = (float)ticks(20) * 1e-3f, .fade_out_s = (float)ticks(20) * 1e-3f, .gain = 0.2f,
            .media = rig_random(&rig, kinds), .flags = rig_random(&rig, 2) ? GD_PIECE_REVERSED : 0};
        value.head.longest_ticks = end - at > value.head.longest_ticks ? end - at : value.head.longest_ticks;
    }
    value.head.count = count;
    value.head.serial = (uint32_t)++given;
    expect(gd_graph_data(rig.graph, rig.nodes[place].index, &value, sizeof value.head + count * sizeof *value.piece, media, kinds),
           "pieces are given");
    for (uint32_t k = 0; k < kinds; ++k)
        gd_media_release(media[k]);
}

static void turn_tempo(void)
{
    const GdTempoSpan span = {.bpm = 60.0 + ticks(100)};
    const GdBars bars = {.bar_ticks = 3840.0, .beat_ticks = 960.0};
    const uint64_t start = rig_random(&rig, 20000);
    const GdTimelineSpec spec = {.spans = &span, .bars = &bars, .span_count = 1, .bar_count = 1, .loop_start = start,
                                 .loop_end = start + 1 + rig_random(&rig, 30000)};
    expect(gd_engine_timeline(rig.engine, &spec), "a timeline is given");
}

static void add_track(uint32_t k)
{
    tracks[k] = rig_add(&rig, rig_type("audio_clips"));
    expect(tracks[k] >= 0, "a track is made");
    gd_graph_channels(rig.graph, rig.nodes[tracks[k]].index, 1 + rig_random(&rig, 2));
    arrange(tracks[k]);
    expect(rig_wire(&rig, (uint32_t)tracks[k], 0, 0, 0, 1.0f), "it is wired");
}

static void remove_track(uint32_t k)
{
    const uint32_t last = rig.node_count - 1;
    for (uint32_t other = 0; other < TRACKS; ++other) /* the rig puts its last node in the place of one that goes */
        if (other != k && tracks[other] == (int32_t)last)
            tracks[other] = tracks[k];
    rig_remove(&rig, (uint32_t)tracks[k]);
    tracks[k] = -1;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void play(uint32_t seed, uint32_t threads, double seconds)
{
    pthread_t audio;
    expect(rig_open(&rig, seed, threads), "opens");
    for (uint32_t k = 0; k < TRACKS; ++k)
        add_track(k);
    rig_commit(&rig);
    for (uint32_t round = 0; round < 2; ++round) {
        if (round) /* nothing calls now */
            gd_engine_restart(rig.engine, rig_random(&rig, 30000));
        atomic_store(&quit, 0);
        pthread_create(&audio, NULL, audio_main, NULL);
        for (double until = now_s() + seconds / 2; now_s() < until;) {
            const uint32_t k = rig_random(&rig, TRACKS);
            switch (rig_random(&rig, 8)) {
            case 0: tracks[k] < 0 ? add_track(k) : remove_track(k); break;
            case 1: gd_engine_locate(rig.engine, rig_random(&rig, 40000)); break;
            case 2: turn_tempo(); break;
            case 3: gd_engine_roll(rig.engine, rig_random(&rig, 3) != 0, rig_random(&rig, 2) * 1000); break;
            case 4: gd_graph_sweep(rig.graph); break;
            default:
                if (tracks[k] >= 0)
                    arrange(tracks[k]);
            }
            rig_commit(&rig);
            usleep(rig_random(&rig, 2000));
        }
        atomic_store(&quit, 1);
        pthread_join(audio, NULL);
    }
    expect(rig.worst_status == GD_OK, "every commit is legal");
    rig_close(&rig);
}

int main(int count, char **arguments)
{
    const double seconds = count > 1 ? atof(arguments[1]) : 3.0;
    play(1, 1, seconds);
    play(2, 2, seconds);
    printf("pieces: %" PRIu64 " values given\n", given);
    printf(failures ? "pieces: %d failures\n" : "pieces: fine\n", failures);
    return failures != 0;
}
