/* From the intermediate form to a plan: states found or made, pointers put in place, and the list of what is carried over
 * when the plan takes over. Control thread. */
#include <stdlib.h>
#include <string.h>

#include "link.h"

/* --- states --- */

static GdNode *node_of_lane(const GdIr *ir, const GdIrPack *pack, uint32_t l, const GdIrLane **lane, const GdIrNode **node)
{
    *lane = &ir->lanes[ir->pack_lanes[pack->first_lane + l]];
    *node = &ir->nodes[(*lane)->node];
    return &ir->graph->nodes[(*node)->node];
}

/* Where this lane's state is now; null: nowhere. A channel that was not there before goes on from the first one. */
static const GdSpot *spot_of(const GdNode *node, uint32_t part, uint32_t channel, const GdIrPack *pack)
{
    if (!node->spot_lanes[part])
        return NULL;
    const GdSpot *spot = &node->spots[part][channel < node->spot_lanes[part] ? channel : 0];
    return spot->pack->kernel_index == pack->kernel ? spot : NULL;
}

/* The state of a pack that has just these lanes in these places already. */
static GdPackState *same_pack(const GdIr *ir, const GdIrPack *pack)
{
    GdPackState *state = NULL;
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrLane *lane;
        const GdIrNode *ir_node;
        const GdNode *node = node_of_lane(ir, pack, l, &lane, &ir_node);
        if (lane->channel >= node->spot_lanes[ir_node->part])
            return NULL;
        const GdSpot *spot = &node->spots[ir_node->part][lane->channel];
        if (spot->lane != l || spot->pack->kernel != pack->form || (state && spot->pack != state))
            return NULL;
        state = spot->pack;
    }
    return state;
}

static void set_glides(const GdIr *ir, const GdIrPack *pack)
{
    const GdSteps *steps = gd_steps(pack->width);
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrLane *lane;
        const GdIrNode *ir_node;
        const GdNode *node = node_of_lane(ir, pack, l, &lane, &ir_node);
        const GdType *type = &ir->graph->types[node->type];
        for (uint32_t p = 0; p < type->params; ++p)
            if (type->param[ir_node->map][p] >= 0)
                steps->aim(gd_glide(pack->state, (uint32_t)type->param[ir_node->map][p]), l, node->values[p], 0);
    }
}

static void add_move(GdStage *stage, const GdSpot *from, const GdIrPack *pack, uint32_t l)
{
    stage->moves[stage->move_count++] = (GdMove){
        .source = (const uint32_t *)from->pack->words + from->lane, .target = (uint32_t *)pack->state->words + l,
        .rows = pack->state->rows, .source_width = from->pack->kernel->width, .target_width = pack->width};
}

static void carry_over(const GdIr *ir, GdStage *stage, const GdIrPack *pack, bool fresh)
{
    for (uint32_t l = 0; l < pack->lanes; ++l) {
        const GdIrLane *lane;
        const GdIrNode *ir_node;
        GdNode *node = node_of_lane(ir, pack, l, &lane, &ir_node);
        const GdSpot *spot = spot_of(node, ir_node->part, lane->channel, pack);
        if (fresh && spot)
            add_move(stage, spot, pack, l);
        uint32_t known = node->spot_lanes[ir_node->part];
        bool goes_on = node->memory_frames && !node->recorded && !node->tap; /* somebody reads a tap meanwhile */
        if (known && lane->channel >= known && goes_on && ir_node->part == 0)
            stage->copies[stage->copy_count++] = (GdCopy){.source = gd_node_written(node, 0)->data,
                                                          .target = gd_node_written(node, lane->channel)->data,
                                                          .frames = node->memory_frames};
        if (node->type == ir->graph->align_type)
            stage->aims[stage->aim_count++] = (GdAim){.pack = pack->state, .lane = l, .value = node->values[0]};
    }
}

