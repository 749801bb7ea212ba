/* Devices: what calls the engine. The null device is a timer thread that plays to nowhere; PortAudio's callback only turns
 * interleaved samples into planes. Audio threads, but for making and freeing. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { DEVICE_PRIORITY = 65, HELPER_PRIORITY = 60 };

struct GdNullDevice {
    GdEngine *engine;
    uint32_t block, channels;
    pthread_t thread;
    _Atomic uint32_t quit;
    float *planes;
    float *out[GD_MAX_CHANNELS];
};

static void *null_main(void *argument)
{
    GdNullDevice *device = argument;
    uint64_t period_ns = (uint64_t)((double)device->block * 1e9 / device->engine->graph->sample_rate_hz);
    uint64_t due_ns = gd_now_ns();
    gd_set_priority(pthread_self(), DEVICE_PRIORITY);
    while (!atomic_load_explicit(&device->quit, memory_order_relaxed)) {
        gd_engine_process(device->engine, NULL, 0, device->out, device->channels, device->block);
        due_ns += period_ns;
        uint64_t now_ns = gd_now_ns();
        if (due_ns + 10 * period_ns < now_ns)
            due_ns = now_ns; /* far behind: the time is lost, as on a real device */
        gd_sleep_until_ns(due_ns);
    }
    return NULL;
}

GdNullDevice *gd_null_start(GdEngine *engine, uint32_t block, uint32_t channels)
{
    GdNullDevice *device = calloc(1, sizeof *device);
    if (!device)
        return NULL;
    *device = (GdNullDevice){.engine = engine, .block = block, .channels = channels < GD_MAX_CHANNELS ? channels : GD_MAX_CHANNELS};
    device->planes = calloc((size_t)block * device->channels + 1, sizeof(float));
    for (uint32_t c = 0; device->planes && c < device->channels; ++c)
        device->out[c] = device->planes + (size_t)c * block;
    gd_crew_priority(engine, HELPER_PRIORITY);
    if (!device->planes || pthread_create(&device->thread, NULL, null_main, device)) {
        gd_crew_priority(engine, 0);
        free(device->planes);
        free(device);
        return NULL;
    }
    return device;
}

void gd_null_stop(GdNullDevice *device)
{
    atomic_store(&device->quit, 1);
    pthread_join(device->thread, NULL);
    gd_crew_priority(device->engine, 0);
    free(device->planes);
    free(device);
}

/* --- PortAudio --- */

struct GdPortAudio {
    GdEngine *engine;
    uint32_t in_channels, out_channels, max_frames;
    _Atomic uint32_t playing;
    float *planes;
    float *in[GD_MAX_CHANNELS], *out[GD_MAX_CHANNELS];
};

GdPortAudio *gd_portaudio_new(GdEngine *engine, uint32_t in_channels, uint32_t out_channels, uint32_t max_frames)
{
    GdPortAudio *user = calloc(1, sizeof *user);
    if (!user || in_channels > GD_MAX_CHANNELS || out_channels > GD_MAX_CHANNELS) {
        free(user);
        return NULL;
    }
    *user = (GdPortAudio){.engine = engine, .in_channels = in_channels, .out_channels = out_channels, .max_frames = max_frames};
    user->planes = calloc((size_t)(in_channels + out_channels + 1) * max_frames, sizeof(float));
    if (!user->planes) {
        free(user);
        return NULL;
    }
    gd_crew_priority(engine, HELPER_PRIORITY);
    for (uint32_t c = 0; c < in_channels; ++c)
        user->in[c] = user->planes + (size_t)c * max_frames;
    for (uint32_t c = 0; c < out_channels; ++c)
        user->out[c] = user->planes + (size_t)(in_channels + c) * max_frames;
    return user;
}

void gd_portaudio_free(GdPortAudio *user)
{
    gd_crew_priority(user->engine, 0);
    free(user->planes);
    free(user);
}

void gd_portaudio_play(GdPortAudio *user, bool playing) { atomic_store(&user->playing, playing); }

/* One run of at most `max_frames`: interleaved to planes, the engine, planes to interleaved. */
GD_RT static void play_run(GdPortAudio *user, const float *in, float *out, uint32_t frames)
{
    for (uint32_t c = 0; c < user->in_channels; ++c)
        for (uint32_t i = 0; i < frames; ++i)
            user->in[c][i] = in ? in[i * user->in_channels + c] : 0.0f;
    gd_engine_process(user->engine, (const float *const *)user->in, user->in_channels, user->out, user->out_channels, frames);
    for (uint32_t c = 0; c < user->out_channels; ++c)
        for (uint32_t i = 0; i < frames; ++i)
            out[i * user->out_channels + c] = user->out[c][i];
}

int gd_portaudio_callback(const void *in, void *out, unsigned long frames, const void *time, unsigned long flags, void *argument)
{
    (void)time, (void)flags;
    GdPortAudio *user = argument;
    const float *source = in;
    float *target = out;
    if (!atomic_load_explicit(&user->playing, memory_order_relaxed)) {
        memset(target, 0, frames * user->out_channels * sizeof(float));
        return 0;
    }
    for (unsigned long done = 0; done < frames;) {
        uint32_t count = frames - done < user->max_frames ? (uint32_t)(frames - done) : user->max_frames;
        play_run(user, source ? source + done * user->in_channels : NULL, target + done * user->out_channels, count);
        done += count;
    }
    return 0;
}
