/* Pass 9: what has to be done, in order: for each pack the mixes and modulations that bring its signals, then its kernel.
 * Everything written is a value with one writer. Control thread. */
#include "../ir.h"

static int32_t new_value(GdIr *ir, uint8_t width, bool per_cell)
{
    if (!gd_extend(ir, &ir->values, &ir->value_room, ir->value_count + 1, sizeof *ir->values))
        return -1;
    ir->values[ir->value_count] = (GdIrValue){.step = (int32_t)ir->step_count, .width = width, .per_cell = per_cell};
    return (int32_t)ir->value_count++;
}

static GdIrStep *open_step(GdIr *ir, uint8_t kind, int32_t pack, uint8_t width)
{
    if (!gd_extend(ir, &ir->steps, &ir->step_room, ir->step_count + 1, sizeof *ir->steps))
        return NULL;
    GdIrStep *step = &ir->steps[ir->step_count];
    *step = (GdIrStep){.kind = kind, .pack = pack, .width = width, .first_read = ir->read_count};
    return step;
}

static bool add_read(GdIr *ir, uint32_t value)
{
    if (!gd_extend(ir, &ir->reads, &ir->read_room, ir->read_count + 1, sizeof *ir->reads))
        return false;
    ir->reads[ir->read_count++] = value;
    ++ir->steps[ir->step_count].read_count;
    ir->values[value].last_read = ir->step_count;
    return true;
}

static uint32_t value_of(const GdIr *ir, const GdIrTerm *term) { return ir->packs[term->pack].first_value + term->port; }

static bool add_term_reads(GdIr *ir, const GdIrSlot *slot)
{
    for (uint32_t k = 0; k < slot->count; ++k) {
        uint32_t value = value_of(ir, &ir->terms[slot->first + k]);
        uint32_t first = ir->steps[ir->step_count].first_read;
        if (ir->read_count > first && ir->reads[ir->read_count - 1] == value)
            continue; /* runs of lanes of one buffer */
        if (!add_read(ir, value))
            return false;
    }
    return true;
}

/* True if term k of every lane is that lane of one buffer of the pack's width; with the same gain where `gains` says so. */
static bool lines_up(const GdIr *ir, const GdIrPack *pack, uint32_t first_slot, uint32_t k, bool gains)
{
    const GdIrTerm *lead = &ir->terms[ir->slots[first_slot].first + k];
    if (ir->packs[lead->pack].width != pack->width)
        return false;
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrSlot *slot = &ir->slots[first_slot + l];
        if (k >= slot->count || slot->chunks)
            return false;
        const GdIrTerm *term = &ir->terms[slot->first + k];
        if (term->pack != lead->pack || term->port != lead->port || term->lane != l || term->fade != lead->fade
            || (gains && term->gain != lead->gain))
            return false;
    }
    return true;
}

static bool all_hear_one(const GdIr *ir, const GdIrPack *pack, uint32_t first_slot)
{
    const GdIrSlot *lead = &ir->slots[first_slot];
    if (lead->count != 1 || lead->chunks)
        return false;
    for (uint32_t l = 1; l < pack->lanes; ++l) {
        const GdIrSlot *slot = &ir->slots[first_slot + l];
        if (slot->count != 1 || slot->chunks)
            return false;
        const GdIrTerm *a = &ir->terms[lead->first], *b = &ir->terms[slot->first];
        if (a->pack != b->pack || a->port != b->port || a->lane != b->lane || a->fade != b->fade || a->gain != b->gain)
            return false;
    }
    return true;
}

/* The value that already brings this term to all lanes of a pack of that width; 0 if there is none. */
static int32_t earlier_broadcast(const GdIr *ir, const GdIrTerm *term, uint8_t width)
{
    int32_t value = ir->values[value_of(ir, term)].broadcast;
    if (!value || ir->values[value].width != width)
        return 0;
    const GdIrStep *step = &ir->steps[ir->values[value].step];
    const GdIrPack *pack = &ir->packs[step->pack];
    const GdIrTerm *its = &ir->terms[ir->slots[pack->first_slot + step->port * pack->lanes].first];
    return its->lane == term->lane && its->fade == term->fade && its->gain == term->gain ? value : 0;
}

