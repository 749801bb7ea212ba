/* The compiler's intermediate form. Each pass reads what earlier passes filled and fills its own part; see compile.c for
 * the chain. Control thread only. Everything lies in one arena that is dropped when the plan is made. */
#ifndef GD_IR_H
#define GD_IR_H

#include "plan.h"

/* One kernel at work for one node: all of it, or one half of a node that closes a loop. */
typedef struct GdIrNode {
    int32_t node;            /* in the graph */
    int32_t kernel;          /* -1: the device */
    uint32_t choices;        /* the node's four choices in one word */
    uint8_t part;            /* 0 all of it or the read half, 1 the write half */
    uint8_t map;             /* which column of the type's port maps: 0 whole, 1 read half, 2 write half */
    uint8_t lanes;
    bool leaving;
    uint32_t first_lane;
    uint32_t depth;          /* longest way from a source */
    uint32_t arrival;        /* latency at its inlets, frames */
    uint32_t first_wire, wire_count; /* incoming, in `wires_in`, sorted by port and order */
} GdIrNode;

typedef struct GdIrWire {
    int32_t source, target;  /* IR nodes */
    uint8_t source_port, target_port; /* the kernel's; first one of a linked port */
    uint8_t source_channels, target_channels; /* of linked ports; 0: one a lane */
    bool to_param, own;      /* own: made by the compiler, with kernel ports from the start */
    int8_t fade;             /* 1 rises, -1 falls, 0 stands */
    float gain;
    uint32_t delay;          /* frames, of an event wire: it needs no node for that */
    uint64_t order;
    int32_t wire;            /* in the graph; -1 for wires of the compiler's own */
} GdIrWire;

typedef struct GdIrLane {
    int32_t node;            /* IR node */
    int32_t pack;
    uint8_t channel, lane;
} GdIrLane;

/* One lane's worth of signal on its way into a pack. */
typedef struct GdIrTerm {
    int32_t pack;
    uint8_t port, lane;
    int8_t fade;
    float gain;
    uint32_t delay;          /* of events */
    int32_t wire;            /* that brings it, in the graph; -1: none does */
} GdIrTerm;

typedef struct GdIrSlot {    /* what flows into one port of one lane of a pack */
    uint32_t first, count;   /* terms */
    bool chunks;             /* the terms are sums of chunks */
} GdIrSlot;

enum { GD_PACK_KERNEL, GD_PACK_CHUNK, GD_PACK_DEVICE };

typedef struct GdIrPack {
    uint8_t kind;
    uint8_t lanes, width;
    bool per_cell;           /* outputs stand still for a cell */
    int32_t kernel;
    uint32_t choices;
    const GdKernel *form;    /* null for chunks and the device */
    uint32_t first_lane;     /* in `pack_lanes` */
    uint32_t ins, params;    /* ports: inlets, then parameters */
    uint32_t first_slot;     /* [port][lane] in `slots` */
    uint32_t first_value;    /* of its outputs */
    uint32_t step;
    GdPackState *state;
} GdIrPack;

/* Something written once and read later: a buffer before it has a place. Value 0 is silence. */
typedef struct GdIrValue {
    int32_t step;            /* that writes it; -1 for silence */
    uint32_t last_read;      /* last step that reads it, in serial order */
    uint32_t buffer;
    int32_t broadcast;       /* the latest value that brings one of its lanes to every lane of a pack; 0: none */
    uint8_t width;
    bool per_cell;
} GdIrValue;

enum { GD_STEP_KERNEL, GD_STEP_MIX, GD_STEP_CHUNK, GD_STEP_MODULATE, GD_STEP_MERGE };

typedef struct GdIrStep {
    uint8_t kind, width;
    uint16_t worker;
    int32_t pack;
    uint32_t port;                      /* of the pack, for mixes and modulations */
    uint32_t form;                      /* of a mix */
    uint32_t first_read, read_count;    /* in `reads`: values */
    uint32_t first_out, out_count;      /* values */
    uint32_t position;                  /* within its worker's steps */
    float cost_ns;                      /* predicted, a slice */
    uint32_t first_wait, wait_count;
} GdIrStep;

