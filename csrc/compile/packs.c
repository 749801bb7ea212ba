/* Pass 6: lanes into packs. Lanes of one kernel with one configuration at one depth cannot depend on each other; they are
 * put in the order of the pack that feeds them, so that most wires cost nothing, and voices of one group in the order that all
 * nodes of the group have. Control thread. */
#include <stdlib.h>

#include "../ir.h"

typedef struct Candidate {
    uint64_t kind;          /* kernel and choices */
    uint64_t feeder;        /* pack, port and lane of the first wire in; sources: all ones */
    uint64_t row, order;    /* by what lanes of a kind are sorted: the feeder and the document's order, or, of voices, the
                               node of which they are copies, then channel and voice */
    uint32_t lane;
    bool voice;
} Candidate;

static int compare(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->lane < y->lane ? -1 : 1;
}

static int make_lanes(GdIr *ir)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < ir->node_count; ++n)
        count += ir->nodes[n].lanes;
    ir->lanes = gd_take(ir, count + 1, sizeof *ir->lanes);
    ir->pack_lanes = gd_take(ir, count + 1, sizeof *ir->pack_lanes);
    if (!ir->lanes || !ir->pack_lanes)
        return GD_NO_MEMORY;
    for (uint32_t n = 0; n < ir->node_count; ++n) {
        ir->nodes[n].first_lane = ir->lane_count;
        for (uint32_t c = 0; c < ir->nodes[n].lanes; ++c)
            ir->lanes[ir->lane_count++] = (GdIrLane){.node = (int32_t)n, .pack = -1, .channel = (uint8_t)c};
    }
    return GD_OK;
}

/* The lane whose signal reaches this one first; all of lower depth are in packs already. */
static uint64_t feeder_of(const GdIr *ir, const GdIrNode *node, uint32_t channel)
{
    if (!node->wire_count)
        return UINT64_MAX;
    const GdIrWire *wire = &ir->wires[ir->wires_in[node->first_wire]];
    const GdIrNode *source = &ir->nodes[wire->source];
    uint32_t lane = wire->source_channels || channel >= source->lanes ? 0 : channel;
    uint32_t port = wire->source_port + (wire->source_channels > channel ? channel : 0);
    const GdIrLane *from = &ir->lanes[source->first_lane + lane];
    return (uint64_t)(uint32_t)from->pack << 16 | port << 8 | from->lane;
}

static const GdKernel *kernel_of(const GdIrNode *node) { return gd_kernel_table[node->kernel].form[0][0]; }

static bool is_stateless(const GdIrNode *node) { return kernel_of(node)->flags & GD_STATELESS; }

static uint8_t width_for(uint32_t lanes) { return lanes <= 1 ? 1 : lanes <= 4 ? 4 : lanes <= 8 ? 8 : 16; }

static void close_pack(GdIr *ir, GdIrPack *pack)
{
    pack->width = width_for(pack->lanes);
    if (pack->kind != GD_PACK_KERNEL)
        return;
    pack->form = gd_kernel_form((uint32_t)pack->kernel, pack->lanes);
    pack->ins = pack->form->ins, pack->params = pack->form->params;
    pack->per_cell = (pack->form->flags & GD_BLOCK_RATE_0) && (pack->choices & 0xff) == 1;
    for (uint32_t l = 0; l < pack->lanes; ++l)
        ir->lanes[ir->pack_lanes[pack->first_lane + l]].lane = (uint8_t)l;
}

static GdIrPack *open_pack(GdIr *ir, uint8_t kind, const GdIrNode *node)
{
    if (!gd_extend(ir, &ir->packs, &ir->pack_room, ir->pack_count + 1, sizeof *ir->packs))
        return NULL;
    GdIrPack *pack = &ir->packs[ir->pack_count++];
    *pack = (GdIrPack){.kind = kind, .kernel = node->kernel, .choices = node->choices, .first_lane = ir->pack_lane_count};
    return pack;
}

/* Voices of one node and channel begin a pack, so that they line up with those of all other nodes of their group. */
static bool ends_row(const Candidate *last, const Candidate *next)
{
    return (last->voice || next->voice) && (last->row != next->row || last->order >> 16 != next->order >> 16);
}

/* Sorted lanes of one depth into packs. A cheap kernel stays with the pack that feeds it; others fill their packs. Lanes
 * that hear events hear the same ones as all of their pack. */
