/* Every message that crosses between the control and the audio thread, and the rings they travel in.
 *
 * Plans travel in boxes (engine.h), because only the newest counts. Set parameters travel in a queue, because the order of
 * two nodes' values matters to what is heard. */
#ifndef GD_MESSAGE_H
#define GD_MESSAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"
#include "graphdaw.h"

/* control -> audio: aim a parameter of a node at a value. */
typedef struct GdMessage {
    int32_t node;
    uint16_t param;
    uint16_t cells;             /* how long the glide takes; 0: at once */
    float value;
} GdMessage;

enum { GD_TO_AUDIO = 1 << 14, GD_FROM_AUDIO = 1 << 8 };

/* One writer, one reader. Each side loads the other's index with acquire and stores its own with release, so that an item
 * is seen whole or not at all. Indices run freely; an item lies at index & (size - 1). */
typedef struct GdToAudio {
    _Atomic uint32_t written, read;
    GdMessage items[GD_TO_AUDIO];
} GdToAudio;

typedef struct GdFromAudio {
    _Atomic uint32_t written, read;
    _Atomic uint32_t dropped;
    GdNews items[GD_FROM_AUDIO];
} GdFromAudio;

/* False when the ring is full. */
GD_CTL static inline bool gd_send_to_audio(GdToAudio *ring, GdMessage message)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (written - atomic_load_explicit(&ring->read, memory_order_acquire) == GD_TO_AUDIO)
        return false;
    ring->items[written & (GD_TO_AUDIO - 1)] = message;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

GD_RT static inline bool gd_receive_in_audio(GdToAudio *ring, GdMessage *message)
{
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
        return false;
    *message = ring->items[read & (GD_TO_AUDIO - 1)];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}

GD_RT static inline void gd_send_from_audio(GdFromAudio *ring, GdNews news)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (written - atomic_load_explicit(&ring->read, memory_order_acquire) == GD_FROM_AUDIO) {
        atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
        return;
    }
    ring->items[written & (GD_FROM_AUDIO - 1)] = news;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

GD_CTL static inline bool gd_receive_from_audio(GdFromAudio *ring, GdNews *news)
{
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
        return false;
    *news = ring->items[read & (GD_FROM_AUDIO - 1)];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}

#endif
