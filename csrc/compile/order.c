/* Pass 4: an order in which every node comes after those it hears, and each node's depth. Control thread. */
#include "../ir.h"

/* Kahn's algorithm; returns how many nodes could be ordered (fewer than all: a cycle). */
static uint32_t order_nodes(GdIr *ir, uint32_t *missing)
{
    uint32_t ordered = 0;
    for (uint32_t n = 0; n < ir->node_count; ++n) {
        missing[n] = ir->nodes[n].wire_count;
        ir->nodes[n].depth = 0;
        if (!missing[n])
            ir->topological[ordered++] = n;
    }
    for (uint32_t done = 0; done < ordered; ++done) {
        uint32_t n = ir->topological[done];
        for (uint32_t k = ir->first_out[n]; k < ir->first_out[n + 1]; ++k) {
            int32_t target = ir->wires[ir->wires_out[k]].target;
            if (ir->nodes[target].depth <= ir->nodes[n].depth)
                ir->nodes[target].depth = ir->nodes[n].depth + 1;
            if (!--missing[target])
                ir->topological[ordered++] = (uint32_t)target;
        }
    }
    return ordered;
}

int gd_pass_order(GdIr *ir)
{
    uint32_t *missing = gd_take(ir, ir->node_count + 1, sizeof *missing);
    ir->topological = gd_take(ir, ir->node_count + 1, sizeof *ir->topological);
    if (!missing || !ir->topological)
        return GD_NO_MEMORY;
    return order_nodes(ir, missing) == ir->node_count ? GD_OK : GD_CYCLE;
}
