/* Which lanes belong to which voice of which group, for a plan. Control thread. */
#include <stdlib.h>

#include "link.h"

enum { MOST_MEMORY = 1 << 14 }; /* floats that a voice's lane may have to be zeroed by the audio thread */

static int32_t choir_of(const GdIr *ir, const GdIrLane *lane) { return ir->graph->nodes[ir->nodes[lane->node].node].voices; }

/* What a lane writes, if it belongs to the lane alone. */
static void note_memory(GdNode *node, uint32_t channel, GdVoiceLane *lane)
{
    if (!node->memory || !node->memory_frames || node->recorded || node->tap || node->taped || channel >= node->memory_lanes)
        return;
    const GdMemory *memory = gd_node_written(node, channel);
    if (memory->data && memory->frames <= MOST_MEMORY)
        lane->memory = memory->data, lane->frames = memory->frames;
}

static GdVoiceLane lane_of(const GdIr *ir, GdPlan *plan, const GdIrPack *pack, uint32_t l)
{
    const GdIrLane *lane = &ir->lanes[ir->pack_lanes[pack->first_lane + l]];
    GdNode *node = &ir->graph->nodes[ir->nodes[lane->node].node];
    GdVoiceLane made = {.step = &plan->steps[pack->step], .lane = (uint8_t)l, .voice = node->voice,
                        .level = pack->kernel == gd_kernel_index("voice_level")};
    note_memory(node, lane->channel, &made);
    made.level &= made.memory != NULL;
    return made;
}

/* Lanes of one choir side by side: counted, then put in their places. */
bool gd_link_choirs(const GdIr *ir, GdPlan *plan)
{
    uint32_t *counts = gd_arena_take(&plan->arena, ir->graph->node_count + 1, sizeof *counts), largest = 0;
    if (!counts)
        return false;
    for (uint32_t k = 0; k < ir->lane_count; ++k)
        if (choir_of(ir, &ir->lanes[k]) >= 0 && ++counts[choir_of(ir, &ir->lanes[k])] == 1)
            ++plan->choir_count;
    if (!plan->choir_count)
        return true;
    plan->choirs = gd_arena_take(&plan->arena, plan->choir_count, sizeof *plan->choirs);
    int32_t *place = gd_arena_take(&plan->arena, ir->graph->node_count + 1, sizeof *place);
    if (!plan->choirs || !place)
        return false;
    uint32_t used = 0;
    for (uint32_t n = 0; n < ir->graph->node_count; ++n) {
        GdNode *node = &ir->graph->nodes[n];
        if (!counts[n] || !node->memory_lanes)
            continue;
        GdChoir *choir = &plan->choirs[used++];
        place[n] = (int32_t)used;
        choir->voices = (GdVoices *)gd_node_written(node, 0)->data;
        if (!(choir->lanes = gd_arena_take(&plan->arena, counts[n], sizeof *choir->lanes)))
            return false;
    }
    plan->choir_count = used;
    for (uint32_t p = 0; p < ir->pack_count; ++p) {
        const GdIrPack *pack = &ir->packs[p];
        for (uint32_t l = 0; pack->kind == GD_PACK_KERNEL && l < pack->lanes; ++l) {
            int32_t voices = choir_of(ir, &ir->lanes[ir->pack_lanes[pack->first_lane + l]]);
            if (voices < 0 || !place[voices])
                continue;
            GdChoir *choir = &plan->choirs[place[voices] - 1];
            choir->lanes[choir->count++] = lane_of(ir, plan, pack, l);
            uint32_t words = pack->form->state_rows * pack->form->width;
            largest = words > largest ? words : largest;
        }
    }
    plan->scratch = gd_arena_take(&plan->arena, largest + 1, sizeof(uint32_t));
    return plan->scratch != NULL;
}