static uint32_t mix_form(const GdIr *ir, const GdIrPack *pack, uint32_t first_slot)
{
    uint32_t count = ir->slots[first_slot].count;
    if (all_hear_one(ir, pack, first_slot))
        return GD_MIX_BROADCAST;
    for (uint32_t l = 0; l < pack->lanes; ++l)
        if (ir->slots[first_slot + l].count != count || ir->slots[first_slot + l].chunks)
            return GD_MIX_LANES;
    for (uint32_t k = 0; k < count; ++k)
        if (!lines_up(ir, pack, first_slot, k, true) || ir->packs[ir->terms[ir->slots[first_slot].first + k].pack].per_cell)
            return GD_MIX_LANES;
    return GD_MIX_VECTOR;
}

/* True if every lane hears at this port what it hears at the one before, as both sides of a linked port often do. */
static bool as_port_before(const GdIr *ir, const GdIrPack *pack, uint32_t port)
{
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrSlot *slot = &ir->slots[pack->first_slot + port * pack->lanes + l];
        if (slot->first != (slot - pack->lanes)->first || slot->count != (slot - pack->lanes)->count)
            return false;
    }
    return true;
}

/* The value that brings one inlet its signal: silence, the source's own buffer where it lines up, or a mix. -1: no memory. */
static int32_t inlet_value(GdIr *ir, int32_t p, uint32_t port)
{
    const GdIrPack *pack = &ir->packs[p];
    uint32_t first_slot = pack->first_slot + port * pack->lanes, wired = 0;
    for (uint32_t l = 0; l < pack->lanes; ++l)
        wired += ir->slots[first_slot + l].count;
    if (!wired)
        return 0;
    const GdIrTerm *lead = &ir->terms[ir->slots[first_slot].first];
    if (wired == pack->lanes && ir->slots[first_slot].count == 1 && lines_up(ir, pack, first_slot, 0, true) && !lead->fade
        && lead->gain == 1.0f && !ir->packs[lead->pack].per_cell)
        return (int32_t)value_of(ir, lead);
    uint32_t form = mix_form(ir, pack, first_slot);
    int32_t shared = form == GD_MIX_BROADCAST ? earlier_broadcast(ir, lead, pack->width) : 0;
    if (shared)
        return shared;
    GdIrStep *step = open_step(ir, GD_STEP_MIX, p, pack->width);
    if (!step)
        return -1;
    step->port = port;
    step->form = form;
    for (uint32_t l = 0; l < pack->lanes; ++l)
        if (!add_term_reads(ir, &ir->slots[first_slot + l]))
            return -1;
    int32_t value = new_value(ir, pack->width, false);
    if (form == GD_MIX_BROADCAST && value > 0)
        ir->values[value_of(ir, lead)].broadcast = value;
    ir->steps[ir->step_count].first_out = (uint32_t)value, ir->steps[ir->step_count++].out_count = 1;
    return value;
}

/* The value that brings an inlet its events: none, those of its wires in order, or the source's own list for lanes that all
 * hear one, which `voices` and its voices share. -1: no memory. */
static int32_t events_value(GdIr *ir, int32_t p, uint32_t port)
{
    const GdIrPack *pack = &ir->packs[p];
    const GdIrSlot *slot = &ir->slots[pack->first_slot + port * pack->lanes];
    if (!slot->count)
        return 0;
    if (!(pack->form->flags & GD_ALONE))
        return (int32_t)value_of(ir, &ir->terms[slot->first]);
    GdIrStep *step = open_step(ir, GD_STEP_MERGE, p, 1);
    if (!step)
        return -1;
    step->port = port;
    if (!add_term_reads(ir, slot))
        return -1;
    int32_t value = new_value(ir, GD_EVENT_WIDTH, false);
    ir->steps[ir->step_count].first_out = (uint32_t)value, ir->steps[ir->step_count++].out_count = 1;
    return value;
}

/* Whether a term stands for whole cells, or for slices now and then. */
static bool may_stand(const GdIr *ir, const GdIrTerm *term)
{
    const GdIrPack *pack = &ir->packs[term->pack];
    return !term->fade && (pack->per_cell || (pack->form && pack->form->flags & GD_SPARSE));
}

