/* midi_out: hands events to another thread by a ring, such as the one that looks after a port, with the time at which each is
 * heard. Where that thread does not keep up, beginnings are lost, and all notes end once there is room. */
#define NODE midi_out
#define INS P(EVENTS, "events")
#include "kernel.h"
#include "events.h"
#include "ring.h"

typedef struct { uint32_t owes; } Work; /* an end of all notes, since one end was lost */
typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, EVENTS);
    if (!b->memory[0] || !b->memory[0]->ring)
        return;
    Work *w = (Work *)b->memory[0]->data;
    GdEventRing *ring = b->memory[0]->ring;
    const GdTimedEvent all = {.time = b->time, .event = {.kind = GD_ALL_OFF, .channel = GD_ANY_CHANNEL}};
    if (w->owes && gd_ring_push(ring, &all))
        w->owes = 0;
    for (uint32_t k = 0; k < in->count; ++k) {
        const GdTimedEvent item = {.time = b->time + in->item[k].frame, .event = in->item[k]};
        if (!gd_ring_push(ring, &item) && gd_event_ends(&item.event))
            w->owes = 1;
    }
}

KERNEL(.flags = GD_ALONE | GD_SINK, .work_floats = 1, .event_ins = 1u << EVENTS)
