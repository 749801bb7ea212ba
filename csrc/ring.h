/* A ring of events between a kernel and one other thread: from a keyboard, or to a port. One writer, one reader; each side
 * loads the other's index with acquire and stores its own with release. Indices run freely. */
#ifndef GD_RING_H
#define GD_RING_H

#include <stdatomic.h>
#include <stdbool.h>

#include "attrs.h"
#include "graphdaw.h"

enum { GD_RING_EVENTS = 1024 };

/* Held by a node and by who is at the other end; the last one frees it. */
struct GdEventRing {
    _Atomic uint32_t users;
    _Atomic uint32_t written, read, lost;
    GdTimedEvent items[GD_RING_EVENTS];
};

GD_ANY static inline bool gd_ring_push(GdEventRing *ring, const GdTimedEvent *item)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (written - atomic_load_explicit(&ring->read, memory_order_acquire) == GD_RING_EVENTS) {
        atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
        return false;
    }
    ring->items[written & (GD_RING_EVENTS - 1)] = *item;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

/* The oldest one that lies in it, to be looked at until it is dropped; null: none. */
GD_ANY static inline const GdTimedEvent *gd_ring_peek(GdEventRing *ring)
{
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
        return 0;
    return &ring->items[read & (GD_RING_EVENTS - 1)];
}

GD_ANY static inline void gd_ring_drop(GdEventRing *ring)
{
    atomic_store_explicit(&ring->read, atomic_load_explicit(&ring->read, memory_order_relaxed) + 1, memory_order_release);
}

#endif