static bool find_states(GdIr *ir, GdPlan *plan, GdStage *stage, bool *fresh)
{
    plan->packs = gd_arena_take(&plan->arena, ir->pack_count + 1, sizeof *plan->packs);
    stage->moves = malloc((ir->lane_count + 1) * sizeof *stage->moves);
    stage->copies = malloc((ir->lane_count + 1) * sizeof *stage->copies);
    stage->aims = malloc((ir->lane_count + 1) * sizeof *stage->aims);
    if (!plan->packs || !stage->moves || !stage->copies || !stage->aims)
        return false;
    for (uint32_t n = 0; n < ir->node_count; ++n) {
        GdNode *node = &ir->graph->nodes[ir->nodes[n].node];
        if (!gd_node_grow_memory(node, ir->nodes[n].lanes, node->memory_frames))
            return false;
    }
    for (uint32_t p = 0; p < ir->pack_count; ++p) {
        GdIrPack *pack = &ir->packs[p];
        if (pack->kind != GD_PACK_KERNEL)
            continue;
        pack->state = same_pack(ir, pack);
        fresh[p] = !pack->state;
        if (!pack->state && !(pack->state = gd_pack_state_new(pack->form, pack->kernel)))
            return false;
        ++pack->state->references;
        plan->packs[plan->pack_count++] = pack->state;
        if (fresh[p])
            set_glides(ir, pack);
        carry_over(ir, stage, pack, fresh[p]);
    }
    return true;
}

/* --- places and things to look at --- */

static bool note_places(const GdIr *ir, GdPlan *plan)
{
    plan->node_count = ir->graph->node_count;
    plan->lane_count = ir->lane_count;
    plan->nodes = gd_arena_take(&plan->arena, plan->node_count + 1, sizeof *plan->nodes);
    plan->places = gd_arena_take(&plan->arena, ir->lane_count + 1, sizeof *plan->places);
    plan->latency = gd_arena_take(&plan->arena, plan->node_count + 1, sizeof *plan->latency);
    if (!plan->nodes || !plan->places || !plan->latency)
        return false;
    for (uint32_t n = 0; n < ir->node_count; ++n)
        if (ir->nodes[n].kernel >= 0)
            plan->nodes[ir->nodes[n].node].count += ir->nodes[n].lanes;
    uint32_t first = 0;
    for (uint32_t n = 0; n < plan->node_count; ++n) {
        plan->nodes[n].type = &ir->graph->types[ir->graph->nodes[n].type];
        plan->nodes[n].first = first;
        first += plan->nodes[n].count;
        plan->nodes[n].count = 0;
    }
    for (uint32_t n = 0; n < ir->node_count; ++n) {
        const GdIrNode *node = &ir->nodes[n];
        GdNodePlaces *places = &plan->nodes[node->node];
        if (node->map != 2)
            plan->latency[node->node] = node->arrival + (node->map ? 0 : ir->graph->nodes[node->node].latency);
        if (node->kernel >= 0)
            for (uint32_t c = 0; c < node->lanes; ++c) {
                const GdIrLane *lane = &ir->lanes[node->first_lane + c];
                plan->places[places->first + places->count++] =
                    (GdPlace){.step = ir->packs[lane->pack].step, .lane = lane->lane, .map = node->map};
            }
    }
    return true;
}

static const char *step_name(const GdIr *ir, const GdIrStep *step)
{
    static const char *const names[] = {[GD_STEP_MIX] = "mix", [GD_STEP_CHUNK] = "sum", [GD_STEP_MODULATE] = "modulate",
                                        [GD_STEP_MERGE] = "merge"};
    return step->kind == GD_STEP_KERNEL ? ir->packs[step->pack].form->name : names[step->kind];
}

