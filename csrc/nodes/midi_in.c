/* midi_in: events that another thread puts into a ring, such as those of a keyboard: what is due is heard in this slice. */
#define NODE midi_in
#define OUTS P(EVENTS, "events")
#include "kernel.h"
#include "events.h"
#include "ring.h"

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    GdEvents *out = events_out(b, EVENTS);
    if (!b->memory[0] || !b->memory[0]->ring)
        return;
    GdEventRing *ring = b->memory[0]->ring;
    uint16_t last = 0;
    for (const GdTimedEvent *item; (item = gd_ring_peek(ring)) && item->time < b->time + b->frames; gd_ring_drop(ring)) {
        GdEvent event = item->event;
        event.frame = item->time > b->time ? (uint16_t)(item->time - b->time) : 0;
        event.frame = last = event.frame > last ? event.frame : last;
        gd_events_put(out, event);
    }
}

KERNEL(.flags = GD_ALONE | GD_SINK, .work_floats = 1, .event_outs = 1u << EVENTS)
