/* What a kernel is and what it is handed for each slice of time. Audio thread reads; control thread builds.
 * Kernels see `Lanes` at their own width; the engine reads the same layout with W = 1. */
#ifndef GD_BLOCK_H
#define GD_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"
#include "lanes.h"

enum {
    GD_SLICE = 128,      /* frames; no slice crosses a multiple of it in absolute time */
    GD_LOOP = 64,        /* frames that a cycle takes at least; slices of a plan with cycles are no longer */
    GD_MAX_WIDTH = 16,   /* lanes in the widest pack */
    GD_MAX_CHOICES = 4,
};

/* A recording too long for memory, shared by the lanes of one node: the disk side fills rings ahead of the audio side. */
enum { GD_STREAM_CHANNELS = 64 };

typedef struct GdStream {
    _Atomic uint64_t written;   /* frames put into the rings so far; stored by the disk side */
    _Atomic uint64_t consumed;  /* frames whose places may be written again; stored by the audio side. Its value when the
                                   node starts is the first frame to play. It passes `written` where the disk was late:
                                   time goes on, so the disk side then writes on from here, not from `written` */
    _Atomic uint64_t others[GD_STREAM_CHANNELS - 1]; /* the same for the channels after the first, which may go at speeds
                                   of their own; UINT64_MAX before they have played */
    _Atomic uint64_t ends_at;   /* frame after the last one, UINT64_MAX until known */
    _Atomic uint32_t underruns; /* slices that had to be silent because the disk was late */
} GdStream;

/* Memory that belongs to one lane of a node: a delay line, a sample, a meter's readings. */
typedef struct GdMemory {
    float *data;
    uint32_t frames;       /* length; a power of two where the kernel uses it as a ring */
    float rate_hz;         /* of recorded material; 0 for rings */
    uint32_t loop_start, loop_end; /* frames, of recorded material */
    GdStream *stream;      /* where `data` is a ring filled from disk: media frame f lies at f & (frames - 1); else null */
    struct GdBox *box;     /* what the control thread hands the kernel while it plays (box.h), such as notes; or null */
    struct GdEventRing *ring; /* events from or to another thread (ring.h); or null */
} GdMemory;

/* The device's own buffers, one plane a channel, for the `input` and `output` kernels. */
typedef struct GdDevice {
    const float *const *in; /* [channel][frame of this slice] */
    float *const *out;
    uint32_t in_channels, out_channels;
} GdDevice;

/* Where a slice lies in the piece. Time goes on evenly while the engine runs; the position goes on with it while the
 * transport rolls. A locate moves it between two cells, the end of a loop between any two frames. */
typedef struct GdTransport {
    uint64_t position;     /* of the slice's first frame */
    bool jumped;           /* the slice before did not end here */
    bool retimed;          /* nor did it, but only because the tempo was changed: it goes on at the same tick */
    bool rolling;          /* false: the position stands still, and nothing on the timeline sounds */
    uint32_t pass;         /* how often the loop has begun anew since the last locate */
    uint64_t count_in;     /* frames until it rolls, of a count-in; else 0 */
    const struct GdTimeline *timeline; /* timeline.h; never null while an engine runs */
} GdTransport;

typedef struct GdBlock {
    uint32_t frames;       /* 1 to GD_SLICE */
    uint32_t offset;       /* place of the first frame in its cell: time % GD_SLICE; per-cell work happens at 0 */
    uint64_t time;         /* absolute frame of the first frame */
    float sample_rate_hz;
    float seconds_per_frame;
    uint32_t lanes;        /* lanes in use, 1 to W; the others carry zeros or finite rubbish */
    uint8_t choice[GD_MAX_CHOICES];  /* the node's choices, the same for every lane of a pack */
    const Lanes *const *in;          /* [port][frame]; an unwired port reads zeros */
    const uint8_t *in_silent;        /* [port]: 1 where the input is known to be all zeros in this slice, as an unwired
                                        one is; null where nothing is known. Saves work, never changes a bit */
    Lanes *const *out;               /* [port][frame]; never overlaps an input. Null where nobody listens, to GD_SPARSE */
    uint8_t *steady;                 /* [outlet] GD_SPARSE: the kernel says 1 where all rows of this slice are the same, else 0.
                                        It saves work where parameters are moved, and never changes a bit */
    const Lanes *const *param;       /* [parameter][frame * stride]; always finite and inside the declared range */
    const uint8_t *stride;           /* [parameter]: 0 stands still for this slice, 1 moves every frame */
    GdMemory *const *memory;         /* [lane]; null pointers where the node asked for none */
    const uint32_t *seed;            /* [lane]: a hash of node and channel, for noise */
    const uint8_t *channel;          /* [lane]: the lane's channel within its node */
    const GdDevice *device;
    const GdTransport *transport;    /* null in `reset`, which runs before its time has come */
} GdBlock;

/* Kernel flags. */
enum {
    GD_STATELESS = 1,  /* silent inputs give silent outputs, always: may be skipped, and is cheap to run alone */
    GD_RINGS = 2,      /* silent inputs and an idle state give silent outputs: see `idle` */
    GD_BLOCK_RATE_0 = 4, /* when choice 0 has the value 1, outputs are one row a cell (stride 0): block-rate control */
    GD_SINK = 8,       /* does something besides its outputs: never skipped (output, meter, record) */
    GD_ALONE = 16,     /* packs of one lane: what has a list of events at its outlets, or one thing to do for all voices */
    GD_SPARSE = 32,    /* writes no outlet that nobody listens to, whose pointer is null, and says which ones are steady */
};

typedef struct GdKernel {
    const char *name;
    uint32_t width;        /* W */
    uint32_t state_rows;   /* rows of W four-byte words */
    uint32_t flags;
    uint32_t effort;       /* about how many hundredths of a nanosecond a frame of a lane takes in a full pack, so that
                              work can be shared out; 0: as a filter or, where stateless, a gain (bench/kernels.md) */
    uint32_t work_floats;  /* memory that each lane gets without being asked for it: b->memory[lane]->data */
    uint32_t event_ins, event_outs; /* bit a port: it carries a GdEvents (events.h) instead of a signal */
    uint32_t ins, outs, params, choices;
    const char *const *in_names, *const *out_names, *const *param_names, *const *choice_names;
    GD_RT void (*reset)(void *state, const GdBlock *b);   /* first state of all lanes; null: zeros */
    GD_RT void (*prepare)(void *state, const GdBlock *b); /* coefficients from standing parameters; called before
                                                             `run` whenever a standing value may have changed */
    GD_RT void (*run)(void *state, const GdBlock *b);
    GD_RT bool (*idle)(const void *state, const GdBlock *b); /* GD_RINGS: true if silent inputs would give exact
                                                                zeros; null: true when every state word is zero */
} GdKernel;

#endif
