/* Pass 1: the nodes and wires that take part in this plan. Control thread. */
#include <string.h>

#include "../ir.h"

static bool takes_part(int fades, uint8_t life)
{
    switch (life) {
    case GD_STEADY: return true;
    case GD_ENTERING: return fades != GD_FADE_OUT;
    case GD_LEAVING: return fades == GD_UNION || fades == GD_FADE_OUT;
    default: return false;
    }
}

static int8_t fade_of(int fades, uint8_t life)
{
    return fades == GD_FINAL || life == GD_STEADY ? 0 : life == GD_ENTERING ? 1 : -1;
}

/* A tap that is new hears all from its first frame on. */
static bool into_new_tap(const GdGraph *graph, const GdWire *wire)
{
    const GdNode *target = &graph->nodes[wire->target];
    return target->tap && target->life == GD_ENTERING;
}

static uint32_t choices_word(const GdNode *node)
{
    uint32_t word;
    memcpy(&word, node->choice, sizeof word);
    return word;
}

static int add_nodes(GdIr *ir)
{
    const GdGraph *graph = ir->graph;
    for (uint32_t i = 0; i < graph->node_count; ++i) {
        const GdNode *node = &graph->nodes[i];
        if (!takes_part(ir->fades, node->life) || node->type == graph->align_type)
            continue;
        ir->of_node[0][i] = ir->of_node[1][i] = (int32_t)ir->node_count;
        ir->nodes[ir->node_count++] = (GdIrNode){.node = (int32_t)i, .kernel = graph->types[node->type].kernel,
                                                 .choices = choices_word(node), .leaving = node->life == GD_LEAVING};
    }
    return GD_OK;
}

static void add_wires(GdIr *ir)
{
    const GdGraph *graph = ir->graph;
    for (uint32_t i = 0; i < graph->wire_count; ++i) {
        const GdWire *wire = &graph->wires[i];
        if (!takes_part(ir->fades, wire->life))
            continue;
        uint32_t ins = graph->types[graph->nodes[wire->target].type].ins;
        bool to_param = wire->target_port >= ins;
        ir->wires[ir->wire_count++] = (GdIrWire){
            .source = ir->of_node[0][wire->source], .target = ir->of_node[1][wire->target],
            .source_port = (uint8_t)wire->source_port,
            .target_port = (uint8_t)(to_param ? wire->target_port - ins : wire->target_port), .to_param = to_param,
            .fade = into_new_tap(graph, wire) ? 0 : fade_of(ir->fades, wire->life), .gain = wire->depth, .order = wire->order, .wire = (int32_t)i};
    }
}

static uint64_t sort_key(const GdIrWire *wire) { return (uint64_t)wire->to_param << 8 | wire->target_port; }

static bool before(const GdIrWire *a, const GdIrWire *b)
{
    return sort_key(a) != sort_key(b) ? sort_key(a) < sort_key(b) : a->order < b->order;
}

/* Wires mostly lie in order already, so merge runs: linear then. */
static void sort_wires(GdIr *ir, uint32_t *wires, uint32_t *spare, uint32_t count)
{
    if (count < 2)
        return;
    uint32_t half = count / 2;
    sort_wires(ir, wires, spare, half);
    sort_wires(ir, wires + half, spare, count - half);
    if (!before(&ir->wires[wires[half]], &ir->wires[wires[half - 1]]))
        return;
    memcpy(spare, wires, half * sizeof *wires);
    for (uint32_t i = 0, j = half, k = 0; i < half; ++k)
        if (j < count && before(&ir->wires[wires[j]], &ir->wires[spare[i]]))
            wires[k] = wires[j++];
        else
            wires[k] = spare[i++];
}

/* Count, then place: wires of one target together (by port and order), and wires of one source together. */
int gd_index_wires(GdIr *ir)
{
    uint32_t *counts = gd_take(ir, ir->node_count + 1, sizeof *counts);
    ir->first_out = gd_take(ir, ir->node_count + 1, sizeof *ir->first_out);
    ir->wires_in = gd_take(ir, ir->wire_count + 1, sizeof *ir->wires_in);
    ir->wires_out = gd_take(ir, ir->wire_count + 1, sizeof *ir->wires_out);
    uint32_t *spare = gd_take(ir, ir->wire_count + 1, sizeof *spare);
    if (!spare || !counts || !ir->first_out || !ir->wires_in || !ir->wires_out)
        return GD_NO_MEMORY;
    for (uint32_t n = 0; n < ir->node_count; ++n)
        ir->nodes[n].wire_count = 0;
    for (uint32_t w = 0; w < ir->wire_count; ++w) {
        ++ir->nodes[ir->wires[w].target].wire_count;
        ++counts[ir->wires[w].source];
    }
    uint32_t first_in = 0, first_out = 0;
    for (uint32_t n = 0; n < ir->node_count; ++n) {
        ir->nodes[n].first_wire = first_in;
        first_in += ir->nodes[n].wire_count;
        ir->nodes[n].wire_count = 0;
        ir->first_out[n] = first_out;
        first_out += counts[n];
        counts[n] = ir->first_out[n];
    }
    ir->first_out[ir->node_count] = first_out;
    for (uint32_t w = 0; w < ir->wire_count; ++w) {
        GdIrNode *target = &ir->nodes[ir->wires[w].target];
        ir->wires_in[target->first_wire + target->wire_count++] = w;
        ir->wires_out[counts[ir->wires[w].source]++] = w;
    }
    for (uint32_t n = 0; n < ir->node_count; ++n)
        sort_wires(ir, ir->wires_in + ir->nodes[n].first_wire, spare, ir->nodes[n].wire_count);
    return GD_OK;
}

int gd_pass_expand(GdIr *ir)
{
    const GdGraph *graph = ir->graph;
    ir->node_room = graph->node_count + 1;
    ir->wire_room = graph->wire_count + 1;
    ir->nodes = gd_take(ir, ir->node_room, sizeof *ir->nodes);
    ir->wires = gd_take(ir, ir->wire_room, sizeof *ir->wires);
    for (uint32_t part = 0; part < GD_PARTS; ++part) {
        ir->of_node[part] = gd_take(ir, graph->node_count + 1, sizeof(int32_t));
        if (!ir->of_node[part])
            return GD_NO_MEMORY;
        memset(ir->of_node[part], 0xff, graph->node_count * sizeof(int32_t));
    }
    if (!ir->nodes || !ir->wires)
        return GD_NO_MEMORY;
    add_nodes(ir);
    add_wires(ir);
    return gd_index_wires(ir);
}