static bool note_steps(const GdIr *ir, GdPlan *plan)
{
    plan->infos = gd_arena_take(&plan->arena, ir->step_count + 1, sizeof *plan->infos);
    if (!plan->infos)
        return false;
    for (uint32_t s = 0; s < ir->step_count; ++s) {
        const GdIrStep *step = &ir->steps[s];
        const GdIrPack *pack = &ir->packs[step->pack];
        plan->infos[s] = (GdStepInfo){.name = step_name(ir, step), .width = step->width, .lanes = pack->lanes, .worker = step->worker};
        for (uint32_t l = 0; step->kind == GD_STEP_KERNEL && l < pack->lanes; ++l) {
            const GdIrLane *lane = &ir->lanes[ir->pack_lanes[pack->first_lane + l]];
            plan->infos[s].nodes[l] = ir->nodes[lane->node].node;
            plan->infos[s].channels[l] = lane->channel;
        }
    }
    return true;
}

/* --- --- */

static bool make_buffers(const GdIr *ir, GdPlan *plan, float **buffers)
{
    plan->buffer_count = ir->buffer_count;
    plan->silent = gd_arena_take(&plan->arena, ir->buffer_count, 1);
    plan->rise = gd_arena_take(&plan->arena, 2 * GD_SLICE, sizeof(float));
    if (!plan->silent || !plan->rise)
        return false;
    plan->fall = plan->rise + GD_SLICE;
    plan->silent[0] = 1;
    for (uint32_t b = 0; b < ir->buffer_count; ++b)
        if (!(buffers[b] = gd_arena_take(&plan->arena, (size_t)GD_SLICE * ir->buffer_width[b], sizeof(float))))
            return false;
    return true;
}

static bool share_out(const GdIr *ir, GdPlan *plan)
{
    plan->worker_count = ir->worker_count;
    if (plan->worker_count == 1)
        return true;
    for (uint32_t w = 0; w < ir->worker_count; ++w)
        if (!(plan->worker_steps[w] = gd_arena_take(&plan->arena, ir->step_count + 1, sizeof(uint32_t))))
            return false;
    for (uint32_t s = 0; s < ir->step_count; ++s) {
        uint32_t w = ir->steps[s].worker;
        plan->worker_steps[w][plan->worker_step_count[w]++] = s;
    }
    return true;
}

static bool fill_plan(GdIr *ir, GdPlan *plan, GdStage *stage)
{
    bool *fresh = gd_take(ir, ir->pack_count + 1, sizeof *fresh);
    float **buffers = gd_take(ir, ir->buffer_count, sizeof *buffers);
    GdLink link = {.ir = ir, .plan = plan, .buffers = buffers};
    if (!fresh || !buffers || !find_states(ir, plan, stage, fresh) || !make_buffers(ir, plan, buffers))
        return false;
    plan->steps = gd_arena_take(&plan->arena, ir->step_count + 1, sizeof *plan->steps);
    if (!plan->steps)
        return false;
    for (plan->step_count = 0; plan->step_count < ir->step_count; ++plan->step_count)
        if (!gd_link_step(&link, plan->step_count))
            return false;
    for (uint32_t p = 0; p < ir->pack_count; ++p) {
        const GdIrPack *pack = &ir->packs[p];
        GdStep *step = &plan->steps[pack->step];
        if (pack->kind == GD_PACK_KERNEL && fresh[p] && pack->form->reset)
            pack->form->reset(pack->state->words, &step->block);
    }
    for (uint32_t d = 0; d < ir->device_packs; ++d) {
        const GdIrPack *device = &ir->packs[(uint32_t)ir->device_pack + d];
        plan->device_channels += device->lanes, plan->device_width[d] = device->width;
        plan->device_source[d] = ir->device_values[d] ? buffers[ir->values[ir->device_values[d]].buffer] : NULL;
    }
    plan->latency_frames = ir->latency_frames;
    return share_out(ir, plan) && note_places(ir, plan) && note_steps(ir, plan) && gd_link_choirs(ir, plan);
}

int gd_link(GdIr *ir, GdStage *stage)
{
    stage->plan = calloc(1, sizeof *stage->plan);
    if (!stage->plan)
        return GD_NO_MEMORY;
    stage->plan->slice_frames = ir->slice_frames;
    return fill_plan(ir, stage->plan, stage) ? GD_OK : GD_NO_MEMORY; /* the caller frees the stage */
}
