/* The notes that a kernel has let through, with the key each has become, so that every end meets its beginning however the
 * parameters have moved meanwhile. Audio thread. */
#ifndef GD_DSP_HELD_H
#define GD_DSP_HELD_H

#include "../events.h"

typedef struct Held {
    uint32_t count;
    GdHeldNote item[GD_HELD]; /* oldest first */
} Held;

GD_RT static inline int32_t held_find(const Held *held, uint32_t note)
{
    for (uint32_t k = 0; k < held->count; ++k)
        if (held->item[k].note == note)
            return (int32_t)k;
    return -1;
}

GD_RT static inline void held_drop(Held *held, uint32_t k)
{
    memmove(&held->item[k], &held->item[k + 1], (--held->count - k) * sizeof held->item[0]);
}

/* Let a note begin, unless there is no room for it. */
GD_RT static inline void held_begin(Held *held, const GdEvent *on, GdEvents *out)
{
    if (held->count < GD_HELD && gd_events_put(out, *on))
        held->item[held->count++] = (GdHeldNote){.note = on->note, .key = on->key, .channel = on->channel};
}

/* Let anything else pass; ends and changes of a note that has not begun here are for nobody. */
GD_RT static inline void held_pass(Held *held, const GdEvent *event, GdEvents *out)
{
    GdEvent passed = *event;
    if (event->kind == GD_ALL_OFF) {
        for (uint32_t k = held->count; k-- > 0;)
            if (event->channel == GD_ANY_CHANNEL || event->channel == held->item[k].channel)
                held_drop(held, k);
    } else if (event->note) {
        const int32_t k = held_find(held, event->note);
        if (k < 0)
            return;
        passed.key = held->item[k].key;
        if (event->kind == GD_NOTE_OFF)
            held_drop(held, (uint32_t)k);
    }
    gd_events_put(out, passed);
}

#endif
