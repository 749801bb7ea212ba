/* Pass 5: latency compensation. A node hears all its wires as late as the latest of them; earlier ones pass through an
 * `align` node, which belongs to its wire and keeps its delay line from plan to plan; events wait in their wire's cable. Wires
 * that fall do not hold
 * anything up, nor do the compiler's own between the halves of a delay: aligning those would make the loop longer.
 * Control thread. */
#include "../ir.h"

static bool nothing_to_do(const GdIr *ir)
{
    for (uint32_t n = 0; n < ir->node_count; ++n)
        if (ir->graph->nodes[ir->nodes[n].node].latency)
            return false;
    for (uint32_t w = 0; w < ir->wire_count; ++w)
        if (ir->wires[w].wire >= 0 && ir->graph->wires[ir->wires[w].wire].align >= 0)
            return false;
    return true;
}

static uint32_t latency_after(const GdIr *ir, uint32_t n)
{
    const GdIrNode *node = &ir->nodes[n];
    return node->arrival + (node->map == 0 ? ir->graph->nodes[node->node].latency : 0);
}

static void find_arrivals(GdIr *ir)
{
    for (uint32_t i = 0; i < ir->node_count; ++i) {
        GdIrNode *node = &ir->nodes[ir->topological[i]];
        for (uint32_t k = 0; k < node->wire_count; ++k) {
            const GdIrWire *wire = &ir->wires[ir->wires_in[node->first_wire + k]];
            if (wire->own)
                continue;
            uint32_t late = latency_after(ir, (uint32_t)wire->source);
            if ((wire->fade >= 0 || node->leaving) && late > node->arrival)
                node->arrival = late;
        }
    }
}

/* Room for twice the delay, so that a later change of it finds what it needs in the same ring. */
static uint32_t ring_frames(uint32_t delay)
{
    uint32_t frames = 4096;
    while (frames < 2 * delay + 2 * GD_SLICE)
        frames *= 2;
    return frames;
}

bool gd_carries_events(const GdIr *ir, const GdIrWire *wire)
{
    int32_t kernel = ir->nodes[wire->source].kernel;
    return kernel >= 0 && gd_kernel_table[kernel].form[0][0]->event_outs >> wire->source_port & 1;
}

static int32_t align_node(GdIr *ir, int32_t wire, uint32_t delay)
{
    GdGraph *graph = ir->graph;
    int32_t align = graph->wires[wire].align;
    bool too_short = align >= 0 && graph->nodes[align].memory_frames < delay + GD_SLICE;
    if (align < 0 || too_short) {
        if (too_short) /* the plan that runs still reads the old one */
            gd_graph_remove(graph, align);
        align = gd_graph_add_align(graph, graph->wires[wire].order);
        if (align < 0)
            return -1;
        graph->wires[wire].align = align;
        graph->nodes[align].memory_frames = ring_frames(delay);
    }
    graph->nodes[align].values[0] = (float)delay;
    return align;
}

static int insert_align(GdIr *ir, uint32_t w, uint32_t delay)
{
    if (!gd_extend(ir, &ir->nodes, &ir->node_room, ir->node_count + 1, sizeof *ir->nodes)
        || !gd_extend(ir, &ir->wires, &ir->wire_room, ir->wire_count + 1, sizeof *ir->wires))
        return GD_NO_MEMORY;
    GdIrWire *wire = &ir->wires[w];
    int32_t align = align_node(ir, wire->wire, delay);
    if (align < 0)
        return GD_NO_MEMORY;
    const GdType *type = &ir->graph->types[ir->graph->align_type];
    const GdIrNode *source = &ir->nodes[wire->source];
    uint8_t lanes = wire->source_channels ? wire->source_channels : source->lanes;
    ir->nodes[ir->node_count] = (GdIrNode){.node = align, .kernel = type->kernel, .lanes = lanes, .leaving = wire->fade < 0,
                                           .arrival = latency_after(ir, (uint32_t)wire->source)};
    ir->wires[ir->wire_count] = *wire;
    GdIrWire *in = &ir->wires[ir->wire_count++];
    in->target = (int32_t)ir->node_count, in->target_port = 0, in->target_channels = 0, in->to_param = false;
    in->gain = 1.0f, in->fade = 0;
    wire->source = (int32_t)ir->node_count++, wire->source_port = 0, wire->source_channels = 0;
    return GD_OK;
}

int gd_pass_latency(GdIr *ir)
{
    if (nothing_to_do(ir))
        return GD_OK;
    find_arrivals(ir);
    uint32_t count = ir->wire_count;
    for (uint32_t w = 0; w < count; ++w) {
        const GdIrWire *wire = &ir->wires[w];
        if (wire->own)
            continue;
        uint32_t early = latency_after(ir, (uint32_t)wire->source), due = ir->nodes[wire->target].arrival;
        uint32_t delay = due > early ? due - early : 0;
        bool keeps = ir->graph->wires[wire->wire].align >= 0;
        if (gd_carries_events(ir, wire))
            ir->wires[w].delay = delay;
        else if ((delay || keeps) && insert_align(ir, w, delay) != GD_OK)
            return GD_NO_MEMORY;
    }
    ir->latency_frames = ir->nodes[ir->of_node[0][ir->graph->device]].arrival;
    int status = gd_index_wires(ir);
    return status == GD_OK ? gd_pass_order(ir) : status;
}
