/* The last check before a plan is made: every index is in range, every value is still in its buffer when it is read, and
 * no two threads can meet in one buffer. A plan that fails is never run. Control thread. */
#include "../ir.h"

static bool indices_fit(const GdIr *ir)
{
    for (uint32_t v = 0; v < ir->value_count; ++v)
        if (ir->values[v].buffer >= ir->buffer_count || ir->values[v].step >= (int32_t)ir->step_count
            || ir->buffer_width[ir->values[v].buffer] != ir->values[v].width)
            return false;
    for (uint32_t s = 0; s < ir->step_count; ++s) {
        const GdIrStep *step = &ir->steps[s];
        if (step->worker >= ir->worker_count || (uint32_t)step->pack >= ir->pack_count
            || step->first_read + step->read_count > ir->read_count || step->first_out + step->out_count > ir->value_count)
            return false;
        for (uint32_t k = 0; k < step->read_count; ++k) {
            uint32_t value = ir->reads[step->first_read + k];
            if (value >= ir->value_count || ir->values[value].step >= (int32_t)s)
                return false; /* read before it is written */
        }
    }
    for (uint32_t t = 0; t < ir->term_count; ++t)
        if ((uint32_t)ir->terms[t].pack >= ir->pack_count || ir->terms[t].lane >= ir->packs[ir->terms[t].pack].width)
            return false;
    return true;
}

/* Run the plan in serial order on paper: each read must find the value it expects. */
static bool lifetimes_hold(const GdIr *ir, uint32_t *holds)
{
    for (uint32_t s = 0; s < ir->step_count; ++s) {
        const GdIrStep *step = &ir->steps[s];
        for (uint32_t k = 0; k < step->read_count; ++k) {
            uint32_t value = ir->reads[step->first_read + k], buffer = ir->values[value].buffer;
            if (holds[buffer] != value)
                return false;
            for (uint32_t o = 0; o < step->out_count; ++o)
                if (ir->values[step->first_out + o].buffer == buffer)
                    return false; /* would overwrite what it reads */
        }
        for (uint32_t o = 0; o < step->out_count; ++o) {
            uint32_t buffer = ir->values[step->first_out + o].buffer;
            if (buffer == 0)
                return false; /* silence is never written */
            holds[buffer] = step->first_out + o;
        }
    }
    for (uint32_t d = 0; d < ir->device_packs; ++d)
        if (ir->device_values[d] && holds[ir->values[ir->device_values[d]].buffer] != ir->device_values[d])
            return false;
    return true;
}

static bool waits_for(const GdIr *ir, const GdIrStep *step, uint32_t other)
{
    const GdIrStep *earlier = &ir->steps[other];
    if (earlier->worker == step->worker)
        return earlier->position < step->position;
    for (uint32_t k = 0; k < step->wait_count; ++k) {
        const GdWait *wait = &ir->waits[step->first_wait + k];
        if (wait->worker == earlier->worker)
            return wait->steps > earlier->position;
    }
    return false;
}

typedef struct Users {
    int32_t writer;
    int32_t last_reader[GD_MAX_WORKERS]; /* of what it holds now, by thread */
} Users;

/* Every read waits for its writer; every write waits for all who used the buffer before. */
static bool no_hazard(const GdIr *ir, Users *users)
{
    for (uint32_t b = 0; b < ir->buffer_count; ++b) {
        users[b].writer = -1;
        for (uint32_t w = 0; w < GD_MAX_WORKERS; ++w)
            users[b].last_reader[w] = -1;
    }
    for (uint32_t s = 0; s < ir->step_count; ++s) {
        const GdIrStep *step = &ir->steps[s];
        for (uint32_t k = 0; k < step->read_count; ++k) {
            const GdIrValue *value = &ir->values[ir->reads[step->first_read + k]];
            if (value->step >= 0 && !waits_for(ir, step, (uint32_t)value->step))
                return false;
            users[value->buffer].last_reader[step->worker] = (int32_t)s;
        }
        for (uint32_t o = 0; o < step->out_count; ++o) {
            Users *user = &users[ir->values[step->first_out + o].buffer];
            if (user->writer >= 0 && !waits_for(ir, step, (uint32_t)user->writer))
                return false;
            for (uint32_t w = 0; w < ir->worker_count; ++w) {
                if (user->last_reader[w] >= 0 && !waits_for(ir, step, (uint32_t)user->last_reader[w]))
                    return false;
                user->last_reader[w] = -1;
            }
            user->writer = (int32_t)s;
        }
    }
    return true;
}

int gd_verify(GdIr *ir)
{
    uint32_t *holds = gd_take(ir, ir->buffer_count, sizeof *holds);
    if (!holds)
        return GD_NO_MEMORY;
    if (!indices_fit(ir) || !lifetimes_hold(ir, holds))
        return GD_BAD_PLAN;
    if (ir->worker_count == 1)
        return GD_OK;
    Users *users = gd_take(ir, ir->buffer_count, sizeof *users);
    if (!users)
        return GD_NO_MEMORY;
    return no_hazard(ir, users) ? GD_OK : GD_BAD_PLAN;
}
