/* A box in which the control thread leaves a value for a kernel that plays, such as the notes of a track: only the newest
 * counts, what was replaced comes back to be freed, and nobody waits. As with plans (engine.h), the audio thread takes
 * nothing while the value that it put away before is still there. Each lane of a node has a box, so that each sees for itself
 * when its value is another one; the value is the same for all, and counted. */
#ifndef GD_BOX_H
#define GD_BOX_H

#include <stdatomic.h>
#include <stdint.h>

#include "attrs.h"

/* A recording, or what was made from one, that any number of nodes read. Control thread counts. */
struct GdMedia {
    float *data;                    /* one plane after the other */
    uint32_t planes, frames, users;
    float rate_hz;
    uint32_t loop_start, loop_end;
};

/* A value of a kernel's form and the recordings that it names by number, which live as long as it does. Never changed once it
 * is made, but for the count. */
typedef struct GdValue {
    const void *bytes;
    struct GdMedia *const *media;
    uint32_t media_count;
    uint32_t users;                 /* control: the node, and boxes that it lies in */
} GdValue;

typedef struct GdBox {
    _Atomic(GdValue *) next;    /* control puts, audio takes */
    _Atomic(GdValue *) retired; /* audio puts, control takes */
    GdValue *live;              /* audio */
} GdBox;

/* Whether the next look will find another value than the last one did. */
GD_RT static inline int gd_box_waits(GdBox *box)
{
    return atomic_load_explicit(&box->next, memory_order_relaxed) && !atomic_load_explicit(&box->retired, memory_order_acquire);
}

/* What lies in the box now; null before anything was put there. Once a slice: what the last look found is gone then. */
GD_RT static inline const GdValue *gd_box_value(GdBox *box)
{
    if (!box)
        return 0;
    if (gd_box_waits(box)) {
        GdValue *before = box->live;
        box->live = atomic_exchange_explicit(&box->next, (GdValue *)0, memory_order_acq_rel);
        atomic_store_explicit(&box->retired, before, memory_order_release);
    }
    return box->live;
}

/* The same of a value that names no recordings. */
GD_RT static inline const void *gd_box_look(GdBox *box)
{
    const GdValue *value = gd_box_value(box);
    return value ? value->bytes : 0;
}

/* --- box.c --- */
/* A value with a copy of these bytes, and a count of one more for each recording; null when out of memory. The caller uses it. */
GD_CTL GdValue *gd_value_new(const void *bytes, uint32_t size, struct GdMedia *const *media, uint32_t media_count);
GD_CTL void gd_value_release(GdValue *value);
/* Put a value into the box, where it is used too. */
GD_CTL void gd_box_put(GdBox *box, GdValue *value);
/* Let go of a value that has come back: one may come after the last put, and no other is taken before it is gone. */
GD_CTL void gd_box_sweep(GdBox *box);
/* Let go of all that lies in it; nobody plays any more. */
GD_CTL void gd_box_empty(GdBox *box);

#endif
