/* Running one kernel on its own, outside any graph, as an engine would run it. Control thread. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dsp/work.h"
#include "graphdaw.h"
#include "kernels.h"
#include "timeline.h"

static const GdTempoSpan usual_tempo = {.bpm = 120.0};
static const GdBars usual_bars = {.bar_ticks = 3840.0, .beat_ticks = 960.0};

enum { MAX_PORTS = 48, LINE = 64 /* bytes: the widest vector and a cache line */ };

typedef struct Pack { /* one kernel's buffers for one slice, [frame][width] */
    const GdKernel *kernel;
    GdProbe *probe;
    GdBlock block;
    void *state;
    float *in[MAX_PORTS], *out[MAX_PORTS], *param[MAX_PORTS];
    uint8_t stride[MAX_PORTS], in_silent[MAX_PORTS];
    uint32_t seed[GD_MAX_WIDTH];
    uint8_t channel[GD_MAX_WIDTH];
    GdMemory memory[GD_WORK + GD_MAX_WIDTH], *memory_of[GD_MAX_WIDTH]; /* as in a node: see work.h */
    GdStream stream[GD_MAX_WIDTH]; /* a lane uses the one of the first lane with the same GdProbeStream */
    const float *device_in[MAX_PORTS]; /* at the present slice */
    GdDevice device;
    GdTransport transport;
    GdTimeline usual;
    void *arena;
} Pack;

#if defined(__x86_64__)
static uint32_t flush_denormals(void)
{
    uint32_t before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040u);
    return before;
}
static void restore_denormals(uint32_t before) { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
static uint32_t flush_denormals(void)
{
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" ::"r"(before | (1u << 24)));
    return (uint32_t)before;
}
static void restore_denormals(uint32_t before) { __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)before)); }
#else
static uint32_t flush_denormals(void) { return 0; }
static void restore_denormals(uint32_t before) { (void)before; }
#endif

bool gd_kernel_facts(const char *name, GdKernelFacts *facts)
{
    int32_t index = gd_kernel_index(name);
    if (index < 0)
        return false;
    const GdKernel *k = gd_kernel_form((uint32_t)index, 1);
    *facts = (GdKernelFacts){
        .state_rows = k->state_rows, .flags = k->flags,
        .ins = k->ins, .outs = k->outs, .params = k->params, .choices = k->choices,
        .in_names = k->in_names, .out_names = k->out_names, .param_names = k->param_names,
        .choice_names = k->choice_names,
    };
    return true;
}

static int check(const GdProbe *probe, const GdKernel **kernel)
{
    int32_t index = gd_kernel_index(probe->kernel);
    if (index < 0)
        return GD_PROBE_UNKNOWN;
    uint32_t w = probe->width;
    if ((w != 1 && w != 4 && w != 8 && w != 16) || probe->lanes < 1 || probe->lanes > w)
        return GD_PROBE_BAD_SHAPE;
    const GdKernel *k = *kernel = gd_kernel_form((uint32_t)index, w);
    if (!k)
        return GD_PROBE_BAD_SHAPE;
    if (probe->grid < 1 || probe->grid > GD_SLICE || GD_SLICE % probe->grid)
        return GD_PROBE_BAD_SHAPE;
    if (probe->device_channels > MAX_PORTS || k->ins > MAX_PORTS || k->outs > MAX_PORTS || k->params > MAX_PORTS || !(probe->sample_rate_hz > 0))
        return GD_PROBE_BAD_SHAPE;
    if (k->event_ins || k->event_outs) /* signals are all that it can bring */
        return GD_PROBE_BAD_SHAPE;
    if ((k->params && !(probe->param && probe->moves)) || (k->outs && !probe->out))
        return GD_PROBE_BAD_SHAPE;
    for (uint32_t i = 0; i < probe->slice_count; ++i)
        if (probe->slices[i] < 1)
            return GD_PROBE_BAD_SHAPE;
    return GD_PROBE_OK;
}

static bool take_memory(Pack *p)
{
    const GdKernel *k = p->kernel;
    size_t row = GD_SLICE * k->width * sizeof(float), state = (size_t)k->state_rows * k->width * 4;
    size_t buffers = (k->ins + k->outs + k->params) * ((row + LINE - 1) / LINE * LINE);
    size_t bytes = buffers + (state + LINE - 1) / LINE * LINE + LINE;
    p->arena = aligned_alloc(LINE, bytes);
    if (!p->arena)
        return false;
    memset(p->arena, 0, bytes);
    char *at = p->arena;
    for (uint32_t i = 0; i < k->ins; ++i, at += row)
        p->in[i] = (float *)at;
    for (uint32_t i = 0; i < k->outs; ++i, at += row)
        p->out[i] = (float *)at;
    for (uint32_t i = 0; i < k->params; ++i, at += row)
        p->param[i] = (float *)at;
    p->state = p->probe->state ? p->probe->state : at;
    return true;
}

