/* Tapes under sanitizers: an audio thread plays, disk threads write takes, and the control thread starts, stops and frees
 * them, and takes their nodes away while they write. The program itself checks that no take has a hole. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

enum { RING = 1 << 15, BLOCK = 128, ROUNDS_A_SECOND = 15 };

static Rig rig;
static _Atomic uint32_t quit;
static int failures;
static uint64_t takes, frames;

static void expect(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

static void *audio_main(void *argument)
{
    (void)argument;
    while (!atomic_load(&quit)) {
        rig_play(&rig, BLOCK, BLOCK, NULL, NULL);
        usleep(500); /* some five times faster than a device */
    }
    return NULL;
}

static uint32_t place_of(int32_t index)
{
    for (uint32_t n = 0; n < rig.node_count; ++n)
        if (rig.nodes[n].index == index)
            return n;
    abort();
}

/* A noise into a node that is recorded, stereo every other time. */
static int32_t add_recorded(uint32_t round)
{
    int32_t noise = rig_add(&rig, rig_type("noise")), record = rig_add(&rig, rig_type("record"));
    expect(noise >= 0 && record >= 0, "two nodes more");
    int32_t index = rig.nodes[record].index;
    gd_graph_channels(rig.graph, rig.nodes[noise].index, 1 + round % 2);
    expect(gd_graph_tape(rig.graph, index, RING), "rings");
    gd_graph_set(rig.graph, index, 0, 1.0f);
    expect(rig_wire(&rig, (uint32_t)noise, 0, (uint32_t)record, 0, 1.0f), "a wire");
    return index;
}

static void commit(void)
{
    while (rig_commit(&rig) == GD_BUSY)
        usleep(1000);
}

static void read_takes(GdTape *tape, const char *parts)
{
    GdTake take;
    GdTapeState state;
    while (gd_tape_next(tape, &take)) {
        char path[300];
        snprintf(path, sizeof path, "%s-%u.part.wav", parts, take.number);
        expect(take.error == 0 && take.lost == 0, "a take is whole");
        expect(take.file >= 0 && lseek(take.file, 0, SEEK_END) >= (off_t)take.frames * 3 * take.channels, "a file is as long");
        close(take.file);
        unlink(path);
        ++takes, frames += take.frames;
    }
    gd_tape_state(tape, &state);
    expect(state.ended, "a tape without takes has ended");
}

static void round_of(uint32_t round, const char *folder)
{
    char parts[200];
    snprintf(parts, sizeof parts, "%s/%u", folder, round);
    const int32_t index = add_recorded(round);
    commit();
    const GdTapeSpec spec = {.parts = parts, .bits = 24, .preroll_frames = round % 3 * 1000, .late_frames = round % 5 * 100,
                             .from = gd_engine_time(rig.engine)};
    GdTape *tape = gd_tape_new(rig.engine, index, &spec);
    expect(tape != NULL, "a tape");
    expect(gd_tape_new(rig.engine, index, &spec) == NULL, "no second tape of a node");
    usleep(20000);
    if (round % 2)
        gd_tape_catch_up(tape, 256);
    gd_tape_stop(tape, gd_engine_time(rig.engine));
    const bool early = round % 3 == 0; /* the node goes while its tape still writes */
    if (!early)
        read_takes(tape, parts), gd_tape_free(tape);
    rig_remove(&rig, place_of(index));
    commit();
    for (uint32_t wait = 0; wait < 100 && !gd_engine_settled(rig.engine); ++wait)
        usleep(1000);
    if (early)
        read_takes(tape, parts), gd_tape_free(tape);
}

int main(int count, char **arguments)
{
    const uint32_t rounds = (uint32_t)(atof(count > 1 ? arguments[1] : "2") * ROUNDS_A_SECOND);
    char folder[] = "/tmp/graphdaw-tapes-XXXXXX";
    pthread_t audio;
    expect(mkdtemp(folder) != NULL, "a folder");
    expect(rig_open(&rig, 7, 2), "an engine");
    pthread_create(&audio, NULL, audio_main, NULL);
    for (uint32_t round = 0; round < rounds; ++round)
        round_of(round, folder);
    atomic_store(&quit, 1);
    pthread_join(audio, NULL);
    rig_close(&rig);
    expect(takes > rounds / 2 && frames > rounds * 100, "there are takes");
    expect(rmdir(folder) == 0, "no file is left");
    printf("tapes: %s, %llu takes of %llu frames\n", failures ? "failed" : "fine", (unsigned long long)takes,
           (unsigned long long)frames);
    return failures != 0;
}
