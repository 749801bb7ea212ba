/* One step of the plan: its block, and what a mix, chunk or modulation needs. Control thread. */
#include <stdlib.h>
#include <string.h>

#include "link.h"

static float *buffer_of(const GdLink *link, uint32_t value) { return link->buffers[link->ir->values[value].buffer]; }

static uint32_t value_of_term(const GdLink *link, const GdIrTerm *term) { return link->ir->packs[term->pack].first_value + term->port; }

static const float *ramp(const GdLink *link, int8_t fade) { return !fade ? NULL : fade > 0 ? link->plan->rise : link->plan->fall; }

/* Where the kernel that writes a value says whether it stands; most never say so. */
static const uint8_t *steadiness(const GdLink *link, uint32_t value)
{
    const GdIrStep *writer = &link->ir->steps[link->ir->values[value].step];
    const GdStep *step = &link->plan->steps[writer - link->ir->steps];
    bool tells = writer->kind == GD_STEP_KERNEL && step->pack->kernel->flags & GD_SPARSE;
    return tells ? &step->block.steady[value - writer->first_out] : &link->plan->never_silent;
}

static GdTerm linked_term(const GdLink *link, const GdIrTerm *term)
{
    uint32_t value = value_of_term(link, term);
    const GdIrValue *source = &link->ir->values[value];
    return (GdTerm){.source = buffer_of(link, value) + term->lane, .step = source->per_cell ? 0 : source->width,
                    .gain = term->gain, .fade = ramp(link, term->fade), .steady = steadiness(link, value)};
}

static void *link_mix(GdLink *link, const GdIrStep *step)
{
    const GdIr *ir = link->ir;
    const GdIrPack *pack = &ir->packs[step->pack];
    const GdIrSlot *slots = &ir->slots[pack->first_slot + step->port * pack->lanes];
    uint32_t count = 0;
    for (uint32_t l = 0; l < pack->lanes; ++l)
        count += slots[l].count;
    GdMix *mix = gd_arena_take(&link->plan->arena, 1, sizeof *mix);
    GdMixLane *lanes = gd_arena_take(&link->plan->arena, pack->lanes, sizeof *lanes);
    GdTerm *terms = gd_arena_take(&link->plan->arena, count + 1, sizeof *terms);
    if (!mix || !lanes || !terms)
        return NULL;
    *mix = (GdMix){.form = step->form, .lanes = pack->lanes, .count = slots[0].count, .lane = lanes, .terms = terms};
    count = 0;
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        lanes[l] = (GdMixLane){.first = count, .count = slots[l].count, .chunks = slots[l].chunks};
        if (l && slots[l].count && slots[l - 1].count && slots[l].first == slots[l - 1].first) {
            lanes[l].first = lanes[l - 1].first;
            continue;
        }
        for (uint32_t k = 0; k < slots[l].count; ++k)
            terms[count++] = linked_term(link, &ir->terms[slots[l].first + k]);
    }
    return mix;
}

/* How many terms, from term `k` on, are just the lanes of one buffer: its width, or 1. */
static uint32_t run_width(const GdLink *link, const GdIrSlot *slot, uint32_t k)
{
    const GdIrTerm *terms = &link->ir->terms[slot->first + k];
    const GdIrValue *value = &link->ir->values[value_of_term(link, terms)];
    if (value->per_cell || k % value->width || k + value->width > slot->count)
        return 1;
    for (uint32_t l = 0; l < value->width; ++l)
        if (terms[l].pack != terms->pack || terms[l].port != terms->port || terms[l].lane != l || terms[l].fade || terms[l].gain != 1.0f)
            return 1;
    return value->width;
}

/* How many terms of one row, from term `k` on, are any lanes of one buffer of width 16. */
static uint32_t picked_width(const GdLink *link, const GdIrSlot *slot, uint32_t k)
{
    const GdIrTerm *terms = &link->ir->terms[slot->first + k];
    const GdIrValue *value = &link->ir->values[value_of_term(link, terms)];
    uint32_t count = 0, most = GD_TREE - k % GD_TREE;
    if (value->per_cell || value->width != GD_TREE)
        return 0;
    while (count < most && k + count < slot->count && terms[count].pack == terms->pack && terms[count].port == terms->port
           && !terms[count].fade && terms[count].gain == 1.0f)
        ++count;
    return count;
}

