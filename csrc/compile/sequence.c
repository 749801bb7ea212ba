/* Pass 8: the order in which packs run. Depth first from what is heard, so that a signal is used while it is still in the
 * first-level cache. Control thread. */
#include "../ir.h"

typedef struct Visit {
    uint32_t pack, slot, term; /* slots and terms looked at so far */
} Visit;

/* The next pack that this one hears and that has not been looked at; -1: none left. */
static int32_t next_source(const GdIr *ir, Visit *visit, const bool *seen)
{
    const GdIrPack *pack = &ir->packs[visit->pack];
    uint32_t slots = (pack->ins + pack->params) * pack->lanes;
    for (; visit->slot < slots; ++visit->slot, visit->term = 0) {
        const GdIrSlot *slot = &ir->slots[pack->first_slot + visit->slot];
        while (visit->term < slot->count) {
            int32_t source = ir->terms[slot->first + visit->term++].pack;
            if (!seen[source])
                return source;
        }
    }
    return -1;
}

static void visit_from(GdIr *ir, uint32_t root, bool *seen, Visit *stack)
{
    uint32_t height = 0;
    if (seen[root])
        return;
    seen[root] = true;
    stack[height++] = (Visit){.pack = root};
    while (height) {
        int32_t source = next_source(ir, &stack[height - 1], seen);
        if (source < 0) {
            ir->sequence[ir->sequence_count++] = stack[--height].pack;
        } else {
            seen[source] = true;
            stack[height++] = (Visit){.pack = (uint32_t)source};
        }
    }
}

int gd_pass_sequence(GdIr *ir)
{
    bool *seen = gd_take(ir, ir->pack_count, sizeof *seen);
    Visit *stack = gd_take(ir, ir->pack_count, sizeof *stack);
    ir->sequence = gd_take(ir, ir->pack_count, sizeof *ir->sequence);
    if (!seen || !stack || !ir->sequence)
        return GD_NO_MEMORY;
    for (uint32_t d = 0; d < ir->device_packs; ++d)
        visit_from(ir, (uint32_t)ir->device_pack + d, seen, stack);
    for (uint32_t p = 0; p < ir->pack_count; ++p)
        visit_from(ir, p, seen, stack);
    return GD_OK;
}
