/* Pass 3: nodes that close a cycle are split into a half that reads what was kept and a half that keeps what comes in.
 * `feedback` always is; a `delay` only while it lies on a cycle. Afterwards wires name kernel ports. Control thread. */
#include "../ir.h"

static const GdType *type_of(const GdIr *ir, const GdIrNode *node) { return &ir->graph->types[ir->graph->nodes[node->node].type]; }

static int split(GdIr *ir, uint32_t n)
{
    if (!gd_extend(ir, &ir->nodes, &ir->node_room, ir->node_count + 1, sizeof *ir->nodes))
        return GD_NO_MEMORY;
    const GdType *type = type_of(ir, &ir->nodes[n]);
    GdIrNode *write = &ir->nodes[ir->node_count], *read = &ir->nodes[n];
    *write = *read;
    read->map = 1, read->kernel = type->loop_kernel[0];
    write->map = 2, write->part = 1, write->kernel = type->loop_kernel[1];
    ir->of_node[1][read->node] = (int32_t)ir->node_count++;
    if (type->wet_port < 0)
        return GD_OK;
    if (!gd_extend(ir, &ir->wires, &ir->wire_room, ir->wire_count + 1, sizeof *ir->wires))
        return GD_NO_MEMORY;
    ir->wires[ir->wire_count++] = (GdIrWire){.source = (int32_t)n, .target = (int32_t)ir->node_count - 1, .own = true,
                                             .target_port = (uint8_t)type->wet_port, .gain = 1.0f, .wire = -1};
    return GD_OK;
}

/* Point wires at the half that takes them; a parameter that both halves have gets the wire twice. */
static int redirect(GdIr *ir)
{
    uint32_t count = ir->wire_count;
    for (uint32_t w = 0; w < count; ++w) {
        GdIrNode *whole = &ir->nodes[ir->wires[w].target];
        if (whole->map != 1 || ir->wires[w].own)
            continue;
        const GdType *type = type_of(ir, whole);
        uint8_t port = ir->wires[w].target_port;
        bool to_param = ir->wires[w].to_param;
        bool to_write = (to_param ? type->param[2][port] : type->in_port[2][port]) >= 0;
        bool to_read = (to_param ? type->param[1][port] : type->in_port[1][port]) >= 0;
        if (to_write && to_read) {
            if (!gd_extend(ir, &ir->wires, &ir->wire_room, ir->wire_count + 1, sizeof *ir->wires))
                return GD_NO_MEMORY;
            ir->wires[ir->wire_count++] = ir->wires[w];
        }
        if (to_write)
            ir->wires[w].target = ir->of_node[1][whole->node];
    }
    return gd_index_wires(ir);
}

/* --- nodes on cycles: Tarjan's strongly connected components (SIAM J. Comput. 1, 1972), without recursion --- */

typedef struct Search {
    uint32_t *index, *low, *stack, *path, *next;
    bool *on_stack;
    uint32_t counter, height, steps;
} Search;

/* The component whose root is `n` is on top of the stack: note those of its nodes that can be split. */
static bool close_component(GdIr *ir, Search *s, uint32_t n, uint32_t *found, uint32_t *found_count, bool self_loop)
{
    uint32_t first = s->height;
    while (s->stack[--first] != n)
        ;
    bool cycle = s->height - first > 1 || self_loop, any = false;
    for (uint32_t k = first; k < s->height; ++k) {
        s->on_stack[s->stack[k]] = false;
        const GdIrNode *node = &ir->nodes[s->stack[k]];
        if (cycle && node->map == 0 && type_of(ir, node)->loop_kernel[0] >= 0)
            found[(*found_count)++] = s->stack[k], any = true;
    }
    s->height = first;
    return !cycle || any;
}