static const GdPick *new_pick(GdLink *link, const GdIrTerm *terms, uint32_t slot, uint32_t count)
{
    GdPick *pick = gd_arena_take(&link->plan->arena, 1, sizeof *pick);
    for (uint32_t k = 0; pick && k < count; ++k)
        pick->lane[slot + k] = terms[k].lane, pick->keep[slot + k] = -1;
    return pick;
}

/* The next run, from term `k` on; false when out of memory. */
static bool link_run(GdLink *link, const GdIrSlot *slot, uint32_t k, GdRun *run)
{
    const GdIrTerm *terms = &link->ir->terms[slot->first + k];
    *run = (GdRun){.term = linked_term(link, terms), .slot = k % GD_TREE, .width = run_width(link, slot, k)};
    uint32_t picked = run->width == 1 ? picked_width(link, slot, k) : 0;
    if (picked < 2)
        return true;
    run->width = picked;
    run->term.source -= terms->lane; /* the whole buffer */
    return (run->pick = new_pick(link, terms, run->slot, picked)) != NULL;
}

static void *link_chunk(GdLink *link, const GdIrStep *step)
{
    const GdIr *ir = link->ir;
    const GdIrSlot *slot = &ir->slots[ir->packs[step->pack].first_slot];
    GdChunk *chunk = gd_arena_take(&link->plan->arena, 1, sizeof *chunk);
    GdRun *runs = gd_arena_take(&link->plan->arena, slot->count, sizeof *runs);
    if (!chunk || !runs)
        return NULL;
    for (uint32_t k = 0; k < slot->count; k += runs[chunk->count++].width) {
        GdRun *run = &runs[chunk->count];
        if (!link_run(link, slot, k, run))
            return NULL;
        if (chunk->whole == chunk->count && run->width == GD_TREE && !run->pick)
            ++chunk->whole;
    }
    chunk->runs = runs;
    return chunk;
}

/* Term k of all lanes as one, where they lie side by side or all hear one lane; 0 if neither. */
static uint32_t modulation_form(const GdLink *link, const GdIrPack *pack, const GdIrSlot *slots, uint32_t k)
{
    const GdIrTerm *lead = &link->ir->terms[slots[0].first + k];
    bool vector = k < slots[0].count && link->ir->packs[lead->pack].width == pack->width, broadcast = k < slots[0].count;
    for (uint32_t l = 0; l < pack->lanes && (vector || broadcast); ++l) {
        if (k >= slots[l].count)
            return GD_MIX_LANES;
        const GdIrTerm *term = &link->ir->terms[slots[l].first + k];
        bool same = term->pack == lead->pack && term->port == lead->port && term->fade == lead->fade;
        vector &= same && term->lane == l;
        broadcast &= same && term->lane == lead->lane;
    }
    return vector ? GD_MIX_VECTOR : broadcast ? GD_MIX_BROADCAST : GD_MIX_LANES;
}

static void *link_modulation(GdLink *link, const GdIrStep *step, bool per_cell)
{
    const GdIr *ir = link->ir;
    const GdIrPack *pack = &ir->packs[step->pack];
    const GdIrSlot *slots = &ir->slots[pack->first_slot + (pack->ins + step->port) * pack->lanes];
    uint32_t most = 0, total = 0;
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        total += slots[l].count;
        most = slots[l].count > most ? slots[l].count : most;
    }
    GdModulate *m = gd_arena_take(&link->plan->arena, 1, sizeof *m);
    GdModulationTerm *terms = gd_arena_take(&link->plan->arena, total, sizeof *terms);
    if (!m || !terms)
        return NULL;
    const GdIrNode *node = &ir->nodes[ir->lanes[ir->pack_lanes[pack->first_lane]].node];
    const GdType *type = &ir->graph->types[ir->graph->nodes[node->node].type];
    *m = (GdModulate){.glide = gd_glide(pack->state, step->port), .per_cell = per_cell, .terms = terms};
    for (uint32_t p = 0; p < type->params; ++p)
        if (type->param[node->map][p] == (int8_t)step->port)
            m->lo = type->lo[p], m->hi = type->hi[p];
    for (uint32_t k = 0; k < most; ++k) {
        uint32_t form = modulation_form(link, pack, slots, k);
        for (uint32_t l = 0; l < (form ? 1u : pack->lanes); ++l) {
            if (k >= slots[l].count)
                continue;
            GdModulationTerm *term = &terms[m->count++];
            *term = (GdModulationTerm){.term = linked_term(link, &ir->terms[slots[l].first + k]), .form = form, .lane = l};
            for (uint32_t d = 0; d < pack->lanes; ++d)
                if (k < slots[d].count)
                    term->depth[d] = ir->terms[slots[d].first + k].gain;
        }
    }
    return m;
}

