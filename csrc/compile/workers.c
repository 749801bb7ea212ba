/* Pass 10: steps onto threads. The serial order is cut into segments; each goes to the thread that can finish it first.
 * A step waits only for steps before it in the serial order, so no schedule can lock up. Control thread. */
#include "../ir.h"

enum { SEGMENTS_PER_WORKER = 24 };
static const float wake_ns = 20000.0f;  /* less work than this in a slice is not worth a second thread */
static const float handover_ns = 400.0f; /* for another thread to see a result */

/* Rough costs: what matters is that they are in proportion and never change. */
static float predicted_cost(const GdIr *ir, const GdIrStep *step)
{
    if (step->kind != GD_STEP_KERNEL)
        return 30.0f + 3.0f * (float)step->width + 20.0f * (float)step->read_count;
    const GdIrPack *pack = &ir->packs[step->pack];
    const GdKernel *form = pack->form;
    float per_frame = form->flags & GD_STATELESS ? 0.1f * (float)step->width : 0.25f * (float)step->width + 1.0f;
    if (form->effort)
        per_frame = 0.01f * (float)form->effort * (float)pack->lanes;
    return 10.0f + per_frame * (float)ir->slice_frames;
}

typedef struct Segment {
    uint32_t first, end;
    float cost_ns, finished_ns;
    uint32_t worker;
} Segment;

/* The last step that writes what step `s` reads; -1 if it reads nothing. */
static int32_t last_source(const GdIr *ir, uint32_t s)
{
    int32_t last = -1;
    for (uint32_t r = 0; r < ir->steps[s].read_count; ++r) {
        int32_t writer = ir->values[ir->reads[ir->steps[s].first_read + r]].step;
        last = writer > last ? writer : last;
    }
    return last;
}

/* A segment ends when it is worth handing over, and before a step that could begin sooner than it: a strip's player must
 * not wait for the end of the strip before. `needs` is the last step outside the segment that it reads. */
static uint32_t cut(GdIr *ir, Segment *segments, uint32_t most, float total)
{
    uint32_t count = 0, first = 0;
    float aim = total / (float)most, cost = 0.0f;
    int32_t needs = -1;
    for (uint32_t s = 0; s < ir->step_count; ++s) {
        int32_t source = last_source(ir, s);
        if (source < needs) {
            segments[count++] = (Segment){.first = first, .end = s, .cost_ns = cost};
            first = s, cost = 0.0f, needs = -1;
        }
        if (source < (int32_t)first && source > needs)
            needs = source;
        cost += ir->steps[s].cost_ns;
        bool chunk_done = ir->steps[s].kind == GD_STEP_CHUNK && cost > 0.25f * aim;
        if (cost < aim && !chunk_done && s + 1 < ir->step_count)
            continue;
        segments[count++] = (Segment){.first = first, .end = s + 1, .cost_ns = cost};
        first = s + 1, cost = 0.0f, needs = -1;
    }
    return count;
}

/* When segment `k` could start on `worker`, given where its sources were computed. */
static float ready_at(const GdIr *ir, const Segment *segments, const uint32_t *segment_of, uint32_t k, uint32_t worker)
{
    float ready = 0.0f;
    for (uint32_t s = segments[k].first; s < segments[k].end; ++s)
        for (uint32_t r = 0; r < ir->steps[s].read_count; ++r) {
            int32_t writer = ir->values[ir->reads[ir->steps[s].first_read + r]].step;
            if (writer < 0 || segment_of[writer] == k)
                continue;
            const Segment *source = &segments[segment_of[writer]];
            float seen = source->finished_ns + (source->worker == worker ? 0.0f : handover_ns);
            if (seen > ready)
                ready = seen;
        }
    return ready;
}

static float place(const GdIr *ir, Segment *segments, uint32_t count, const uint32_t *segment_of, uint32_t workers)
{
    float free_at[GD_MAX_WORKERS] = {0}, last = 0.0f;
    for (uint32_t k = 0; k < count; ++k) {
        float best = 0.0f;
        for (uint32_t w = 0; w < workers; ++w) {
            float ready = ready_at(ir, segments, segment_of, k, w);
            float finish = (ready > free_at[w] ? ready : free_at[w]) + segments[k].cost_ns;
            if (!w || finish < best)
                best = finish, segments[k].worker = w;
        }
        free_at[segments[k].worker] = segments[k].finished_ns = best;
        if (best > last)
            last = best;
    }
    return last;
}

static void number_positions(GdIr *ir)
{
    uint32_t position[GD_MAX_WORKERS] = {0};
    for (uint32_t s = 0; s < ir->step_count; ++s)
        ir->steps[s].position = position[ir->steps[s].worker]++;
}

int gd_pass_workers(GdIr *ir)
{
    float total = 0.0f;
    for (uint32_t s = 0; s < ir->step_count; ++s)
        total += ir->steps[s].cost_ns = predicted_cost(ir, &ir->steps[s]);
    ir->worker_count = 1;
    uint32_t workers = ir->threads < GD_MAX_WORKERS ? ir->threads : GD_MAX_WORKERS;
    if (workers > 1 && total > wake_ns) {
        uint32_t most = workers * SEGMENTS_PER_WORKER;
        Segment *segments = gd_take(ir, ir->step_count + 1, sizeof *segments);
        uint32_t *segment_of = gd_take(ir, ir->step_count + 1, sizeof *segment_of);
        if (!segments || !segment_of)
            return GD_NO_MEMORY;
        uint32_t count = cut(ir, segments, most, total);
        for (uint32_t k = 0; k < count; ++k)
            for (uint32_t s = segments[k].first; s < segments[k].end; ++s)
                segment_of[s] = k;
        if (place(ir, segments, count, segment_of, workers) < 0.8f * total) {
            ir->worker_count = workers;
            for (uint32_t s = 0; s < ir->step_count; ++s)
                ir->steps[s].worker = (uint16_t)segments[segment_of[s]].worker;
        }
    }
    number_positions(ir);
    return GD_OK;
}
