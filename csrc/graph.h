/* The flat graph: nodes, wires and node-owned memory, as the control thread keeps them. Plans only point here.
 * Additions and removals are marked, not carried out, until the fade between two plans is over. */
#ifndef GD_GRAPH_H
#define GD_GRAPH_H

#include "graphdaw.h"
#include "box.h"
#include "dsp/work.h"
#include "events.h"
#include "kernels.h"

enum { GD_MAX_TYPES = 1024, GD_MAX_PORTS = 16, GD_MAX_PARAMS = 48, GD_MAX_CHANNELS = 64, GD_PARTS = 2 };

_Static_assert((int)GD_WORK == (int)GD_MAX_CHANNELS, "a table of memories has one place a channel to read and one to write");

/* How far a node or wire is along its life. */
enum { GD_FREE, GD_ENTERING, GD_STEADY, GD_LEAVING, GD_GONE };

typedef struct GdType {
    char name[32];
    int32_t kernel;                 /* -1: none */
    int32_t loop_kernel[GD_PARTS];  /* read half, write half; -1: none */
    bool always_loop, linked;
    uint32_t ins, outs, params;
    int8_t wet_port;                /* where the write half hears the read half; -1: it does not */
    uint8_t in_channels[GD_MAX_PORTS], out_channels[GD_MAX_PORTS]; /* 0: as many as are wired */
    float lo[GD_MAX_PARAMS], hi[GD_MAX_PARAMS], ramp_s[GD_MAX_PARAMS];
    /* where a user's port or parameter stands in the kernel, for the whole node, the read half and the write half; -1: not there */
    int8_t in_port[1 + GD_PARTS][GD_MAX_PORTS], out_port[1 + GD_PARTS][GD_MAX_PORTS], param[1 + GD_PARTS][GD_MAX_PARAMS];
} GdType;

typedef struct GdPackState GdPackState;

/* Where a lane's state lives in the newest plan. */
typedef struct GdSpot {
    GdPackState *pack;
    uint32_t lane;
} GdSpot;

typedef struct GdNode {
    uint8_t life;
    int16_t type;
    uint8_t choice[GD_MAX_CHOICES];
    uint8_t min_channels;
    uint8_t channels;               /* in the newest plan: never fewer while it runs, so that no tail is cut */
    uint8_t spot_lanes[GD_PARTS];   /* how many of `spots` are set */
    uint32_t seed, latency, memory_frames; /* memory_frames: of what a lane writes */
    uint64_t order;
    float *values;                  /* one a parameter */
    GdMemory *memory;               /* one a channel, GD_MAX_CHANNELS at most, and again for `media`: see work.h; null: none */
    uint32_t memory_lanes;
    GdMedia *media;                 /* what the memory of every lane points into */
    GdTap *tap;                     /* keeps the rings that its lanes write; null: none */
    bool recorded;                  /* the memory is rings that a disk fills: lanes beyond it stay silent */
    bool taped;                     /* the memory is rings that a disk empties: see gd_graph_tape */
    GdStream *stream;
    GdTape *tape;                   /* what empties them; null: nothing */
    GdBox *box;                     /* one a channel: what the control side gives the kernel while it plays; null: nothing yet */
    GdValue *value;                 /* the newest that it gave, for lanes to come */
    GdEventRing *ring;              /* to or from another thread; null: none */
    int32_t voices;                 /* the node that hands notes to this one's voice; -1: it is of no voice */
    uint16_t voice;
    GdSpot *spots[GD_PARTS];        /* [part][lane], `spot_room` of them */
    uint8_t spot_room[GD_PARTS];
} GdNode;

typedef struct GdWire {
    uint8_t life;
    uint16_t source_port, target_port; /* target_port >= the type's inlets: a parameter */
    int32_t source, target;
    float depth;
    uint64_t order;
    int32_t align;                  /* node that delays this wire to make up for latency elsewhere; -1: none */
    GdCable *cable;                 /* of an event wire, once a plan has it; null before, and for signals */
} GdWire;

struct GdGraph {
    float sample_rate_hz;
    GdType *types;                  /* GD_MAX_TYPES of them: plans point here, so they never move */
    GdNode *nodes;
    GdWire *wires;
    uint32_t type_count, node_count, wire_count;      /* slots in use, free ones among them */
    uint32_t node_room, wire_room;
    int32_t *free_nodes, *free_wires;                 /* stacks of free slots */
    uint32_t free_node_count, free_wire_count, free_node_room, free_wire_room;
    int32_t device, align_type;
    uint32_t epoch;                                   /* counts structural changes */
    int32_t *changed_nodes, *changed_wires;           /* what is entering, leaving or gone */
    uint32_t changed_node_count, changed_wire_count, changed_node_room, changed_wire_room;
    char error[160];
};

/* Give every lane of the node its memory; false when out of memory. What new lanes write starts as zeros. */
GD_CTL bool gd_node_grow_memory(GdNode *node, uint32_t lanes, uint32_t frames);
/* What a lane of the node writes. */
GD_CTL GdMemory *gd_node_written(GdNode *node, uint32_t lane);
GD_CTL void gd_node_free_memory(GdNode *node);
/* Take away what its lanes have written; nothing plays. */
GD_CTL void gd_node_forget_memory(GdNode *node);
/* Room for the spots of `lanes` lanes; false when out of memory. */
GD_CTL bool gd_node_grow_spots(GdNode *node, uint32_t part, uint32_t lanes);
/* A hidden node that delays one wire; -1 when out of memory. */
GD_CTL int32_t gd_graph_add_align(GdGraph *graph, uint64_t order);
/* A plan of the graph was published: what was entering is steady, what was leaving is gone. */
GD_CTL void gd_graph_committed(GdGraph *graph);
/* No plan knows what is gone any more: free it. */
GD_CTL void gd_graph_settle(GdGraph *graph);
/* Nothing plays and nothing is fading any more: what nodes wrote is forgotten. Rings that a disk fills are left. */
GD_CTL void gd_graph_forget(GdGraph *graph);
/* --- tap.c --- */
/* The ring of a lane, made when first asked for; null when out of memory. */
GD_CTL float *gd_tap_ring(GdTap *tap, uint32_t lane);
/* Zeroed and in place, so that the audio thread meets no page fault; null when out of memory. */
GD_CTL float *gd_zeroed_floats(size_t count);
/* Grow an array to hold at least `count` items; false when out of memory. */
GD_CTL bool gd_grow(void *array_pointer, uint32_t *room, uint32_t count, size_t item);

#endif