/* The memory of each wire is made when it is first needed, and then kept by the wire. */
static void *link_merge(GdLink *link, const GdIrStep *step)
{
    const GdIr *ir = link->ir;
    const GdIrPack *pack = &ir->packs[step->pack];
    const GdIrSlot *slot = &ir->slots[pack->first_slot + step->port * pack->lanes];
    GdMerge *merge = gd_arena_take(&link->plan->arena, 1, sizeof *merge);
    GdPlug *plugs = gd_arena_take(&link->plan->arena, slot->count, sizeof *plugs);
    if (!merge || !plugs)
        return NULL;
    for (uint32_t k = 0; k < slot->count; ++k) {
        const GdIrTerm *term = &ir->terms[slot->first + k];
        GdWire *wire = &ir->graph->wires[term->wire];
        if (!wire->cable && !(wire->cable = calloc(1, sizeof *wire->cable)))
            return NULL;
        plugs[k] = (GdPlug){.source = (const GdEvents *)buffer_of(link, value_of_term(link, term)), .cable = wire->cable,
                            .delay_frames = term->delay, .falls = term->fade < 0};
    }
    *merge = (GdMerge){.count = slot->count, .plugs = plugs};
    return merge;
}

/* --- blocks --- */

static uint32_t hash(uint32_t seed, uint32_t channel)
{
    uint32_t x = seed ^ (channel * 0x9e3779b9u);
    x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15, x *= 0x846ca68bu;
    return x ^ x >> 16;
}

/* The arrays of a block, side by side in one piece of memory. */
static bool make_arrays(GdLink *link, GdStep *step, uint32_t ins, uint32_t outs, uint32_t params, uint32_t width)
{
    size_t pointers = ins + outs + params + width;
    char *memory = gd_arena_take(&link->plan->arena, 1, pointers * 8 + width * 5 + params + ins + (ins + outs) * 4);
    if (!memory)
        return false;
    GdBlock *b = &step->block;
    b->in = (void *)memory, memory += ins * 8;
    b->out = (void *)memory, memory += outs * 8;
    b->param = (void *)memory, memory += params * 8;
    b->memory = (void *)memory, memory += width * 8;
    b->seed = (void *)memory, memory += width * 4;
    step->flags = (void *)memory, memory += ins * 4;
    step->out_flags = (void *)memory, memory += outs * 4;
    b->channel = (void *)memory, memory += width;
    b->stride = (void *)memory, memory += params;
    b->in_silent = (void *)memory;
    return true;
}

static void fill_lanes(GdLink *link, const GdIrPack *pack, GdBlock *b)
{
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrLane *lane = &link->ir->lanes[link->ir->pack_lanes[pack->first_lane + l]];
        GdNode *node = &link->ir->graph->nodes[link->ir->nodes[lane->node].node];
        ((GdMemory **)b->memory)[l] = lane->channel < node->memory_lanes ? &node->memory[lane->channel] : NULL;
        ((uint32_t *)b->seed)[l] = hash(node->seed, lane->channel);
        ((uint8_t *)b->channel)[l] = lane->channel;
    }
}

