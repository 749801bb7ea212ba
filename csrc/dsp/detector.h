/* One compressor as bands use it: from the size of what is heard to octaves less, with a soft knee and two speeds. Any
 * thread. */
#ifndef GD_DSP_DETECTOR_H
#define GD_DSP_DETECTOR_H

#include "dynamics.h"

typedef struct {
    Knee knee;
    Lanes slope; /* octaves less for each above the threshold; below 0 where a ratio below 1 lifts instead */
    Speeds share;
} Detector;

INLINE Detector detector_of(Lanes threshold_db, Lanes knee_db, Lanes ratio, Lanes attack_s, Lanes release_s,
                            float seconds_per_frame)
{
    return (Detector){knee_of_db(threshold_db, knee_db), 1.0f - 1.0f / ratio,
                      {share_for(attack_s, seconds_per_frame), share_for(release_s, seconds_per_frame)}};
}

/* One frame: how far above its threshold a band is by now, in octaves. */
INLINE Lanes detector_step(const Detector *d, Lanes over, Lanes size)
{
    return follow(over, knee_above(d->knee, octaves_of(size)), d->share);
}

/* 24 dB in octaves: no band is lifted by more, whatever its settings ask for together. */
#define MOST_LIFT 3.98631371f

#endif
