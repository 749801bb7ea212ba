/* The null device: a timer thread that plays to nowhere, at the right speed. Its thread is an audio thread. */
#include "devices.h"

#include <stdlib.h>

enum { CATCH_UP_NS = 2000000000, FAR_BEHIND_BLOCKS = 10 };

struct GdNullDevice {
    GdCaller *caller;
    uint32_t block;
    uint64_t since_ns;
    pthread_t thread;
    _Atomic uint32_t quit;
};

/* Blocks fall due at whole multiples from the start, so that rounding never adds up. */
static uint64_t due_after(const GdNullDevice *device, uint64_t start_ns, uint64_t blocks)
{
    return start_ns + (uint64_t)((double)blocks * device->block * 1e9 / device->caller->engine->graph->sample_rate_hz);
}

static void *null_main(void *argument)
{
    GdNullDevice *device = argument;
    uint64_t start_ns = device->since_ns, blocks = 0;
    bool caught_up = false; /* with the time before it was there */
    while (!atomic_load_explicit(&device->quit, memory_order_relaxed)) {
        gd_caller_run(device->caller, NULL, NULL, device->block, 0);
        uint64_t now_ns = gd_now_ns(), due_ns = due_after(device, start_ns, ++blocks);
        caught_up = caught_up || due_ns >= now_ns;
        uint64_t behind_ns = due_ns < now_ns ? now_ns - due_ns : 0;
        if (caught_up && behind_ns > FAR_BEHIND_BLOCKS * (due_after(device, 0, 1)))
            start_ns = now_ns, blocks = 0; /* the time is lost, as on a real device */
        else
            gd_sleep_until_ns(due_ns);
    }
    return NULL;
}

GdNullDevice *gd_null_start(GdCaller *caller, uint32_t block, uint64_t since_ns)
{
    GdNullDevice *device = calloc(1, sizeof *device);
    if (!device)
        return NULL;
    uint64_t now_ns = gd_now_ns();
    bool recent = since_ns && since_ns < now_ns && now_ns - since_ns < CATCH_UP_NS;
    *device = (GdNullDevice){.caller = caller, .block = block < caller->block ? block : caller->block,
                             .since_ns = recent ? since_ns : now_ns};
    if (pthread_create(&device->thread, NULL, null_main, device)) {
        free(device);
        return NULL;
    }
    return device;
}

void gd_null_stop(GdNullDevice *device)
{
    atomic_store(&device->quit, 1);
    pthread_join(device->thread, NULL);
    free(device);
}
