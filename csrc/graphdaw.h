/* The public interface of the core: the only header the Python binding reads. Threads stand in brackets. */
#ifndef GRAPHDAW_H
#define GRAPHDAW_H
#ifndef GD_CFFI
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* --- kernels --- */
uint32_t gd_kernel_count(void);                        /* [any] node kernels built in */
const char *gd_kernel_name(uint32_t index);            /* [any] */
const char *gd_cpu_level(void);                        /* [any] "base", "v3" or "v4": the level in use */
bool gd_cpu_use_level(const char *level);              /* [control] choose a level the processor has; false if it has not */

/* --- kernel probe --- */
typedef struct GdKernelFacts {
    uint32_t state_rows, flags; /* flags: GD_STATELESS and the others of block.h */
    uint32_t ins, outs, params, choices;
    const char *const *in_names, *const *out_names, *const *param_names, *const *choice_names;
} GdKernelFacts;

typedef struct GdProbeStream { /* copied into a real stream before the run, and back after it */
    uint64_t written, consumed, ends_at;
    uint32_t underruns;
} GdProbeStream;

typedef struct GdProbeMemory {
    float *data;           /* kept by the caller; the kernel may write it */
    uint32_t frames;
    float rate_hz;
    uint32_t loop_start, loop_end;
    GdProbeStream *stream; /* null where all of the recording is in `data` */
} GdProbeMemory;

typedef struct GdProbe {
    const char *kernel;
    uint32_t width, lanes;       /* one pack: 1 to `width` lanes are in use */
    uint32_t frames;
    uint64_t time;               /* absolute frame of the first one */
    float sample_rate_hz;
    uint8_t choice[4];
    const float *const *in;      /* [port] -> [lane][frame]; null reads zeros */
    float *const *out;           /* [port] -> [lane][frame] */
    const float *const *param;   /* [parameter] -> [lane] or [lane][frame] */
    const uint8_t *moves;        /* [parameter]: 0 stands, 1 moves every frame, 2 changes once a cell of 64 frames */
    GdProbeMemory *const *memory; /* [lane]; null, or null entries, for none */
    const uint32_t *seed;        /* [lane]; null for zeros */
    const uint8_t *channel;      /* [lane]; null for zeros */
    const float *const *device_in; /* [channel of the device] -> [frame]; null for no device */
    uint32_t device_channels;
    const uint32_t *slices;      /* lengths to use, over and over; cut where they would cross a multiple of 64 */
    uint32_t slice_count;        /* 0: as long as possible */
    bool keep_state;             /* go on from `state` instead of resetting */
    void *state;                 /* 64-byte aligned, state_rows * width * 4 bytes; null: thrown away after the run */
    bool idle;                   /* set: the kernel has rung out */
} GdProbe;

enum { GD_PROBE_OK = 0, GD_PROBE_UNKNOWN = -1, GD_PROBE_BAD_SHAPE = -2, GD_PROBE_NO_MEMORY = -3 };
bool gd_kernel_facts(const char *kernel, GdKernelFacts *facts); /* [control] false for an unknown name */
int gd_kernel_probe(GdProbe *probe);                   /* [control] run one pack as an engine would */
double gd_kernel_time(GdProbe *probe, double seconds); /* [control] nanoseconds a lane and frame on the first cell's
                                                          input, over and over; negative: a GD_PROBE_ error */

#endif
