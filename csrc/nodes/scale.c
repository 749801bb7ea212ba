/* scale: brings keys into a scale, or lets only those pass that are in it. */
#define NODE scale
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#include "kernel.h"
#include "dsp/held.h"
#include "dsp/settings.h"

enum { NEAREST, UP, DOWN, DROP };

/* As graphdaw/nodes/prepare/scales.py lays it out. */
typedef struct { uint32_t how, members; } Settings; /* members: bit k: key k above a c is in the scale */

typedef struct { Lanes unused; } State;

GD_RT static bool is_member(const Settings *s, int32_t key) { return s->members >> ((key % 12 + 12) % 12) & 1u; }

/* The member from which a key is reached in steps of `way`, which is up or down. */
GD_RT static int32_t member_from(const Settings *s, int32_t key, int32_t way)
{
    for (int32_t k = 0; k < 12 && !is_member(s, key); ++k)
        key += way;
    return key;
}

/* False for a note that is dropped. */
GD_RT static bool bring_in(const Settings *s, float *key)
{
    const float played = *key < -1000.0f ? -1000.0f : *key > 1000.0f ? 1000.0f : *key;
    const int32_t whole = (int32_t)__builtin_floorf(played + 0.5f);
    if (s->how == DROP)
        return is_member(s, whole);
    const int32_t floor = (int32_t)__builtin_floorf(played);
    const int32_t below = member_from(s, floor, -1), above = member_from(s, (float)floor == played ? floor : floor + 1, 1);
    const bool rises = s->how == UP || (s->how == NEAREST && (float)above - played < played - (float)below);
    *key = (float)(rises ? above : below);
    return true;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    GdEvents *out = events_out(b, OUT);
    const Settings *settings = settings_of(b);
    if (!settings)
        return;
    Held *held = (Held *)b->memory[0]->data;
    for (uint32_t k = 0; k < in->count; ++k) {
        GdEvent event = in->item[k];
        if (event.kind != GD_NOTE_ON)
            held_pass(held, &event, out);
        else if (bring_in(settings, &event.key))
            held_begin(held, &event, out);
    }
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Held) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