static bool link_kernel(GdLink *link, const GdIrStep *from, GdStep *step)
{
    const GdIr *ir = link->ir;
    const GdIrPack *pack = &ir->packs[from->pack];
    const GdKernel *form = pack->form;
    if (!make_arrays(link, step, form->ins, form->outs, form->params, form->width))
        return false;
    step->run = form->run;
    step->state = pack->state->words;
    step->pack = pack->state;
    step->attention = 1;
    step->skip = form->flags & GD_SINK        ? GD_ALWAYS_RUN
                 : form->flags & GD_STATELESS ? GD_SKIP_IF_SILENT
                 : form->flags & GD_RINGS     ? GD_SKIP_IF_IDLE
                                              : GD_ALWAYS_RUN;
    step->flag_count = (uint16_t)form->ins;
    GdBlock *b = &step->block;
    memcpy(b->choice, &pack->choices, sizeof b->choice);
    const uint32_t *reads = &ir->reads[from->first_read];
    for (uint32_t i = 0; i < form->ins; ++i) {
        ((const float **)b->in)[i] = buffer_of(link, reads[i]);
        ((uint32_t *)step->flags)[i] = ir->values[reads[i]].buffer;
        ((uint8_t *)b->in_silent)[i] = reads[i] == 0;
    }
    for (uint32_t p = 0; p < form->params; ++p) {
        uint32_t value = reads[form->ins + p];
        ((const float **)b->param)[p] = value ? buffer_of(link, value) : gd_glide(pack->state, p);
        ((uint8_t *)b->stride)[p] = value && !ir->values[value].per_cell;
        step->modulated |= (uint64_t)(value != 0) << p;
        step->always_fresh |= value && ir->values[value].per_cell;
        if (value)
            ((GdModulate *)link->plan->steps[ir->values[value].step].state)->stride = (uint8_t *)&b->stride[p];
    }
    fill_lanes(link, pack, b);
    b->steady = (uint8_t *)gd_arena_take(&link->plan->arena, form->outs + 1u, 1);
    return b->steady != NULL;
}

/* Outlets that nobody reads need not be written by kernels that ask. */
static void leave_out(GdLink *link, const GdIrStep *from, GdStep *step)
{
    for (uint32_t k = 0; k < from->out_count; ++k)
        if (!link->ir->values[from->first_out + k].last_read)
            ((float **)step->block.out)[k] = NULL;
}

bool gd_link_step(GdLink *link, uint32_t s)
{
    const GdIr *ir = link->ir;
    const GdIrStep *from = &ir->steps[s];
    GdStep *step = &link->plan->steps[s];
    const GdSteps *forms = step->steps = gd_steps(from->width);
    step->block.lanes = ir->packs[from->pack].lanes;
    step->block.sample_rate_hz = ir->graph->sample_rate_hz;
    step->block.seconds_per_frame = 1.0f / ir->graph->sample_rate_hz;
    if (from->kind == GD_STEP_KERNEL) {
        if (!link_kernel(link, from, step))
            return false;
    } else {
        bool per_cell = ir->values[from->first_out].per_cell;
        step->state = from->kind == GD_STEP_MIX      ? link_mix(link, from)
                      : from->kind == GD_STEP_CHUNK  ? link_chunk(link, from)
                      : from->kind == GD_STEP_MERGE  ? link_merge(link, from)
                                                     : link_modulation(link, from, per_cell);
        step->run = from->kind == GD_STEP_MIX      ? forms->mix
                    : from->kind == GD_STEP_CHUNK  ? forms->chunk
                    : from->kind == GD_STEP_MERGE  ? gd_merge_run
                                                   : forms->modulate;
        if (!step->state || !make_arrays(link, step, from->read_count, 1, 0, 0))
            return false;
        step->skip = from->kind == GD_STEP_MODULATE || from->kind == GD_STEP_MERGE ? GD_ALWAYS_RUN : GD_SKIP_IF_SILENT;
        step->flag_count = (uint16_t)from->read_count;
        for (uint32_t k = 0; k < from->read_count; ++k)
            ((uint32_t *)step->flags)[k] = ir->values[ir->reads[from->first_read + k]].buffer;
    }
    step->outs = (uint8_t)from->out_count;
    step->out_bytes = (uint16_t)(GD_SLICE * from->width * sizeof(float));
    for (uint32_t k = 0; k < from->out_count; ++k) {
        ((float **)step->block.out)[k] = buffer_of(link, from->first_out + k);
        ((uint32_t *)step->out_flags)[k] = ir->values[from->first_out + k].buffer;
    }
    if (from->kind == GD_STEP_KERNEL && step->pack->kernel->flags & GD_SPARSE)
        leave_out(link, from, step);
    step->first_flag = step->flag_count ? &link->plan->silent[step->flags[0]] : &link->plan->never_silent;
    step->out_flag = step->outs ? &link->plan->silent[step->out_flags[0]] : &step->no_output;
    step->wait_count = from->wait_count;
    GdWait *waits = gd_arena_take(&link->plan->arena, from->wait_count, sizeof *waits);
    if (!waits)
        return false;
    if (from->wait_count)
        memcpy(waits, ir->waits + from->first_wait, from->wait_count * sizeof *waits);
    step->waits = waits;
    return true;
}
