/* Values for kernels that play: the control side. */
#include "box.h"

#include <stdlib.h>
#include <string.h>

int gd_box_put(GdBox *box, const void *bytes, uint32_t size)
{
    void *copy = aligned_alloc(64, (size / 64 + 1) * 64);
    if (!copy)
        return 0;
    memcpy(copy, bytes, size); /* also populates it, so that the audio thread meets no page fault */
    free(atomic_exchange_explicit(&box->retired, NULL, memory_order_acq_rel));
    free(atomic_exchange_explicit(&box->next, copy, memory_order_acq_rel));
    return 1;
}

void gd_box_empty(GdBox *box)
{
    free(atomic_exchange(&box->next, NULL));
    free(atomic_exchange(&box->retired, NULL));
    free(box->live);
    box->live = NULL;
}