static bool search_from(GdIr *ir, Search *s, uint32_t root, uint32_t *found, uint32_t *found_count)
{
    bool fine = true;
    s->path[s->steps++] = root;
    while (s->steps) {
        uint32_t n = s->path[s->steps - 1];
        if (!s->index[n]) {
            s->index[n] = s->low[n] = ++s->counter;
            s->stack[s->height++] = n, s->on_stack[n] = true;
            s->next[n] = ir->first_out[n];
        }
        bool deeper = false, self_loop = false;
        for (; s->next[n] < ir->first_out[n + 1] && !deeper; ++s->next[n]) {
            uint32_t target = (uint32_t)ir->wires[ir->wires_out[s->next[n]]].target;
            if (!s->index[target]) {
                s->path[s->steps++] = target, deeper = true;
                break; /* come back to this wire to take its `low` */
            }
            if (s->on_stack[target] && s->low[target] < s->low[n])
                s->low[n] = s->low[target];
        }
        if (deeper)
            continue;
        for (uint32_t k = ir->first_out[n]; k < ir->first_out[n + 1]; ++k)
            self_loop |= (uint32_t)ir->wires[ir->wires_out[k]].target == n;
        if (s->low[n] == s->index[n])
            fine &= close_component(ir, s, n, found, found_count, self_loop);
        --s->steps;
    }
    return fine;
}

static int split_cycles(GdIr *ir)
{
    uint32_t count = ir->node_count + 1, *found = gd_take(ir, count, sizeof *found), found_count = 0;
    Search s = {.index = gd_take(ir, count, sizeof(uint32_t)), .low = gd_take(ir, count, sizeof(uint32_t)),
                .stack = gd_take(ir, count, sizeof(uint32_t)), .path = gd_take(ir, count, sizeof(uint32_t)),
                .next = gd_take(ir, count, sizeof(uint32_t)), .on_stack = gd_take(ir, count, sizeof(bool))};
    if (!found || !s.index || !s.low || !s.stack || !s.path || !s.next || !s.on_stack)
        return GD_NO_MEMORY;
    for (uint32_t n = 0; n < ir->node_count; ++n)
        if (!s.index[n] && !search_from(ir, &s, n, found, &found_count))
            return GD_CYCLE;
    int status = GD_OK;
    for (uint32_t k = 0; k < found_count && status == GD_OK; ++k)
        status = split(ir, found[k]);
    return status == GD_OK ? redirect(ir) : status;
}

/* --- --- */

/* From the user's ports to the kernel's; wires that the kernel has no place for go. */
static void name_kernel_ports(GdIr *ir)
{
    uint32_t kept = 0;
    for (uint32_t w = 0; w < ir->wire_count; ++w) {
        GdIrWire wire = ir->wires[w];
        const GdIrNode *source = &ir->nodes[wire.source], *target = &ir->nodes[wire.target];
        if (wire.own) {
            ir->wires[kept++] = wire;
            continue;
        }
        const GdType *from = type_of(ir, source), *to = type_of(ir, target);
        int8_t out = from->out_port[source->map][wire.source_port];
        int8_t in = wire.to_param ? to->param[target->map][wire.target_port] : to->in_port[target->map][wire.target_port];
        wire.source_channels = from->out_channels[wire.source_port];
        wire.target_channels = wire.to_param ? 0 : to->in_channels[wire.target_port];
        if (target->kernel < 0) /* the device */
            in = 0;
        if (out < 0 || in < 0)
            continue;
        wire.source_port = (uint8_t)out, wire.target_port = (uint8_t)in;
        ir->wires[kept++] = wire;
    }
    ir->wire_count = kept;
}

/* What a read half hands out was kept at least GD_LOOP frames before: so in an earlier slice, if none is longer. */
static uint32_t longest_slice(const GdIr *ir)
{
    for (uint32_t n = 0; n < ir->node_count; ++n)
        if (ir->nodes[n].map)
            return GD_LOOP;
    return GD_SLICE;
}

int gd_pass_loops(GdIr *ir)
{
    uint32_t count = ir->node_count;
    bool any_split = false, may_split = false;
    for (uint32_t n = 0; n < count; ++n) {
        const GdType *type = type_of(ir, &ir->nodes[n]);
        may_split |= type->loop_kernel[0] >= 0 && !type->always_loop;
        if (type->always_loop) {
            if (split(ir, n) != GD_OK)
                return GD_NO_MEMORY;
            any_split = true;
        }
    }
    int status = any_split ? redirect(ir) : GD_OK;
    if (status == GD_OK && may_split) {
        status = gd_pass_order(ir);
        if (status == GD_CYCLE)
            status = split_cycles(ir);
    }
    if (status != GD_OK)
        return status;
    ir->slice_frames = longest_slice(ir);
    name_kernel_ports(ir);
    return gd_index_wires(ir);
}
