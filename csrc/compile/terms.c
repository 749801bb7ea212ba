/* Pass 7: wires into terms, the signals that flow into each lane of each port of a pack, in document order; and large sums
 * into chunks that can be added where and when their sources are computed. Control thread. */
#include "../ir.h"

static bool add_term(GdIr *ir, const GdIrWire *wire, uint32_t source_channel)
{
    if (!gd_extend(ir, &ir->terms, &ir->term_room, ir->term_count + 1, sizeof *ir->terms))
        return false;
    const GdIrNode *source = &ir->nodes[wire->source];
    const GdIrLane *lane = &ir->lanes[source->first_lane + (wire->source_channels ? 0 : source_channel)];
    ir->terms[ir->term_count++] = (GdIrTerm){
        .pack = lane->pack, .lane = lane->lane,
        .port = (uint8_t)(wire->source_port + (wire->source_channels ? source_channel : 0)),
        .fade = wire->fade, .gain = wire->gain, .delay = wire->delay, .wire = wire->wire};
    return true;
}

/* One wire into channel `channel` of a port with `fixed` channels (0: the lane's own channel counts). One channel goes to
 * all; channels that a fixed port does not have fold onto those it has. */
static bool add_wire(GdIr *ir, const GdIrWire *wire, uint32_t channel, uint32_t fixed)
{
    uint32_t channels = wire->source_channels ? wire->source_channels : ir->nodes[wire->source].lanes;
    if (channels == 1)
        return add_term(ir, wire, 0);
    if (!fixed)
        return channel >= channels || add_term(ir, wire, channel);
    for (uint32_t c = channel; c < channels; c += fixed)
        if (!add_term(ir, wire, c))
            return false;
    return true;
}

static bool fill_slot(GdIr *ir, GdIrSlot *slot, const GdIrLane *lane, uint32_t port, bool to_param)
{
    const GdIrNode *node = &ir->nodes[lane->node];
    *slot = (GdIrSlot){.first = ir->term_count};
    for (uint32_t k = 0; k < node->wire_count; ++k) {
        const GdIrWire *wire = &ir->wires[ir->wires_in[node->first_wire + k]];
        uint32_t ports = wire->target_channels ? wire->target_channels : 1;
        if (wire->to_param != to_param || port < wire->target_port || port >= wire->target_port + ports)
            continue;
        uint32_t channel = wire->target_channels ? port - wire->target_port : lane->channel;
        if (!add_wire(ir, wire, channel, wire->target_channels))
            return false;
    }
    slot->count = ir->term_count - slot->first;
    return true;
}

static bool same_terms(const GdIr *ir, const GdIrSlot *a, const GdIrSlot *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t k = 0; k < a->count; ++k) {
        const GdIrTerm *x = &ir->terms[a->first + k], *y = &ir->terms[b->first + k];
        if (x->pack != y->pack || x->port != y->port || x->lane != y->lane || x->fade != y->fade || x->gain != y->gain)
            return false;
    }
    return true;
}

/* More than 16 terms: a pack for each run of 128, and the slot hears those. */
static bool cut_into_chunks(GdIr *ir, uint32_t slot)
{
    uint32_t first = ir->slots[slot].first, count = ir->slots[slot].count;
    uint32_t chunks = (count + GD_CHUNK - 1) / GD_CHUNK;
    if (!gd_extend(ir, &ir->packs, &ir->pack_room, ir->pack_count + chunks, sizeof *ir->packs)
        || !gd_extend(ir, &ir->slots, &ir->slot_room, ir->slot_count + chunks, sizeof *ir->slots)
        || !gd_extend(ir, &ir->terms, &ir->term_room, ir->term_count + chunks, sizeof *ir->terms))
        return false;
    ir->slots[slot] = (GdIrSlot){.first = ir->term_count, .count = chunks, .chunks = true};
    for (uint32_t k = 0; k < chunks; ++k) {
        uint32_t left = count - k * GD_CHUNK;
        ir->slots[ir->slot_count] = (GdIrSlot){.first = first + k * GD_CHUNK, .count = left < GD_CHUNK ? left : GD_CHUNK};
        ir->terms[ir->term_count++] = (GdIrTerm){.pack = (int32_t)ir->pack_count, .gain = 1.0f, .wire = -1};
        ir->packs[ir->pack_count++] = (GdIrPack){.kind = GD_PACK_CHUNK, .kernel = -1, .lanes = 1, .width = GD_TREE, .ins = 1,
                                                 .first_slot = ir->slot_count++};
    }
    return true;
}

/* One port of all lanes; `before` holds what the ports so far heard, lane by lane. A lane or a linked port that hears
 * exactly the wires of the one before shares its terms. */
static bool fill_port(GdIr *ir, uint32_t p, uint32_t port, GdIrSlot *before)
{
    uint32_t ins = ir->packs[p].ins, lanes = ir->packs[p].lanes, first_lane = ir->packs[p].first_lane;
    uint32_t slot = ir->packs[p].first_slot + port * lanes;
    bool to_param = port >= ins, events = gd_hears_events(&ir->packs[p], port);
    for (uint32_t l = 0; l < lanes; ++l, ++slot) {
        const GdIrLane *lane = &ir->lanes[ir->pack_lanes[first_lane + l]];
        if (!fill_slot(ir, &ir->slots[slot], lane, to_param ? port - ins : port, to_param))
            return false;
        GdIrSlot whole = ir->slots[slot];
        uint32_t twin = 0;
        if (!to_param && whole.count && l && same_terms(ir, &before[l - 1], &whole))
            twin = slot - 1;
        else if (!to_param && whole.count && port && same_terms(ir, &before[l], &whole))
            twin = slot - lanes;
        if (twin) {
            ir->term_count = whole.first;
            ir->slots[slot] = ir->slots[twin];
            before[l] = l && twin == slot - 1 ? before[l - 1] : before[l];
            continue;
        }
        before[l] = whole;
        if (!to_param && !events && whole.count > GD_TREE && !cut_into_chunks(ir, slot))
            return false;
    }
    return true;
}

static int fill_pack(GdIr *ir, uint32_t p)
{
    uint32_t ports = ir->packs[p].ins + ir->packs[p].params, lanes = ir->packs[p].lanes;
    GdIrSlot before[GD_MAX_CHANNELS] = {0};
    if (!gd_extend(ir, &ir->slots, &ir->slot_room, ir->slot_count + ports * lanes, sizeof *ir->slots))
        return GD_NO_MEMORY;
    ir->packs[p].first_slot = ir->slot_count;
    ir->slot_count += ports * lanes;
    for (uint32_t port = 0; port < ports; ++port)
        if (!fill_port(ir, p, port, before))
            return GD_NO_MEMORY;
    return GD_OK;
}

int gd_pass_terms(GdIr *ir)
{
    uint32_t count = ir->pack_count;
    int status = GD_OK;
    for (uint32_t p = 0; p < count && status == GD_OK; ++p)
        status = fill_pack(ir, p);
    return status;
}
