/* Taps: what flows somewhere, kept in rings for anybody who wants to look. The reader's side: any one thread at a time, which
 * waits for nobody; the writer is the kernel `tap`. */
#include <stdlib.h>
#include <string.h>

#include "graph.h"

/* Held by a node and by a reader; the last one frees it. */
struct GdTap {
    GdStream stream;            /* `consumed`: the first frame that it heard; `underruns`: how often it has begun */
    uint32_t frames;            /* of a ring; a power of two */
    _Atomic uint32_t users;
    _Atomic(float *) rings[GD_MAX_CHANNELS];
};

GdTap *gd_tap_new(uint32_t frames)
{
    GdTap *tap = calloc(1, sizeof *tap);
    if (tap) {
        tap->frames = frames;
        atomic_store(&tap->users, 1);
    }
    return tap;
}

void gd_tap_release(GdTap *tap)
{
    if (atomic_fetch_sub(&tap->users, 1) > 1)
        return;
    for (uint32_t c = 0; c < GD_MAX_CHANNELS; ++c)
        free(atomic_load(&tap->rings[c]));
    free(tap);
}

void gd_graph_tap(GdGraph *graph, int32_t index, GdTap *tap)
{
    GdNode *node = &graph->nodes[index];
    atomic_fetch_add(&tap->users, 1);
    node->tap = tap;
    node->stream = &tap->stream;
    node->memory_frames = tap->frames;
}

float *gd_tap_ring(GdTap *tap, uint32_t lane)
{
    float *ring = atomic_load_explicit(&tap->rings[lane], memory_order_relaxed);
    if (!ring) {
        ring = gd_zeroed_floats(tap->frames);
        atomic_store_explicit(&tap->rings[lane], ring, memory_order_release);
    }
    return ring;
}

uint32_t gd_tap_channels(GdTap *tap)
{
    uint32_t count = 0;
    while (count < GD_MAX_CHANNELS && atomic_load_explicit(&tap->rings[count], memory_order_acquire))
        ++count;
    return count;
}

uint64_t gd_tap_time(GdTap *tap) { return atomic_load_explicit(&tap->stream.written, memory_order_acquire); }

static void copy_out(GdTap *tap, uint64_t from, float *planes, uint32_t channels, uint32_t stride, uint32_t count)
{
    for (uint32_t c = 0; c < channels; ++c) {
        const float *ring = atomic_load_explicit(&tap->rings[c], memory_order_acquire);
        for (uint32_t i = 0; i < count; ++i) {
            float *to = &planes[(size_t)c * stride + i], zero = 0.0f;
            if (ring)
                __atomic_load(&ring[(from + i) & (tap->frames - 1)], to, __ATOMIC_RELAXED);
            else
                *to = zero;
        }
    }
}

uint32_t gd_tap_read(GdTap *tap, GdTapPlace *place, float *planes, uint32_t channels, uint32_t frames)
{
    GdStream *stream = &tap->stream;
    uint32_t begun = atomic_load_explicit(&stream->underruns, memory_order_acquire);
    if (!begun)
        return 0;
    if (begun != place->begun) {
        place->begun = begun;
        place->next = place->first = atomic_load_explicit(&stream->consumed, memory_order_relaxed);
    }
    const uint32_t room = tap->frames - 4 * GD_SLICE; /* the writer may be two slices further than it said */
    uint64_t written = atomic_load_explicit(&stream->written, memory_order_acquire);
    if (written > place->next + room) {
        place->missed += written - room - place->next;
        place->next = written - room;
    }
    if (written <= place->next)
        return 0;
    uint32_t count = written - place->next < frames ? (uint32_t)(written - place->next) : frames, lost = 0;
    copy_out(tap, place->next, planes, channels, frames, count);
    /* adding nothing keeps what was read before this from being read after it: see tests/models/tape.pml */
    written = atomic_fetch_add_explicit(&stream->written, 0, memory_order_acq_rel);
    const uint64_t whole = written + 2 * GD_SLICE; /* what is older than a ring before that may be torn */
    if (whole > place->next + tap->frames)
        lost = whole - tap->frames - place->next < count ? (uint32_t)(whole - tap->frames - place->next) : count;
    for (uint32_t c = 0; lost && c < channels; ++c)
        memmove(planes + (size_t)c * frames, planes + (size_t)c * frames + lost, (count - lost) * sizeof(float));
    place->missed += lost;
    place->next += count;
    return count - lost;
}
