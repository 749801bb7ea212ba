/* Numbers too small to be normal: flushed to zero while the engine works, in the audio thread and its helpers, and in the
 * caller's own hands again afterwards. The program is linked so that each slice passes through here (ld --wrap). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "rig.h"

static int failures;
static void expect(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

/* True where the smallest normal number, halved, is nothing: the mode itself, not the register that sets it. */
static bool flushes(void)
{
    volatile float smallest = 1.17549435e-38f, half = smallest * 0.5f;
    return half == 0.0f;
}

/* True where a subnormal number that comes in counts as nothing. */
static bool ignores(void)
{
    union { uint32_t bits; float value; } tiny = {.bits = 1};
    volatile float value = tiny.value, large = value * 1e30f;
    return large == 0.0f;
}

static _Atomic uint64_t audio_slices, helper_slices, unflushed;
static void look(bool helper)
{
    atomic_fetch_add(helper ? &helper_slices : &audio_slices, 1);
    if (!flushes() || !ignores())
        atomic_fetch_add(&unflushed, 1);
}

void __real_gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile);
void __wrap_gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile);
void __wrap_gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile)
{
    look(false);
    __real_gd_run_steps(plan, audio, frames, profile);
}

void __real_gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket);
void __wrap_gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket);
void __wrap_gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket)
{
    look(worker > 0);
    __real_gd_run_share(plan, audio, crew, worker, ticket);
}

#if defined(__x86_64__)
static uint32_t control(void) { return __builtin_ia32_stmxcsr() & ~0x3fu; } /* without the sticky exception flags */
static void set_control(uint32_t word) { __builtin_ia32_ldmxcsr(word); }
static const uint32_t words[] = {0x1f80, 0x1fc0, 0x9f80, 0x9fc0, 0x3f80, 0x7f80}; /* plain; each flush; roundings */
#else
static uint32_t control(void) { return flushes(); }
static void set_control(uint32_t word) { (void)word; }
static const uint32_t words[] = {0};
#endif

/* A filter that rings out falls through all the sizes there are. */
static void ring_out(Rig *rig)
{
    static float sound[2 * 4096];
    bool subnormal = false;
    int32_t delay = rig_add(rig, rig_type("delay")), noise = rig_add(rig, rig_type("noise"));
    expect(delay > 0 && noise > 0 && rig_wire(rig, (uint32_t)delay, 0, 0, 0, 1e-30f)
               && rig_wire(rig, (uint32_t)noise, 0, (uint32_t)delay, 0, 1e-6f), "a quiet delay is built");
    rig_commit(rig);
    for (uint32_t turn = 0; turn < 20; ++turn) {
        if (turn == 3) {
            rig_remove(rig, (uint32_t)noise);
            rig_commit(rig);
        }
        rig_play(rig, 4096, 512, NULL, sound);
        for (uint32_t i = 0; i < 2 * 4096; ++i)
            subnormal |= fpclassify(sound[i]) == FP_SUBNORMAL;
    }
    expect(!subnormal, "no sample is subnormal");
}

int main(void)
{
    static Rig rig;
    expect(rig_open(&rig, 3, 2) && rig_chains(&rig, 4, 10) && rig_sum(&rig, 640), "it is built");
    rig_commit(&rig);
    for (uint32_t turn = 0; turn < 20000 && (turn < 60 || !atomic_load(&helper_slices)); ++turn) {
        uint32_t word = words[turn % (sizeof words / sizeof *words)];
        set_control(word);
        uint32_t before = control();
        rig_play(&rig, 512, 512, NULL, NULL);
        expect(control() == before, "the caller's mode is as it was");
        set_control(words[0]);
        if (turn % 16 == 15)
            usleep(2000);
    }
    expect(!flushes() && !ignores(), "this program itself keeps small numbers");
    expect(atomic_load(&audio_slices) > 0 && atomic_load(&helper_slices) > 0, "both threads ran slices");
    expect(!atomic_load(&unflushed), "every slice ran with small numbers flushed");
    rig_close(&rig);
    expect(rig_open(&rig, 4, 1), "it is opened");
    ring_out(&rig);
    rig_close(&rig);
    printf(failures ? "denormals: %d failures\n" : "denormals: fine\n", failures);
    return failures != 0;
}
