/* Note lengths as the choice `sync` names them. Any thread. */
#ifndef GD_DSP_TEMPO_H
#define GD_DSP_TEMPO_H

#include "../lanes.h"

enum { SYNC_FREE, SYNC_OPTIONS = 17 }; /* of the choice `sync`, which graphdaw/nodes/tempo.py declares */

/* Quarter notes in a note of that name; of "free", which has no length, 1. */
static inline float beats_of_sync(uint32_t choice)
{
    static const float beats[SYNC_OPTIONS] = {
        1.0f,                                            /* free */
        16.0f, 8.0f, 4.0f,                               /* 4/1, 2/1, 1/1 */
        2.0f, 3.0f, 1.33333333f,                         /* 1/2, dotted, triplet */
        1.0f, 1.5f, 0.666666667f, 0.5f, 0.75f, 0.333333333f, /* 1/4, 1/8 */
        0.25f, 0.375f, 0.166666667f, 0.125f,             /* 1/16, 1/32 */
    };
    return beats[choice < SYNC_OPTIONS ? choice : SYNC_FREE];
}

/* Notes of that name a second. */
INLINE Lanes sync_hz(Lanes tempo_bpm, uint32_t choice) { return tempo_bpm * (1.0f / (60.0f * beats_of_sync(choice))); }
/* Seconds a note of that name takes. */
INLINE Lanes sync_seconds(Lanes tempo_bpm, uint32_t choice) { return (60.0f * beats_of_sync(choice)) / tempo_bpm; }

#endif