static int pack_level(GdIr *ir, const Candidate *candidates, uint32_t count)
{
    GdIrPack *pack = NULL;
    uint32_t widest = gd_widest_pack();
    for (uint32_t k = 0; k < count; ++k) {
        const GdIrNode *node = &ir->nodes[ir->lanes[candidates[k].lane].node];
        bool same = k && candidates[k].kind == candidates[k - 1].kind;
        uint64_t fed = candidates[k].feeder, before = k ? candidates[k - 1].feeder : fed;
        bool other_port = fed >> 8 != before >> 8 && pack && pack->lanes > 1; /* two lanes of one node share a pack */
        bool moved = is_stateless(node) && (fed >> 16 != before >> 16 || other_port);
        bool apart = kernel_of(node)->flags & GD_ALONE || (kernel_of(node)->event_ins && fed != before)
                     || (k && ends_row(&candidates[k - 1], &candidates[k]));
        if (!pack || !same || moved || apart || pack->lanes == widest) {
            if (pack)
                close_pack(ir, pack);
            if (!(pack = open_pack(ir, GD_PACK_KERNEL, node)))
                return GD_NO_MEMORY;
        }
        ir->lanes[candidates[k].lane].pack = (int32_t)(pack - ir->packs);
        ir->lanes[candidates[k].lane].lane = pack->lanes++;
        ir->pack_lanes[ir->pack_lane_count++] = candidates[k].lane;
    }
    if (pack)
        close_pack(ir, pack);
    return GD_OK;
}

/* The device's channels, in packs of their own. */
static int pack_device(GdIr *ir, uint32_t n)
{
    GdIrNode *node = &ir->nodes[n];
    ir->device_pack = (int32_t)ir->pack_count;
    for (uint32_t c = 0; c < node->lanes; ++c) {
        if (c % GD_MAX_WIDTH == 0) {
            if (!open_pack(ir, GD_PACK_DEVICE, node))
                return GD_NO_MEMORY;
            ir->packs[ir->pack_count - 1].ins = 1;
            ++ir->device_packs;
        }
        GdIrPack *pack = &ir->packs[ir->pack_count - 1];
        ir->lanes[node->first_lane + c].pack = (int32_t)ir->pack_count - 1;
        ir->lanes[node->first_lane + c].lane = pack->lanes++;
        ir->pack_lanes[ir->pack_lane_count++] = node->first_lane + c;
        close_pack(ir, pack);
    }
    return GD_OK;
}

/* Nodes by depth, in the order they have: a counting sort. */
static uint32_t *by_depth(GdIr *ir, uint32_t **first, uint32_t *levels)
{
    *levels = 0;
    for (uint32_t n = 0; n < ir->node_count; ++n)
        if (ir->nodes[n].depth + 1 > *levels)
            *levels = ir->nodes[n].depth + 1;
    uint32_t *nodes = gd_take(ir, ir->node_count + 1, sizeof *nodes);
    *first = gd_take(ir, *levels + 2, sizeof **first);
    if (!nodes || !*first)
        return NULL;
    for (uint32_t n = 0; n < ir->node_count; ++n)
        ++(*first)[ir->nodes[n].depth + 2];
    for (uint32_t d = 2; d < *levels + 2; ++d)
        (*first)[d] += (*first)[d - 1];
    for (uint32_t n = 0; n < ir->node_count; ++n)
        nodes[(*first)[ir->nodes[n].depth + 1]++] = n;
    return nodes;
}

static Candidate candidate_of(const GdIr *ir, const GdIrNode *node, uint32_t channel)
{
    const GdNode *known = &ir->graph->nodes[node->node];
    Candidate made = {.kind = (uint64_t)node->kernel << 32 | node->choices, .feeder = feeder_of(ir, node, channel),
                      .order = known->order, .lane = node->first_lane + channel};
    made.row = made.feeder;
    made.voice = known->voices >= 0;
    if (made.voice) {
        made.row = known->order - known->voice;
        made.order = (uint64_t)channel << 16 | known->voice;
    }
    return made;
}

int gd_pass_packs(GdIr *ir)
{
    uint32_t *first, levels;
    if (make_lanes(ir) != GD_OK)
        return GD_NO_MEMORY;
    uint32_t *nodes = by_depth(ir, &first, &levels);
    Candidate *candidates = gd_take(ir, ir->lane_count + 1, sizeof *candidates);
    if (!nodes || !candidates)
        return GD_NO_MEMORY;
    int32_t device = -1;
    for (uint32_t level = 0; level < levels; ++level) {
        uint32_t count = 0;
        for (uint32_t k = first[level]; k < first[level + 1]; ++k) {
            const GdIrNode *node = &ir->nodes[nodes[k]];
            if (node->kernel < 0) {
                device = (int32_t)nodes[k];
                continue;
            }
            for (uint32_t c = 0; c < node->lanes; ++c)
                candidates[count++] = candidate_of(ir, node, c);
        }
        if (count > 1)
            qsort(candidates, count, sizeof *candidates, compare);
        if (pack_level(ir, candidates, count) != GD_OK)
            return GD_NO_MEMORY;
    }
    return device < 0 ? GD_BAD_PLAN : pack_device(ir, (uint32_t)device);
}
