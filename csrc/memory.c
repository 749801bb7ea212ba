/* Memory that belongs to nodes and outlives plans: delay lines, recordings, rings filled from disk. Control and disk threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "tape.h"

bool gd_node_grow_spots(GdNode *node, uint32_t part, uint32_t lanes)
{
    if (lanes <= node->spot_room[part])
        return true;
    GdSpot *spots = realloc(node->spots[part], lanes * sizeof *spots);
    if (!spots)
        return false;
    memset(spots + node->spot_room[part], 0, (lanes - node->spot_room[part]) * sizeof *spots);
    node->spots[part] = spots;
    node->spot_room[part] = (uint8_t)lanes;
    return true;
}

float *gd_zeroed_floats(size_t count)
{
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    float *data = aligned_alloc(64, bytes ? bytes : 64);
    if (data)
        memset(data, 0, bytes); /* also populates it, so that the audio thread meets no page fault */
    return data;
}

/* The table never moves once made: plans hold pointers into it. */
static bool make_table(GdNode *node)
{
    if (!node->memory)
        node->memory = calloc(GD_MAX_CHANNELS + (node->media ? GD_WORK : 0), sizeof *node->memory);
    return node->memory != NULL;
}

GdMemory *gd_node_written(GdNode *node, uint32_t lane) { return &node->memory[lane + (node->media ? GD_WORK : 0)]; }

/* What a lane reads, if it is not what it writes. */
static void lend(GdNode *node, uint32_t lane)
{
    const GdMedia *media = node->media;
    if (media && media->planes)
        node->memory[lane] = (GdMemory){.data = media->data + (size_t)(lane % media->planes) * media->frames,
                                        .frames = media->frames, .rate_hz = media->rate_hz,
                                        .loop_start = media->loop_start, .loop_end = media->loop_end};
}

bool gd_node_grow_memory(GdNode *node, uint32_t lanes, uint32_t frames)
{
    if ((!frames && !node->media) || node->recorded)
        return true;
    if (!make_table(node))
        return false;
    for (; node->memory_lanes < lanes; ++node->memory_lanes) {
        GdMemory *memory = gd_node_written(node, node->memory_lanes);
        const uint32_t own = node->taped && node->memory_lanes ? frames / 2 : frames; /* one gate is enough */
        memory->data = node->tap ? gd_tap_ring(node->tap, node->memory_lanes) : frames ? gd_zeroed_floats(own) : NULL;
        if (frames && !memory->data)
            return false;
        memory->frames = own;
        memory->stream = node->stream;
        lend(node, node->memory_lanes);
        if (node->box) {
            node->memory[node->memory_lanes].box = &node->box[node->memory_lanes];
            gd_box_put(&node->box[node->memory_lanes], node->value);
        }
        node->memory[node->memory_lanes].ring = node->ring;
    }
    if (node->tape)
        gd_tape_lend(node->tape, node->memory, node->memory_lanes);
    return true;
}

void gd_node_forget_memory(GdNode *node)
{
    if (node->recorded || node->tape)
        return;
    for (uint32_t lane = 0; lane < node->memory_lanes; ++lane) {
        if (!node->tap)
            free(gd_node_written(node, lane)->data);
        *gd_node_written(node, lane) = (GdMemory){0};
    }
    node->memory_lanes = 0;
}

void gd_node_free_memory(GdNode *node)
{
    if (node->tape) {
        gd_tape_inherit(node->tape, node->memory, node->memory_lanes);
        return;
    }
    node->recorded = false;
    gd_node_forget_memory(node);
    free(node->memory);
    if (node->tap)
        gd_tap_release(node->tap);
    else
        free(node->stream);
    if (node->media)
        gd_media_release(node->media);
    for (uint32_t lane = 0; node->box && lane < GD_MAX_CHANNELS; ++lane)
        gd_box_empty(&node->box[lane]);
    free(node->box);
    gd_value_release(node->value);
    if (node->ring)
        gd_ring_release(node->ring);
}

void gd_graph_memory(GdGraph *graph, int32_t node, uint32_t frames) { graph->nodes[node].memory_frames = frames; }

