/* Plans and the states they share: made, adopted and freed. Control thread. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

GdPackState *gd_pack_state_new(const GdKernel *kernel, int32_t kernel_index)
{
    GdPackState *pack = calloc(1, sizeof *pack);
    if (!pack)
        return NULL;
    pack->kernel = kernel, pack->kernel_index = kernel_index;
    pack->glide_row = kernel->state_rows;
    pack->rows = kernel->state_rows + GD_GLIDE_ROWS * kernel->params;
    size_t bytes = ((size_t)pack->rows * kernel->width * 4 + 63) / 64 * 64;
    pack->words = aligned_alloc(64, bytes ? bytes : 64);
    if (!pack->words) {
        free(pack);
        return NULL;
    }
    memset(pack->words, 0, bytes);
    return pack;
}

void gd_pack_state_release(GdPackState *pack)
{
    if (--pack->references)
        return;
    free(pack->words);
    free(pack);
}

void gd_plan_free(GdPlan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; i < plan->pack_count; ++i)
        gd_pack_state_release(plan->packs[i]);
    gd_arena_free(&plan->arena);
    free(plan);
}

void gd_stage_free(GdStage *stage)
{
    gd_plan_free(stage->plan);
    free(stage->moves);
    free(stage->copies);
    free(stage->aims);
    *stage = (GdStage){0};
}

void gd_program_free(GdProgram *program)
{
    if (!program)
        return;
    for (uint32_t i = 0; i < program->count; ++i)
        gd_stage_free(&program->stages[i]);
    free(program);
}

static void forget_places(GdGraph *graph)
{
    for (uint32_t n = 0; n < graph->node_count; ++n)
        for (uint32_t part = 0; part < GD_PARTS; ++part)
            graph->nodes[n].spot_lanes[part] = 0;
}

bool gd_plan_adopt(GdGraph *graph, const GdPlan *plan)
{
    forget_places(graph);
    for (uint32_t n = 0; plan && n < plan->node_count; ++n) {
        GdNode *node = &graph->nodes[n];
        for (uint32_t k = 0; k < plan->nodes[n].count; ++k) {
            const GdPlace *place = &plan->places[plan->nodes[n].first + k];
            uint32_t part = place->map == 2, lane = node->spot_lanes[part]++;
            if (!gd_node_grow_spots(node, part, lane + 1))
                return false;
            node->spots[part][lane] = (GdSpot){.pack = plan->steps[place->step].pack, .lane = place->lane};
        }
        if (node->spot_lanes[0] > node->channels)
            node->channels = node->spot_lanes[0];
    }
    return true;
}
