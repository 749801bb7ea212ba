/* The compiler: a chain of passes over one intermediate form (ir.h), from the flat graph to a plan. Control thread.
 *
 * A graph with changes in it can be compiled four ways: GD_FINAL, as it will be; GD_UNION, what was and what will be
 * together, new wires rising and old ones falling; and, where that union would close a cycle, GD_FADE_OUT (what was, old
 * wires falling) followed by GD_FADE_IN (what will be, new wires rising). */
#include <string.h>

#include "../ir.h"

void *gd_take(GdIr *ir, size_t count, size_t size) { return gd_arena_take(&ir->arena, count, size); }

bool gd_extend(GdIr *ir, void *array_pointer, uint32_t *room, uint32_t count, size_t size)
{
    if (count <= *room)
        return true;
    uint32_t more = *room ? *room * 2 : 64;
    if (more < count)
        more = count;
    void **array = array_pointer, *grown = gd_take(ir, more, size);
    if (!grown)
        return false;
    if (*room)
        memcpy(grown, *array, *room * size);
    *array = grown;
    *room = more;
    return true;
}

int gd_compile(GdGraph *graph, int fades, uint32_t threads, GdStage *stage)
{
    static int (*const passes[])(GdIr *) = {
        gd_pass_expand, gd_pass_channels, gd_pass_loops, gd_pass_order, gd_pass_latency, gd_pass_packs,
        gd_pass_terms, gd_pass_sequence, gd_pass_steps, gd_pass_workers, gd_pass_buffers,
    };
    GdIr ir = {.graph = graph, .fades = fades, .threads = threads, .device_pack = -1};
    int status = GD_OK;
    for (size_t i = 0; i < sizeof passes / sizeof *passes && status == GD_OK; ++i)
        status = passes[i](&ir);
    if (status == GD_OK)
        status = gd_verify(&ir);
    if (status == GD_OK)
        status = gd_link(&ir, stage);
    gd_arena_free(&ir.arena);
    return status;
}
