/* One slice of a plan. Audio thread and its helpers. */
#include <string.h>

#include "engine.h"

/* Mark the outputs as zeros, writing them only if they are not zeros already. */
GD_RT static void silence_outputs(GdPlan *plan, const GdStep *step)
{
    for (uint32_t k = 0; k < step->outs; ++k) {
        uint8_t *silent = &plan->silent[step->out_flags[k]];
        if (*silent)
            continue;
        memset(step->block.out[k], 0, step->out_bytes);
        *silent = 1;
    }
}

GD_RT static bool state_is_zero(const GdStep *step)
{
    const uint32_t *words = step->state;
    uint32_t count = step->pack->kernel->state_rows * step->pack->kernel->width, any = 0;
    for (uint32_t i = 0; i < count; ++i)
        any |= words[i];
    return any == 0;
}

/* True if this step, whose first input is silent, would write nothing but zeros. */
GD_RT static bool would_be_silent(const GdPlan *plan, const GdStep *step)
{
    for (uint32_t k = 1; k < step->flag_count; ++k)
        if (!plan->silent[step->flags[k]])
            return false;
    if (step->skip == GD_SKIP_IF_SILENT)
        return true;
    const GdKernel *kernel = step->pack->kernel;
    return kernel->idle ? kernel->idle(step->state, &step->block) : state_is_zero(step);
}

/* Glides into buffers, and coefficients made anew. */
GD_RT static void attend(GdStep *step, const GdAudio *audio, float *planes)
{
    GdBlock *b = &step->block;
    b->device = &audio->device;
    b->transport = &audio->transport;
    const GdKernel *kernel = step->pack->kernel;
    bool cell_ends = b->offset + b->frames == GD_SLICE, moving = false;
    for (uint32_t p = 0; p < kernel->params; ++p) {
        if (step->modulated >> p & 1)
            continue;
        void *glide = gd_glide(step->pack, p);
        float *plane = planes + (size_t)p * GD_SLICE * GD_MAX_WIDTH;
        bool moves = step->steps->glide(glide, b, plane);
        ((const float **)b->param)[p] = moves ? plane : glide;
        ((uint8_t *)b->stride)[p] = moves;
        moving |= moves;
        if (moves && cell_ends)
            step->steps->end_cell(glide);
    }
    if (kernel->prepare)
        kernel->prepare(step->state, b);
    step->attention = moving || step->always_fresh;
}

/* What is the same for all steps of a slice. */
typedef struct Slice {
    uint32_t frames, offset;
    uint64_t time;
    GdPlan *plan;
    const GdAudio *audio;
    float *planes;
} Slice;

GD_RT static Slice slice_at(GdPlan *plan, const GdAudio *audio, uint32_t worker, uint32_t frames, uint64_t time)
{
    return (Slice){.frames = frames, .offset = (uint32_t)(time % GD_SLICE), .time = time, .plan = plan, .audio = audio,
                   .planes = audio->glides[worker]};
}

GD_RT static inline void run_step(const Slice *slice, GdStep *step)
{
    step->block.frames = slice->frames;
    step->block.offset = slice->offset;
    step->block.time = slice->time;
    if (step->attention)
        attend(step, slice->audio, slice->planes);
    else if (*step->first_flag && step->skip != GD_ALWAYS_RUN && would_be_silent(slice->plan, step)) {
        silence_outputs(slice->plan, step);
        return;
    }
    step->run(step->state, &step->block);
    *step->out_flag = 0;
    for (uint32_t k = 1; k < step->outs; ++k)
        slice->plan->silent[step->out_flags[k]] = 0;
}

GD_RT static void note_cost(GdStep *step, uint64_t ticks)
{
    step->cycles += ticks * 16 - step->cycles / 16; /* smoothed over 16 readings, times 256 */
    if (ticks > step->cycles_peak)
        step->cycles_peak = ticks;
}

void gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile)
{
    const Slice slice = slice_at(plan, audio, 0, frames, audio->time);
    GdStep *const end = plan->steps + plan->step_count;
    if (!profile) {
        for (GdStep *step = plan->steps; step < end; ++step)
            run_step(&slice, step);
        return;
    }
    for (GdStep *step = plan->steps; step < end; ++step) {
        uint64_t start = gd_ticks();
        run_step(&slice, step);
        note_cost(step, gd_ticks() - start);
    }
}

bool gd_wait_for_worker(const GdCrew *crew, uint32_t worker, uint64_t needed)
{
    uint32_t spins = 0;
    for (; atomic_load_explicit(&crew->progress[worker].steps, memory_order_acquire) < needed; ++spins)
        if (spins < GD_PATIENCE)
            gd_pause();
        else
            gd_give_way();
    return spins > GD_PATIENCE;
}

bool gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket)
{
    uint32_t count = plan->worker_step_count[worker];
    bool late = false;
    const Slice slice = slice_at(plan, audio, worker, crew->frames, crew->time);
    for (uint32_t k = 0; k < count; ++k) {
        GdStep *step = &plan->steps[plan->worker_steps[worker][k]];
        for (uint32_t w = 0; w < step->wait_count; ++w)
            late |= gd_wait_for_worker(crew, step->waits[w].worker, ticket << 32 | step->waits[w].steps);
        uint64_t start = crew->profile ? gd_ticks() : 0;
        run_step(&slice, step);
        if (crew->profile)
            note_cost(step, gd_ticks() - start);
        atomic_store_explicit(&crew->progress[worker].steps, ticket << 32 | (k + 1), memory_order_release);
    }
    if (!count)
        atomic_store_explicit(&crew->progress[worker].steps, ticket << 32, memory_order_release);
    return late;
}
