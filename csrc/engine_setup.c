/* The control side of the engine: makes it, publishes programs, collects what comes back, reads counters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

GdEngine *gd_engine_new(GdGraph *graph, uint32_t threads)
{
    GdEngine *engine = aligned_alloc(64, (sizeof *engine + 63) / 64 * 64);
    if (!engine)
        return NULL;
    memset(engine, 0, sizeof *engine);
    engine->graph = graph;
    engine->threads = threads < 1 ? 1 : threads > GD_MAX_WORKERS ? GD_MAX_WORKERS : threads;
    engine->audio.device.in = engine->audio.in;
    engine->audio.device.out = engine->audio.out;
    for (uint32_t i = 0; i < GD_FADE; ++i)
        engine->audio.fade[i] = (float)(0.5 - 0.5 * cos(3.14159265358979323846 * (i + 0.5) / GD_FADE));
    bool fine = true;
    for (uint32_t w = 0; w < engine->threads; ++w) {
        size_t bytes = (size_t)GD_MAX_PARAMS * GD_SLICE * GD_MAX_WIDTH * sizeof(float);
        engine->audio.glides[w] = aligned_alloc(64, bytes);
        if (engine->audio.glides[w])
            memset(engine->audio.glides[w], 0, bytes);
        fine = fine && engine->audio.glides[w];
    }
    if (!fine || !gd_transport_start(engine) || !gd_crew_start(engine)) {
        gd_engine_free(engine);
        return NULL;
    }
    return engine;
}

void gd_engine_free_programs(GdEngine *engine)
{
    gd_program_free(atomic_exchange(&engine->next, NULL));
    gd_program_free(atomic_exchange(&engine->retired, NULL));
    gd_program_free(engine->audio.live);
    atomic_store(&engine->settled, NULL);
    engine->audio.live = engine->newest = NULL;
    gd_plan_adopt(engine->graph, NULL);
}

void gd_engine_free(GdEngine *engine)
{
    gd_crew_stop(engine);
    gd_engine_free_programs(engine);
    for (uint32_t w = 0; w < engine->threads; ++w)
        free(engine->audio.glides[w]);
    gd_transport_free(engine);
    free(engine);
}

static const GdPlan *newest_plan(const GdEngine *engine)
{
    return engine->newest ? engine->newest->stages[engine->newest->count - 1].plan : NULL;
}

bool gd_engine_settled(GdEngine *engine)
{
    if (!engine->newest || engine->newest_settled)
        return true;
    if (atomic_load_explicit(&engine->settled, memory_order_acquire) != engine->newest)
        return false;
    gd_program_free(atomic_exchange_explicit(&engine->retired, NULL, memory_order_acq_rel));
    for (uint32_t k = 0; k + 1 < engine->newest->count; ++k)
        gd_stage_free(&engine->newest->stages[k]); /* the audio thread never goes back to a fade */
    gd_graph_settle(engine->graph);
    engine->newest_settled = true;
    return true;
}

/* One more stage; the next one takes over from it. */
static int add_stage(GdEngine *engine, GdProgram *program, int fades)
{
    GdStage *stage = &program->stages[program->count++];
    int status = gd_compile(engine->graph, fades, engine->threads, stage);
    if (status == GD_OK && !gd_plan_adopt(engine->graph, stage->plan))
        status = GD_NO_MEMORY;
    return status;
}

/* Take the failed stages back. */
static void forget_stages(GdEngine *engine, GdProgram *program)
{
    gd_plan_adopt(engine->graph, newest_plan(engine));
    for (uint32_t k = 0; k < program->count; ++k)
        gd_stage_free(&program->stages[k]);
    program->count = 0;
}

/* With nothing live there is nothing to fade from. */
static int compile_program(GdEngine *engine, GdProgram *program)
{
    if (!engine->newest)
        return add_stage(engine, program, GD_FINAL);
    int status = add_stage(engine, program, GD_UNION);
    if (status == GD_CYCLE) {
        forget_stages(engine, program);
        status = add_stage(engine, program, GD_FADE_OUT);
        if (status == GD_OK)
            status = add_stage(engine, program, GD_FADE_IN);
    }
    return status == GD_OK ? add_stage(engine, program, GD_FINAL) : status;
}

int gd_engine_commit(GdEngine *engine)
{
    if (!gd_engine_settled(engine))
        return GD_BUSY;
    if (engine->newest && engine->committed == engine->graph->epoch && !engine->locates)
        return GD_OK;
    GdProgram *program = calloc(1, sizeof *program);
    if (!program)
        return GD_NO_MEMORY;
    int status = compile_program(engine, program);
    if (status != GD_OK) {
        forget_stages(engine, program);
        free(program);
        return status;
    }
    program->locates = engine->locates;
    program->position = engine->position;
    engine->locates = false;
    engine->newest = program;
    engine->newest_settled = false;
    gd_graph_committed(engine->graph);
    engine->committed = engine->graph->epoch;
    atomic_store_explicit(&engine->next, program, memory_order_release);
    return GD_OK;
}

bool gd_engine_set(GdEngine *engine, int32_t node, uint32_t param, float value)
{
    const GdGraph *graph = engine->graph;
    gd_graph_set(engine->graph, node, param, value);
    float cells = graph->types[graph->nodes[node].type].ramp_s[param] * graph->sample_rate_hz / GD_SLICE;
    GdMessage message = {.node = node, .param = (uint16_t)param, .value = value, .cells = (uint16_t)ceilf(fminf(cells, 60000.0f))};
    return gd_send_to_audio(&engine->to_audio, message);
}

