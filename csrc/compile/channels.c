/* Pass 2: how many lanes each node has. Channels follow the cables: a node whose ports are not fixed has as many as the
 * widest wire into it, and never fewer than it had while it was already sounding. Control thread. */
#include "../ir.h"

static uint8_t channels_of(const GdIr *ir, const GdIrWire *wire)
{
    const GdIrNode *source = &ir->nodes[wire->source];
    const GdType *type = &ir->graph->types[ir->graph->nodes[source->node].type];
    uint8_t fixed = type->out_channels[wire->source_port];
    return fixed ? fixed : source->lanes;
}

/* Spread counts above one along the wires; counts only grow, so this ends in cycles too. */
int gd_pass_channels(GdIr *ir)
{
    uint32_t *stack = gd_take(ir, ir->node_count + 1, sizeof *stack), height = 0;
    bool *waiting = gd_take(ir, ir->node_count + 1, sizeof *waiting);
    if (!stack || !waiting)
        return GD_NO_MEMORY;
    for (uint32_t n = 0; n < ir->node_count; ++n) {
        const GdNode *node = &ir->graph->nodes[ir->nodes[n].node];
        const GdType *type = &ir->graph->types[node->type];
        ir->nodes[n].lanes = type->linked ? 1 : node->channels > node->min_channels ? node->channels : node->min_channels;
        if (type->linked || ir->nodes[n].lanes > 1)
            stack[height++] = n, waiting[n] = true;
    }
    while (height) {
        uint32_t n = stack[--height];
        waiting[n] = false;
        for (uint32_t k = ir->first_out[n]; k < ir->first_out[n + 1]; ++k) {
            const GdIrWire *wire = &ir->wires[ir->wires_out[k]];
            GdIrNode *target = &ir->nodes[wire->target];
            if (ir->graph->types[ir->graph->nodes[target->node].type].linked)
                continue;
            uint8_t channels = channels_of(ir, wire);
            if (channels > GD_MAX_CHANNELS)
                return GD_TOO_LARGE;
            if (channels <= target->lanes)
                continue;
            target->lanes = channels;
            if (!waiting[wire->target])
                stack[height++] = (uint32_t)wire->target, waiting[wire->target] = true;
        }
    }
    return GD_OK;
}