/* True where a port of a pack takes events. */
GD_CTL static inline bool gd_hears_events(const GdIrPack *pack, uint32_t port)
{
    return pack->form && port < pack->form->ins && pack->form->event_ins >> port & 1;
}

typedef struct GdIr {
    GdGraph *graph;
    int fades;
    uint32_t threads;
    GdArena arena;
    GdIrNode *nodes;
    GdIrWire *wires;
    uint32_t *wires_in;                 /* wire indices, grouped by target */
    uint32_t *wires_out, *first_out;    /* wire indices, grouped by source; first_out has node_count + 1 entries */
    uint32_t *topological;              /* IR nodes in an order that respects wires */
    int32_t *of_node[GD_PARTS];         /* graph node -> IR node that has its inlets' part / outlets' part */
    uint32_t node_count, wire_count, node_room, wire_room;
    GdIrLane *lanes;
    uint32_t lane_count;
    GdIrPack *packs;
    uint32_t pack_count, pack_room;
    uint32_t *pack_lanes;               /* lane indices, grouped by pack */
    uint32_t pack_lane_count;
    GdIrSlot *slots;
    GdIrTerm *terms;
    uint32_t slot_count, term_count, slot_room, term_room;
    uint32_t *sequence;                 /* packs in the order they run */
    uint32_t sequence_count;
    GdIrValue *values;
    uint32_t value_count, value_room;
    GdIrStep *steps;
    uint32_t step_count, step_room;
    uint32_t *reads;
    uint32_t read_count, read_room;
    GdWait *waits;
    uint32_t wait_count, wait_room;
    uint32_t buffer_count, worker_count;
    uint8_t *buffer_width;
    int32_t device_pack;                /* first of those that bring the device its channels, one after the other */
    uint32_t device_packs, device_values[GD_DEVICE_PACKS];
    uint32_t latency_frames;
    uint32_t slice_frames;              /* longest slice: GD_SLICE, or GD_LOOP where a node closes a cycle */
} GdIr;

/* Zeroed memory that lives as long as the compilation; null when out of memory. */
GD_CTL void *gd_take(GdIr *ir, size_t count, size_t size);
/* Make an arena array hold at least `count` items. */
GD_CTL bool gd_extend(GdIr *ir, void *array_pointer, uint32_t *room, uint32_t count, size_t size);

GD_CTL int gd_pass_expand(GdIr *ir);     /* nodes and wires that take part, from the graph */
GD_CTL int gd_pass_channels(GdIr *ir);   /* lanes of every node */
GD_CTL int gd_pass_loops(GdIr *ir);      /* nodes that close a cycle are split in two, and slices kept short for them */
GD_CTL int gd_pass_order(GdIr *ir);      /* topological order and depth; a cycle is an error */
GD_CTL int gd_pass_latency(GdIr *ir);    /* delays on wires that are early */
GD_CTL int gd_pass_packs(GdIr *ir);      /* lanes into packs */
GD_CTL int gd_pass_terms(GdIr *ir);      /* wires into terms of packs; large sums into chunks */
GD_CTL int gd_pass_sequence(GdIr *ir);   /* packs in running order */
GD_CTL int gd_pass_steps(GdIr *ir);      /* kernels, mixes and modulations */
GD_CTL int gd_pass_workers(GdIr *ir);    /* steps onto threads */
GD_CTL int gd_pass_buffers(GdIr *ir);    /* values into buffers, by liveness */
GD_CTL int gd_verify(GdIr *ir);          /* every index, lifetime and hazard */
GD_CTL int gd_link(GdIr *ir, GdStage *stage); /* the plan, and what happens before it runs */

/* True where an outlet carries events, once wires name kernel ports (after the pass `loops`). */
GD_CTL bool gd_carries_events(const GdIr *ir, const GdIrWire *wire);
/* Wires grouped by source and target again, after a pass changed them. */
GD_CTL int gd_index_wires(GdIr *ir);

#endif