GdMedia *gd_media_new(const float *planes, uint32_t count, uint32_t frames, float rate_hz, uint32_t loop_start,
                      uint32_t loop_end)
{
    GdMedia *media = malloc(sizeof *media);
    float *data = media ? gd_zeroed_floats((size_t)count * frames) : NULL;
    if (!data) {
        free(media);
        return NULL;
    }
    memcpy(data, planes, (size_t)count * frames * sizeof(float));
    *media = (GdMedia){.data = data, .planes = count, .frames = frames, .users = 1, .rate_hz = rate_hz,
                       .loop_start = loop_start, .loop_end = loop_end};
    return media;
}

void gd_media_release(GdMedia *media)
{
    if (--media->users)
        return;
    free(media->data);
    free(media);
}

uint32_t gd_media_users(const GdMedia *media) { return media->users; }

bool gd_graph_media(GdGraph *graph, int32_t index, GdMedia *media, uint32_t work_frames)
{
    GdNode *node = &graph->nodes[index];
    node->media = media;
    ++media->users;
    node->memory_frames = work_frames;
    return make_table(node);
}

/* --- recordings read from disk as they play --- */

bool gd_graph_stream(GdGraph *graph, int32_t index, uint32_t channels, uint32_t frames)
{
    GdNode *node = &graph->nodes[index];
    node->stream = calloc(1, sizeof *node->stream);
    if (!node->stream || channels > GD_MAX_CHANNELS || !gd_node_grow_memory(node, channels, frames))
        return false;
    atomic_store(&node->stream->ends_at, UINT64_MAX);
    for (uint32_t c = 0; c + 1 < GD_STREAM_CHANNELS; ++c)
        atomic_store(&node->stream->others[c], UINT64_MAX);
    node->recorded = true;
    for (uint32_t lane = 0; lane < channels; ++lane)
        node->memory[lane].stream = node->stream;
    return true;
}

uint32_t gd_stream_room(GdGraph *graph, int32_t index)
{
    GdNode *node = &graph->nodes[index];
    if (!node->stream)
        return 0;
    uint64_t consumed = atomic_load_explicit(&node->stream->consumed, memory_order_acquire);
    for (uint32_t c = 0; c + 1 < node->memory_lanes; ++c) {
        const uint64_t other = atomic_load_explicit(&node->stream->others[c], memory_order_acquire);
        consumed = other < consumed ? other : consumed;
    }
    const uint32_t frames = node->memory[0].frames;
    const int64_t held = (int64_t)(atomic_load_explicit(&node->stream->written, memory_order_relaxed) - consumed);
    return held < (int64_t)frames ? frames - (uint32_t)held : 0; /* below 0 where the disk was late */
}

void gd_stream_write(GdGraph *graph, int32_t index, const float *planes, uint32_t frames)
{
    GdNode *node = &graph->nodes[index];
    uint64_t written = atomic_load_explicit(&node->stream->written, memory_order_relaxed);
    for (uint32_t lane = 0; lane < node->memory_lanes; ++lane)
        for (uint32_t i = 0; i < frames; ++i)
            node->memory[lane].data[(written + i) & (node->memory[lane].frames - 1)] = planes[(size_t)lane * frames + i];
    atomic_store_explicit(&node->stream->written, written + frames, memory_order_release);
}

void gd_stream_end(GdGraph *graph, int32_t index)
{
    GdStream *stream = graph->nodes[index].stream;
    atomic_store_explicit(&stream->ends_at, atomic_load(&stream->written), memory_order_release);
}

uint32_t gd_stream_underruns(GdGraph *graph, int32_t index) { return atomic_load(&graph->nodes[index].stream->underruns); }

/* --- nodes that are recorded while they sound --- */

bool gd_graph_tape(GdGraph *graph, int32_t index, uint32_t frames)
{
    GdNode *node = &graph->nodes[index];
    node->stream = calloc(1, sizeof *node->stream);
    node->memory_frames = 2 * frames;
    node->taped = true;
    if (node->stream)
        atomic_store(&node->stream->consumed, UINT64_MAX); /* until it plays: then the first frame in the rings */
    return node->stream != NULL;
}

bool gd_graph_peek(GdGraph *graph, int32_t index, uint32_t lane, float *words, uint32_t count)
{
    GdNode *node = &graph->nodes[index];
    if (lane >= node->memory_lanes || count > gd_node_written(node, lane)->frames)
        return false;
    for (uint32_t i = 0; i < count; ++i)
        __atomic_load(&gd_node_written(node, lane)->data[i], &words[i], __ATOMIC_RELAXED);
    return true;
}
