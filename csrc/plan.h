/* A plan: the steps of one compiled graph, ready to run. The control thread makes and frees it; while it is live only the
 * audio threads touch it, and of it they change only what is marked so. */
#ifndef GD_PLAN_H
#define GD_PLAN_H

#include "arena.h"
#include "graph.h"
#include "steps.h"
#include "voices.h"

enum { GD_MAX_WORKERS = 8, GD_FADE = 256, GD_DEVICE_PACKS = GD_MAX_CHANNELS / GD_MAX_WIDTH };

/* State of a pack: the kernel's rows, then a GdGlide a parameter. Outlives plans; shared by those in which the pack is the same. */
struct GdPackState {
    const GdKernel *kernel;
    int32_t kernel_index;
    uint32_t rows, glide_row;   /* rows in all; where the glides begin */
    uint32_t references;        /* plans that hold it; control thread only */
    void *words;                /* rows x width, 64-byte aligned; audio thread only once live */
};

/* How a step is skipped when what it reads is silent. */
enum { GD_ALWAYS_RUN, GD_SKIP_IF_SILENT, GD_SKIP_IF_IDLE };

typedef struct GdWait {
    uint16_t worker;
    uint32_t steps;             /* that worker must have run this many steps of the slice */
} GdWait;

/* The audio thread reads a step from its first byte on, thousands in a row: what every step needs comes first. */
typedef struct GdStep {
    GD_RT void (*run)(void *state, const GdBlock *b);
    void *state;
    uint8_t attention;          /* audio: parameters glide, or coefficients are stale */
    uint8_t skip, outs;
    uint8_t always_fresh;       /* a parameter is modulated once a cell */
    uint16_t flag_count;        /* of `flags`: buffers that must all be silent for a skip */
    uint16_t out_bytes;         /* of one output buffer */
    uint8_t *first_flag;        /* of the first such buffer */
    uint8_t *out_flag;          /* of the first output */
    GdBlock block;              /* audio: frames, offset, time, and param/stride while a parameter glides */
    const uint32_t *flags, *out_flags; /* buffers */
    const GdWait *waits;
    const GdSteps *steps;
    GdPackState *pack;          /* null for mixes */
    uint64_t modulated;         /* bit a parameter that is a buffer of its own */
    uint32_t wait_count;
    uint8_t no_output;          /* audio: where `out_flag` points without outputs; its own, for threads write it */
    uint64_t cycles, cycles_peak; /* audio, while profiling: smoothed x 256, and the largest */
} GdStep;

/* Where a node's lane is computed, for messages and for the curious. */
typedef struct GdPlace {
    uint32_t step;
    uint8_t lane, map;          /* map: column of the type's port maps, as in the IR */
} GdPlace;

typedef struct GdNodePlaces {
    uint32_t first, count;
    const GdType *type;
} GdNodePlaces;

typedef struct GdPlan {
    GdArena arena;              /* everything below lies in it */
    GdStep *steps;              /* in an order that one thread can run */
    uint32_t step_count, pack_count, buffer_count, lane_count;
    uint32_t worker_count;
    uint32_t *worker_steps[GD_MAX_WORKERS];
    uint32_t worker_step_count[GD_MAX_WORKERS];
    uint8_t *silent;            /* audio: [buffer] holds nothing but zeros */
    uint8_t never_silent;       /* 0: stands in for the flag of steps without inputs */
    float *rise, *fall;         /* audio: this slice's part of the fade */
    GdPackState **packs;
    const float *device_source[GD_DEVICE_PACKS]; /* [16 channels each][frame][width]; null: nothing is wired to these */
    uint32_t device_width[GD_DEVICE_PACKS], device_channels;
    GdChoir *choirs;            /* groups with voices */
    uint32_t choir_count;
    void *scratch;              /* audio: as large as the largest state of a voice's pack */
    GdPlace *places;
    GdNodePlaces *nodes;        /* [node] */
    uint32_t node_count;
    uint32_t *latency;          /* [node] at its outlets */
    uint32_t latency_frames;    /* at the device */
    uint32_t slice_frames;      /* longest slice: GD_SLICE, or GD_LOOP where a node closes a cycle */
    GdStepInfo *infos;          /* [step] for looking in */
} GdPlan;

/* What happens at the boundary before a plan runs, prepared by the control thread. */
typedef struct GdMove {
    const uint32_t *source;
    uint32_t *target;
    uint32_t rows, source_width, target_width;
} GdMove;

typedef struct GdCopy {         /* a lane that was not there before goes on from its neighbour's memory */
    const float *source;
    float *target;
    uint32_t frames;
} GdCopy;

typedef struct GdAim {
    GdPackState *pack;
    uint32_t param, lane;
    float value;
} GdAim;

typedef struct GdStage {
    GdPlan *plan;
    GdMove *moves;
    GdCopy *copies;
    GdAim *aims;
    uint32_t move_count, copy_count, aim_count;
} GdStage;

/* One published change: fades from the plan before, then the plan that stays. Handed over and back as one object. */
typedef struct GdProgram {
    GdStage stages[3];
    uint32_t count;
    bool locates;               /* its first frame is frame `position` of the piece */
    uint64_t position;
} GdProgram;

/* Fresh state, zeroed; null when out of memory. It belongs to nobody until a plan holds it. */
GD_CTL GdPackState *gd_pack_state_new(const GdKernel *kernel, int32_t kernel_index);
/* One plan fewer holds it; the last one frees it. */
GD_CTL void gd_pack_state_release(GdPackState *pack);
GD_CTL void gd_plan_free(GdPlan *plan);
GD_CTL void gd_stage_free(GdStage *stage);
GD_CTL void gd_program_free(GdProgram *program);
/* The glide of a parameter of a pack. */
GD_ANY static inline void *gd_glide(const GdPackState *pack, uint32_t param)
{
    return (float *)pack->words + (size_t)(pack->glide_row + GD_GLIDE_ROWS * param) * pack->kernel->width;
}

/* Compile the graph into one more stage of the program; `fades` picks which life stages take part (see compile.c). */
/* Nodes remember this plan's places for their state: the next plan takes over from here. Null: nothing plays. */
GD_CTL bool gd_plan_adopt(GdGraph *graph, const GdPlan *plan);
enum { GD_FINAL, GD_UNION, GD_FADE_OUT, GD_FADE_IN };
GD_CTL int gd_compile(GdGraph *graph, int fades, uint32_t threads, GdStage *stage);

#endif
