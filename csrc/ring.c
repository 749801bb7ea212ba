/* Rings of events: the side of the other threads. */
#include "ring.h"

#include <stdlib.h>

GdEventRing *gd_ring_new(void)
{
    GdEventRing *ring = calloc(1, sizeof *ring);
    if (ring)
        atomic_store(&ring->users, 1);
    return ring;
}

void gd_ring_release(GdEventRing *ring)
{
    if (atomic_fetch_sub(&ring->users, 1) == 1)
        free(ring);
}

bool gd_ring_put(GdEventRing *ring, const GdTimedEvent *item) { return gd_ring_push(ring, item); }

uint32_t gd_ring_take(GdEventRing *ring, GdTimedEvent *items, uint32_t count)
{
    uint32_t taken = 0;
    for (const GdTimedEvent *item; taken < count && (item = gd_ring_peek(ring)); ++taken) {
        items[taken] = *item;
        gd_ring_drop(ring);
    }
    return taken;
}

uint32_t gd_ring_lost(GdEventRing *ring) { return atomic_load(&ring->lost); }
