/* The steps a plan has besides kernels: bringing wires to a pack (mix, chunk) and moving parameters (modulate, ramp).
 * Audio thread. Compiled, like kernels, for every width and processor level.
 *
 * The order of summation is a rule of the document, never of the packing. The terms of one lane are its wires in order:
 *   up to 16 terms: a binary tree over the next power of two of slots, slot k holding term k;
 *   more: chunks of 128 terms; in a chunk slot k % 16 adds its terms in order; chunks are added slot by slot in order;
 *   then the 16 slots are added by the same tree. */
#ifndef GD_STEPS_H
#define GD_STEPS_H

#include "block.h"

enum { GD_TREE = 16, GD_CHUNK = 128, GD_GLIDE_ROWS = 5 };

/* One wire's worth of signal. */
typedef struct GdTerm {
    const float *source; /* first frame of the lane */
    const float *fade;   /* a ramp of this slice, or null */
    uint32_t step;       /* floats from frame to frame: the source's width, or 0 for a value that stands for the cell */
    float gain;
    const uint8_t *steady; /* whether the source's rows are all the same in this slice */
} GdTerm;

typedef struct GdMixLane {
    uint32_t first, count; /* of the mix's terms */
    bool chunks;           /* the terms are chunk sums of 16 slots each */
} GdMixLane;

enum { GD_MIX_LANES, GD_MIX_VECTOR, GD_MIX_BROADCAST };

typedef struct GdMix {
    uint32_t form;          /* lane by lane; or term k of every lane is lane l of one buffer; or all lanes hear one term */
    uint32_t lanes;         /* lanes in use */
    uint32_t count;         /* vector form: terms */
    const GdMixLane *lane;  /* [lanes] */
    const GdTerm *terms;
} GdMix;

/* Up to 128 terms added into 16 slots. Terms that are all lanes of one buffer, in order, are added as one run. */
typedef struct GdPick {
    _Alignas(64) int32_t lane[GD_TREE]; /* [slot] lane of the buffer that it takes */
    int32_t keep[GD_TREE];              /* [slot] all ones where it takes one */
} GdPick;

typedef struct GdRun {
    GdTerm term;            /* of the first slot */
    uint32_t slot, width;   /* width 1: a lane by itself */
    const GdPick *pick;     /* terms that are lanes of one buffer of width 16, but not in their places; else null */
} GdRun;

typedef struct GdChunk {
    uint32_t count;         /* runs, in the order of their terms */
    uint32_t whole;         /* how many of the first ones fill all 16 slots */
    const GdRun *runs;
} GdChunk;

/* A parameter's rows of state: the value it left or stands at, where it goes, and how far it is. */
typedef struct GdGlide {
    Lanes value, target, next; /* next: where to go from the target; a glide is never turned round on its way */
    Lanes step;                /* part of the way made each frame */
    Ints cells_left;
} GdGlide;

typedef struct GdModulationTerm {
    GdTerm term;            /* source of lane 0, or of `lane` */
    uint32_t form;          /* GD_MIX_VECTOR: all lanes of a buffer; GD_MIX_BROADCAST: one lane for all; else one lane */
    uint32_t lane;
    _Alignas(64) float depth[GD_MAX_WIDTH];
} GdModulationTerm;

typedef struct GdModulate {
    void *glide;            /* GdGlide of the pack's width */
    float lo, hi;
    bool per_cell;          /* every source stands still for a cell, or may: one row is enough then, unless a set value is on
                               its way */
    uint8_t *stride;        /* the kernel's for this parameter: 0 for one row, 1 for a row a frame */
    uint32_t count;
    const GdModulationTerm *terms;
} GdModulate;

typedef struct GdSteps {
    GD_RT void (*mix)(void *mix, const GdBlock *b);
    GD_RT void (*chunk)(void *chunk, const GdBlock *b);       /* width 16 only */
    GD_RT void (*modulate)(void *modulate, const GdBlock *b);
    GD_RT bool (*glide)(void *glide, const GdBlock *b, void *out); /* a slice of a glide; true while any lane still moves */
    GD_RT void (*end_cell)(void *glide);
    GD_RT void (*aim)(void *glide, uint32_t lane, float target, uint32_t cells); /* cells 0: at once */
} GdSteps;

/* The steps for packs of this width, at the processor level in use. */
GD_CTL const GdSteps *gd_steps(uint32_t width);

#endif