static void lend_memory(Pack *p)
{
    const GdProbe *probe = p->probe;
    for (uint32_t l = 0; l < probe->lanes && probe->memory; ++l) {
        const GdProbeMemory *from = probe->memory[l];
        if (!from)
            continue;
        p->memory[l] = (GdMemory){.data = from->data, .frames = from->frames, .rate_hz = from->rate_hz,
                                  .loop_start = from->loop_start, .loop_end = from->loop_end};
        p->memory[GD_WORK + l] = (GdMemory){.data = from->work, .frames = from->work_frames};
        p->memory_of[l] = &p->memory[l];
        if (!from->stream)
            continue;
        uint32_t first = 0;
        while (!probe->memory[first] || probe->memory[first]->stream != from->stream)
            ++first;
        GdStream *stream = p->memory[l].stream = &p->stream[first];
        atomic_store(&stream->written, from->stream->written);
        atomic_store(&stream->consumed, from->stream->consumed);
        atomic_store(&stream->ends_at, from->stream->ends_at);
        atomic_store(&stream->underruns, from->stream->underruns);
    }
}

static void return_memory(Pack *p)
{
    for (uint32_t l = 0; l < p->probe->lanes; ++l) {
        GdStream *stream = p->memory[l].stream;
        if (!stream)
            continue;
        GdProbeStream *to = p->probe->memory[l]->stream;
        to->written = atomic_load(&stream->written);
        to->consumed = atomic_load(&stream->consumed);
        to->ends_at = atomic_load(&stream->ends_at);
        to->underruns = atomic_load(&stream->underruns);
    }
}

/* Set `frames` rows of one buffer from planar input; lanes not in use repeat the first, which is finite and in range. */
static void transpose(const Pack *p, float *to, const float *from, size_t lane_step, size_t first, uint32_t frames)
{
    uint32_t w = p->kernel->width;
    for (uint32_t l = 0; l < w; ++l) {
        const float *lane = from + (l < p->probe->lanes ? l : 0) * lane_step + first;
        for (uint32_t i = 0; i < frames; ++i)
            to[i * w + l] = lane[i];
    }
}

/* Fill inputs and parameters for `frames` frames from `at`; true if a standing value may have changed. */
static bool fill(Pack *p, uint32_t at, uint32_t frames)
{
    const GdProbe *probe = p->probe;
    bool changed = at == 0;
    p->block.frames = frames;
    p->block.time = probe->time + at;
    p->block.offset = (uint32_t)(p->block.time % GD_SLICE);
    p->transport.position = probe->position + at;
    for (uint32_t i = 0; i < probe->device_channels; ++i)
        p->device_in[i] = probe->device_in[i] + at;
    for (uint32_t i = 0; i < p->kernel->ins; ++i)
        if (probe->in && probe->in[i])
            transpose(p, p->in[i], probe->in[i], probe->frames, at, frames);
    for (uint32_t i = 0; i < p->kernel->params; ++i) {
        p->stride[i] = probe->moves[i] == 1;
        if (probe->moves[i] == 0)
            transpose(p, p->param[i], probe->param[i], 1, 0, 1);
        else if (probe->moves[i] == 1)
            transpose(p, p->param[i], probe->param[i], probe->frames, at, frames);
        else {
            uint32_t cell = at > p->block.offset ? at - p->block.offset : 0;
            transpose(p, p->param[i], probe->param[i], probe->frames, cell, 1);
            changed |= p->block.offset == 0;
        }
    }
    return changed;
}

static void drain(const Pack *p, uint32_t at, uint32_t frames)
{
    const GdProbe *probe = p->probe;
    uint32_t w = p->kernel->width;
    bool one_row = (p->kernel->flags & GD_BLOCK_RATE_0) && probe->choice[0] == 1;
    for (uint32_t o = 0; o < p->kernel->outs; ++o)
        for (uint32_t l = 0; l < probe->lanes; ++l)
            for (uint32_t i = 0; i < frames; ++i)
                probe->out[o][(size_t)l * probe->frames + at + i] = p->out[o][(one_row ? 0 : i) * w + l];
}

