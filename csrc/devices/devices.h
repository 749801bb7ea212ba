/* Devices: a caller is a device's way to the engine; each file beside this one calls through it. */
#ifndef GD_DEVICES_H
#define GD_DEVICES_H

#include "engine.h"

struct GdCaller {
    /* set once */
    GdEngine *engine;
    uint32_t ins[GD_MAX_CHANNELS], outs[GD_MAX_CHANNELS]; /* the device's channel behind each of the graph's */
    uint32_t in_count, out_count, device_ins, device_outs, block, fade_frames;
    float *fade;                /* a raised cosine, rising */
    float *planes;              /* of the device's channels, for devices that bring none: ins, outs, then a spare one */
    float **in, **out;
    /* shared */
    _Atomic uint32_t turn;      /* GD_MINE: control lets it call; GD_INSIDE: it does, now */
    _Atomic uint32_t open;      /* control */
    _Atomic uint32_t silent;    /* audio */
    _Atomic uint32_t gone;      /* the driver's own thread */
    _Atomic uint64_t calls, xruns, frames, last_ns; /* audio */
    _Atomic uintptr_t thread;   /* audio: who calls, for the control side to give priority to */
    /* audio only */
    uint32_t level;             /* how far the gate is open: 0 to fade_frames */
    bool rises;                 /* which way it moves; it turns round only at the ends, where that makes no kink */
};

enum { GD_MINE = 1, GD_INSIDE = 2 };

#endif
