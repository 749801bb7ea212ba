/* A graph under test: every declared node type, and random edits that always leave it legal. Control thread, but where
 * said otherwise. */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "graphdaw.h"

enum { RIG_NODES = 1024, RIG_WIRES = 4096, RIG_RATE_HZ = 48000, RIG_RING = 4096 };

typedef struct RigType {
    GdTypeSpec spec;
    const float *defaults;
    uint8_t choices[4];      /* how many options each has */
    uint32_t memory_frames;
    const float *media;      /* what lanes read, `planes` of `frames`; null: nothing */
    uint32_t planes, frames, loop_start, loop_end;
    float rate_hz;
    bool streamed;
    uint32_t event_ins, event_outs; /* bit a port: it carries events, and is wired to its like alone */
    const uint8_t *data;     /* what the kernel finds in its box; null: nothing */
    uint32_t data_bytes;
} RigType;

typedef struct RigNode {
    int32_t index;           /* in the graph */
    uint32_t type, rank;     /* rank: wires run from lower to higher, but into nodes that can close a loop */
    bool fixed;              /* never removed */
} RigNode;

typedef struct RigWire {
    int32_t index;
    uint32_t source, target; /* places in `nodes` */
} RigWire;

typedef struct Rig {
    GdGraph *graph;
    GdEngine *engine;
    int32_t type_id[256];
    RigNode nodes[RIG_NODES];
    RigWire wires[RIG_WIRES];
    uint32_t node_count, wire_count, next_rank;
    uint32_t random;
    uint64_t edits;
    int worst_status;        /* of all commits; GD_BUSY does not count */
    bool failed;             /* an edit ran out of memory, and was not made */
} Rig;

uint32_t rig_random(Rig *rig, uint32_t below);
uint32_t rig_type(const char *name);
const RigType *rig_kind(uint32_t type);
/* A graph with one output and an engine; false when out of memory, and what was made is the caller's to free. */
bool rig_open(Rig *rig, uint32_t seed, uint32_t threads);
void rig_close(Rig *rig);
/* A new node's place in `nodes`; -1 when out of memory. */
int32_t rig_add(Rig *rig, uint32_t type);
void rig_remove(Rig *rig, uint32_t place);
bool rig_wire(Rig *rig, uint32_t source, uint32_t source_port, uint32_t target, uint32_t target_port, float depth);
void rig_unwire(Rig *rig, uint32_t place);
/* Chains of filters side by side, each in packs of its own because of its mode: work that threads can share. */
bool rig_chains(Rig *rig, uint32_t chains, uint32_t length);
/* Sines into one inlet: a sum of chunks. */
bool rig_sum(Rig *rig, uint32_t count);
/* One random edit, keeping about `nodes` nodes. */
void rig_edit(Rig *rig, uint32_t nodes);
/* Commit; remembers the worst that happened. */
int rig_commit(Rig *rig);
/* [disk] Fill every ring; under the lock that keeps the control thread away. */
void rig_feed(Rig *rig);
/* Run `frames` frames in blocks of `block` into two planes; the hash goes on from `hash`. False: not finite. */
bool rig_play(Rig *rig, uint32_t frames, uint32_t block, uint64_t *hash, float *last);

#endif