static uint32_t slice_length(const GdProbe *probe, uint32_t at, uint32_t turn)
{
    uint32_t length = probe->slice_count ? probe->slices[turn % probe->slice_count] : probe->grid;
    uint32_t to_grid = probe->grid - (uint32_t)((probe->time + at) % probe->grid), left = probe->frames - at;
    length = length < to_grid ? length : to_grid;
    return length < left ? length : left;
}

static int open_pack(Pack *p, GdProbe *probe)
{
    *p = (Pack){.probe = probe};
    int error = check(probe, &p->kernel);
    if (error)
        return error;
    if (!take_memory(p))
        return GD_PROBE_NO_MEMORY;
    lend_memory(p);
    for (uint32_t l = 0; l < probe->lanes; ++l) {
        p->seed[l] = probe->seed ? probe->seed[l] : 0;
        p->channel[l] = probe->channel ? probe->channel[l] : 0;
    }
    for (uint32_t i = 0; i < p->kernel->ins; ++i)
        p->in_silent[i] = !(probe->in && probe->in[i]);
    p->block = (GdBlock){
        .sample_rate_hz = probe->sample_rate_hz, .seconds_per_frame = (float)(1.0 / (double)probe->sample_rate_hz),
        .lanes = probe->lanes, .in = (const Lanes *const *)p->in, .in_silent = p->in_silent, .out = p->out,
        .param = (const Lanes *const *)p->param, .stride = p->stride, .memory = p->memory_of,
        .seed = p->seed, .channel = p->channel,
    };
    memcpy(p->block.choice, probe->choice, sizeof probe->choice);
    p->device = (GdDevice){.in = p->device_in, .in_channels = probe->device_channels};
    p->block.device = probe->device_in ? &p->device : NULL;
    p->usual = (GdTimeline){.frames_per_beat_minute = 60.0 * (double)probe->sample_rate_hz / 960.0, .span_count = 1,
                            .bar_count = 1, .spans = &usual_tempo, .bars = &usual_bars};
    p->transport = (GdTransport){.rolling = true, .timeline = &p->usual};
    p->block.transport = &p->transport;
    return GD_PROBE_OK;
}

static void start(Pack *p)
{
    if (p->probe->keep_state)
        return;
    memset(p->state, 0, (size_t)p->kernel->state_rows * p->kernel->width * 4);
    if (p->kernel->reset)
        p->kernel->reset(p->state, &p->block);
}

static bool idle(const Pack *p)
{
    if (p->kernel->idle)
        return p->kernel->idle(p->state, &p->block);
    const uint32_t *words = p->state;
    uint32_t any = 0;
    for (uint32_t i = 0; i < p->kernel->state_rows * p->kernel->width; ++i)
        any |= words[i];
    return any == 0;
}

int gd_kernel_probe(GdProbe *probe)
{
    Pack p;
    int error = open_pack(&p, probe);
    if (error)
        return error;
    uint32_t denormals = flush_denormals();
    for (uint32_t at = 0, turn = 0; at < probe->frames; ++turn) {
        uint32_t frames = slice_length(probe, at, turn);
        bool changed = fill(&p, at, frames);
        if (at == 0)
            start(&p);
        if (changed && p.kernel->prepare)
            p.kernel->prepare(p.state, &p.block);
        p.kernel->run(p.state, &p.block);
        drain(&p, at, frames);
        at += frames;
    }
    probe->idle = idle(&p);
    restore_denormals(denormals);
    return_memory(&p);
    free(p.arena);
    return GD_PROBE_OK;
}

static double now_s(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double gd_kernel_time(GdProbe *probe, double seconds)
{
    enum { BATCH = 256 };
    Pack p;
    int error = open_pack(&p, probe);
    if (error)
        return error;
    const uint32_t frames = probe->grid;
    if (probe->frames < frames || probe->time % GD_SLICE) {
        free(p.arena);
        return GD_PROBE_BAD_SHAPE;
    }
    uint32_t denormals = flush_denormals();
    fill(&p, 0, frames);
    start(&p);
    if (p.kernel->prepare)
        p.kernel->prepare(p.state, &p.block);
    double best = 1e9, until = now_s() + seconds;
    for (double from = now_s(); from < until;) {
        for (int i = 0; i < BATCH; ++i, p.block.time += frames)
            p.kernel->run(p.state, &p.block);
        double now = now_s(), took = now - from;
        best = took < best ? took : best;
        from = now;
    }
    restore_denormals(denormals);
    return_memory(&p);
    free(p.arena);
    return best * 1e9 / (BATCH * frames * (double)probe->lanes);
}