/* The value of a parameter that wires move; 0 where none do. */
static int32_t param_value(GdIr *ir, int32_t p, uint32_t param)
{
    const GdIrPack *pack = &ir->packs[p];
    uint32_t first_slot = pack->first_slot + (pack->ins + param) * pack->lanes, wired = 0;
    bool per_cell = true;
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrSlot *slot = &ir->slots[first_slot + l];
        wired += slot->count;
        for (uint32_t k = 0; k < slot->count; ++k)
            per_cell &= may_stand(ir, &ir->terms[slot->first + k]);
    }
    if (!wired)
        return 0;
    GdIrStep *step = open_step(ir, GD_STEP_MODULATE, p, pack->width);
    if (!step)
        return -1;
    step->port = param;
    for (uint32_t l = 0; l < pack->lanes; ++l)
        if (!add_term_reads(ir, &ir->slots[first_slot + l]))
            return -1;
    int32_t value = new_value(ir, pack->width, per_cell);
    ir->steps[ir->step_count].first_out = (uint32_t)value, ir->steps[ir->step_count++].out_count = 1;
    return value;
}

static int add_kernel(GdIr *ir, int32_t p)
{
    const GdIrPack *pack = &ir->packs[p];
    uint32_t ports = pack->ins + pack->params;
    int32_t brings[GD_MAX_PORTS * 2 + GD_MAX_PARAMS];
    for (uint32_t port = 0; port < ports; ++port) {
        if (port && port < pack->ins && as_port_before(ir, pack, port))
            brings[port] = brings[port - 1];
        else if (gd_hears_events(pack, port))
            brings[port] = events_value(ir, p, port);
        else
            brings[port] = port < pack->ins ? inlet_value(ir, p, port) : param_value(ir, p, port - pack->ins);
        if (brings[port] < 0)
            return GD_NO_MEMORY;
    }
    if (pack->kind == GD_PACK_DEVICE) {
        ir->device_values[p - ir->device_pack] = (uint32_t)brings[0];
        return GD_OK;
    }
    if (!open_step(ir, GD_STEP_KERNEL, p, pack->width))
        return GD_NO_MEMORY;
    for (uint32_t port = 0; port < ports; ++port)
        if (!add_read(ir, (uint32_t)brings[port]))
            return GD_NO_MEMORY;
    ir->packs[p].step = ir->step_count;
    ir->packs[p].first_value = ir->value_count;
    for (uint32_t k = 0; k < pack->form->outs; ++k) {
        bool events = pack->form->event_outs >> k & 1;
        if (new_value(ir, events ? GD_EVENT_WIDTH : pack->width, !events && pack->per_cell) < 0)
            return GD_NO_MEMORY;
    }
    ir->steps[ir->step_count].first_out = ir->packs[p].first_value;
    ir->steps[ir->step_count++].out_count = pack->form->outs;
    return GD_OK;
}

static int add_chunk(GdIr *ir, int32_t p)
{
    if (!open_step(ir, GD_STEP_CHUNK, p, GD_TREE) || !add_term_reads(ir, &ir->slots[ir->packs[p].first_slot]))
        return GD_NO_MEMORY;
    int32_t value = new_value(ir, GD_TREE, false);
    if (value < 0)
        return GD_NO_MEMORY;
    ir->packs[p].first_value = (uint32_t)value;
    ir->steps[ir->step_count].first_out = (uint32_t)value, ir->steps[ir->step_count++].out_count = 1;
    return GD_OK;
}

int gd_pass_steps(GdIr *ir)
{
    if (new_value(ir, GD_MAX_WIDTH, false) < 0)
        return GD_NO_MEMORY;
    ir->values[0].step = -1;
    int status = GD_OK;
    for (uint32_t k = 0; k < ir->sequence_count && status == GD_OK; ++k) {
        int32_t p = (int32_t)ir->sequence[k];
        status = ir->packs[p].kind == GD_PACK_CHUNK ? add_chunk(ir, p) : add_kernel(ir, p);
    }
    for (uint32_t d = 0; d < ir->device_packs; ++d)
        if (ir->device_values[d]) /* the device reads after everything else */
            ir->values[ir->device_values[d]].last_read = ir->step_count;
    return status;
}
