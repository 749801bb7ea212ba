/* A box in which the control thread leaves a value for a kernel that plays, such as the notes of a track: only the newest
 * counts, what was replaced comes back to be freed, and nobody waits. As with plans (engine.h), the audio thread takes
 * nothing while the value that it put away before is still there. */
#ifndef GD_BOX_H
#define GD_BOX_H

#include <stdatomic.h>
#include <stdint.h>

#include "attrs.h"

typedef struct GdBox {
    _Atomic(void *) next;    /* control puts, audio takes */
    _Atomic(void *) retired; /* audio puts, control takes */
    void *live;              /* audio */
} GdBox;

/* What lies in the box now; null before anything was put there. Once a slice. */
GD_RT static inline const void *gd_box_look(GdBox *box)
{
    if (!box)
        return 0;
    if (atomic_load_explicit(&box->next, memory_order_relaxed) && !atomic_load_explicit(&box->retired, memory_order_acquire)) {
        void *before = box->live;
        box->live = atomic_exchange_explicit(&box->next, (void *)0, memory_order_acq_rel);
        atomic_store_explicit(&box->retired, before, memory_order_release);
    }
    return box->live;
}

/* --- box.c --- */
/* Put a copy of these bytes into the box; false when out of memory, and all is as before. */
GD_CTL int gd_box_put(GdBox *box, const void *bytes, uint32_t size);
/* Free all that lies in it; nobody plays any more. */
GD_CTL void gd_box_empty(GdBox *box);

#endif
