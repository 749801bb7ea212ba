/* Pass 11: values into buffers. A buffer is free again after its last reader; the most recently freed one of the right
 * width is taken first, because it is still in the cache. A step also waits for the other threads' readers of the buffer
 * it takes over. Control thread. */
#include <string.h>

#include "../ir.h"

enum { WIDTHS = 5 };

typedef struct Pool {
    uint32_t *free_buffers[WIDTHS][GD_MAX_WORKERS], free_count[WIDTHS][GD_MAX_WORKERS], room[WIDTHS][GD_MAX_WORKERS];
    uint32_t (*used_until)[GD_MAX_WORKERS]; /* [buffer][worker]: steps that worker must have run before it is ours */
    uint32_t used_room, width_room;
} Pool;

static uint32_t width_index(uint8_t width) { return width == 1 ? 0 : width == 4 ? 1 : width == 8 ? 2 : width == 16 ? 3 : 4; }

static bool new_buffer(GdIr *ir, Pool *pool, uint8_t width, uint32_t *buffer)
{
    if (!gd_extend(ir, &ir->buffer_width, &pool->width_room, ir->buffer_count + 1, sizeof *ir->buffer_width)
        || !gd_extend(ir, &pool->used_until, &pool->used_room, ir->buffer_count + 1, sizeof *pool->used_until))
        return false;
    memset(pool->used_until[ir->buffer_count], 0, sizeof *pool->used_until);
    ir->buffer_width[ir->buffer_count] = width;
    *buffer = ir->buffer_count++;
    return true;
}

static bool take(GdIr *ir, Pool *pool, GdIrValue *value, uint32_t worker)
{
    uint32_t w = width_index(value->width);
    if (pool->free_count[w][worker]) {
        value->buffer = pool->free_buffers[w][worker][--pool->free_count[w][worker]];
        return true;
    }
    return new_buffer(ir, pool, value->width, &value->buffer);
}

static bool give_back(GdIr *ir, Pool *pool, const GdIrValue *value, uint32_t worker)
{
    uint32_t w = width_index(value->width);
    if (!gd_extend(ir, &pool->free_buffers[w][worker], &pool->room[w][worker], pool->free_count[w][worker] + 1, sizeof(uint32_t)))
        return false;
    pool->free_buffers[w][worker][pool->free_count[w][worker]++] = value->buffer;
    return true;
}

/* What this step needs the other threads to have done. */
static bool add_waits(GdIr *ir, uint32_t s, const uint32_t *needs)
{
    GdIrStep *step = &ir->steps[s];
    step->first_wait = ir->wait_count;
    for (uint32_t w = 0; w < ir->worker_count; ++w) {
        if (w == step->worker || !needs[w])
            continue;
        if (!gd_extend(ir, &ir->waits, &ir->wait_room, ir->wait_count + 1, sizeof *ir->waits))
            return false;
        ir->waits[ir->wait_count++] = (GdWait){.worker = (uint16_t)w, .steps = needs[w]};
        ++step->wait_count;
    }
    return true;
}

static void raise(uint32_t *needs, uint32_t worker, uint32_t steps)
{
    if (steps > needs[worker])
        needs[worker] = steps;
}

static bool place_step(GdIr *ir, Pool *pool, uint32_t s)
{
    GdIrStep *step = &ir->steps[s];
    uint32_t needs[GD_MAX_WORKERS] = {0};
    for (uint32_t k = 0; k < step->out_count; ++k) {
        GdIrValue *value = &ir->values[step->first_out + k];
        if (!take(ir, pool, value, step->worker))
            return false;
        for (uint32_t w = 0; w < ir->worker_count; ++w)
            raise(needs, w, pool->used_until[value->buffer][w]);
        pool->used_until[value->buffer][step->worker] = step->position + 1;
    }
    for (uint32_t k = 0; k < step->read_count; ++k) {
        const GdIrValue *value = &ir->values[ir->reads[step->first_read + k]];
        if (value->step < 0)
            continue;
        const GdIrStep *writer = &ir->steps[value->step];
        raise(needs, writer->worker, writer->position + 1);
        pool->used_until[value->buffer][step->worker] = step->position + 1;
    }
    return ir->worker_count == 1 || add_waits(ir, s, needs);
}

/* Values whose last reader this step was, and outputs that nobody reads. */
static bool free_after(GdIr *ir, Pool *pool, uint32_t s)
{
    GdIrStep *step = &ir->steps[s];
    for (uint32_t k = 0; k < step->read_count; ++k) {
        GdIrValue *value = &ir->values[ir->reads[step->first_read + k]];
        if (value->step < 0 || value->last_read != s)
            continue;
        value->last_read = UINT32_MAX; /* read twice by this step: free it once */
        if (!give_back(ir, pool, value, ir->steps[value->step].worker))
            return false;
        }
    for (uint32_t k = 0; k < step->out_count; ++k) {
        GdIrValue *value = &ir->values[step->first_out + k];
        if (value->last_read == 0 && !give_back(ir, pool, value, step->worker))
            return false;
    }
    return true;
}

int gd_pass_buffers(GdIr *ir)
{
    Pool *pool = gd_take(ir, 1, sizeof *pool);
    uint32_t silence;
    if (!pool || !new_buffer(ir, pool, GD_MAX_WIDTH, &silence))
        return GD_NO_MEMORY;
    ir->values[0].buffer = silence;
    for (uint32_t s = 0; s < ir->step_count; ++s)
        if (!place_step(ir, pool, s) || !free_after(ir, pool, s))
            return GD_NO_MEMORY;
    return GD_OK;
}
