/* Values for kernels that play: the control side. */
#include "box.h"

#include <stdlib.h>
#include <string.h>

#include "graphdaw.h"

enum { LINE = 64 };

static size_t lines(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

GdValue *gd_value_new(const void *bytes, uint32_t size, GdMedia *const *media, uint32_t media_count)
{
    const size_t head = lines(sizeof(GdValue)), body = lines(size);
    char *made = aligned_alloc(LINE, head + body + lines(media_count * sizeof *media));
    if (!made)
        return NULL;
    GdMedia **kept = (GdMedia **)(made + head + body);
    for (uint32_t k = 0; k < media_count; ++k) {
        kept[k] = media[k];
        ++media[k]->users;
    }
    memcpy(made + head, bytes, size); /* also populates it, so that the audio thread meets no page fault */
    *(GdValue *)made = (GdValue){.bytes = made + head, .media = kept, .media_count = media_count, .users = 1};
    return (GdValue *)made;
}

void gd_value_release(GdValue *value)
{
    if (!value || --value->users)
        return;
    for (uint32_t k = 0; k < value->media_count; ++k)
        gd_media_release(value->media[k]);
    free(value);
}

void gd_box_put(GdBox *box, GdValue *value)
{
    ++value->users;
    gd_box_sweep(box);
    gd_value_release(atomic_exchange_explicit(&box->next, value, memory_order_acq_rel));
}

void gd_box_sweep(GdBox *box)
{
    if (atomic_load_explicit(&box->retired, memory_order_relaxed))
        gd_value_release(atomic_exchange_explicit(&box->retired, NULL, memory_order_acq_rel));
}

void gd_box_empty(GdBox *box)
{
    gd_box_sweep(box);
    gd_value_release(atomic_exchange(&box->next, NULL));
    gd_value_release(box->live);
    box->live = NULL;
}