void gd_engine_render(GdEngine *engine, float *planes, uint32_t channels, uint64_t frames, uint32_t block)
{
    float *out[GD_MAX_CHANNELS];
    bool called = false; /* the helpers stay for the whole of it */
    for (uint64_t done = 0; done < frames;) {
        uint32_t count = frames - done < block ? (uint32_t)(frames - done) : block;
        for (uint32_t c = 0; c < channels && c < GD_MAX_CHANNELS; ++c)
            out[c] = planes + c * frames + done;
        called |= gd_crew_call(engine);
        gd_engine_process(engine, NULL, 0, out, channels, count);
        done += count;
    }
    if (called)
        gd_crew_end_call(&engine->crew);
}

uint32_t gd_engine_channels(GdEngine *engine)
{
    const GdPlan *plan = newest_plan(engine);
    return plan ? plan->device_channels : 0;
}

uint64_t gd_engine_time(GdEngine *engine) { return atomic_load_explicit(&engine->time, memory_order_acquire); }

bool gd_engine_news(GdEngine *engine, GdNews *news) { return gd_receive_from_audio(&engine->from_audio, news); }

/* --- numbers --- */

static double seconds(const _Atomic uint64_t *ns) { return (double)atomic_load(ns) * 1e-9; }

void gd_engine_stats(GdEngine *engine, GdStats *stats)
{
    GdCounters *c = &engine->counters;
    double work_s = seconds(&c->work_ns), time_s = seconds(&c->time_ns);
    *stats = (GdStats){.callbacks = atomic_load(&c->callbacks), .frames = atomic_load(&c->frames),
                       .over_budget = atomic_load(&c->over_budget), .host_late = atomic_load(&c->host_late),
                       .driver_xruns = atomic_load(&c->driver_xruns), .foreign_misses = atomic_load(&c->foreign_misses),
                       .gaps = atomic_load(&c->gaps), .overlaps = atomic_load(&c->overlaps),
                       .not_finite = atomic_load(&c->not_finite), .swaps = atomic_load(&c->swaps),
                       .messages = atomic_load(&c->messages)};
    stats->work_mean_s = stats->callbacks ? work_s / (double)stats->callbacks : 0.0;
    stats->work_p50_s = gd_histogram_s(&c->work, 0.5);
    stats->work_p99_s = gd_histogram_s(&c->work, 0.99);
    stats->work_p999_s = gd_histogram_s(&c->work, 0.999);
    stats->work_peak_s = seconds(&c->work_peak_ns);
    stats->gap_p50_s = gd_histogram_s(&c->gap, 0.5);
    stats->gap_p99_s = gd_histogram_s(&c->gap, 0.99);
    stats->gap_p999_s = gd_histogram_s(&c->gap, 0.999);
    stats->gap_peak_s = seconds(&c->gap_peak_ns);
    stats->swap_peak_s = seconds(&c->swap_peak_ns);
    stats->load = time_s > 0.0 ? work_s / time_s : 0.0;
}

void gd_engine_stats_reset(GdEngine *engine) { atomic_store(&engine->counters.reset, 1); }
void gd_engine_profile(GdEngine *engine, bool on) { atomic_store(&engine->profile, on); }

bool gd_engine_node_cost(GdEngine *engine, int32_t node, double *mean_s, double *peak_s)
{
    const GdPlan *plan = newest_plan(engine);
    *mean_s = *peak_s = 0.0;
    if (!plan || (uint32_t)node >= plan->node_count || !plan->nodes[node].count)
        return false;
    double second = gd_ticks_per_second();
    for (uint32_t k = 0; k < plan->nodes[node].count; ++k) {
        const GdStep *step = &plan->steps[plan->places[plan->nodes[node].first + k].step];
        *mean_s += (double)step->cycles / 256.0 / second / step->block.lanes;
        *peak_s += (double)step->cycles_peak / second / step->block.lanes;
    }
    return true;
}

bool gd_plan_info(GdEngine *engine, GdPlanInfo *info)
{
    const GdPlan *plan = newest_plan(engine);
    if (!plan)
        return false;
    *info = (GdPlanInfo){.steps = plan->step_count, .packs = plan->pack_count, .buffers = plan->buffer_count,
                         .workers = plan->worker_count, .lanes = plan->lane_count, .bytes = gd_arena_bytes(&plan->arena),
                         .latency_frames = plan->latency_frames, .slice_frames = plan->slice_frames};
    for (uint32_t p = 0; p < plan->pack_count; ++p)
        info->state_bytes += (uint64_t)plan->packs[p]->rows * plan->packs[p]->kernel->width * 4;
    return true;
}

bool gd_plan_step(GdEngine *engine, uint32_t index, GdStepInfo *info)
{
    const GdPlan *plan = newest_plan(engine);
    if (!plan || index >= plan->step_count)
        return false;
    *info = plan->infos[index];
    return true;
}

uint32_t gd_plan_latency(GdEngine *engine, int32_t node)
{
    const GdPlan *plan = newest_plan(engine);
    return plan && (uint32_t)node < plan->node_count ? plan->latency[node] : 0;
}
