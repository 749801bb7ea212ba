/* What the engine counts about its own punctuality, and whose fault a late block is. */
#ifndef GD_ACCOUNTING_H
#define GD_ACCOUNTING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"

/* Eight buckets to an octave from 256 ns to 17 s: a percentile read from them is at most 1/8 too long. */
enum { GD_BUCKET_BITS = 3, GD_BUCKET_FIRST = 8, GD_BUCKET_OCTAVES = 26, GD_BUCKETS = GD_BUCKET_OCTAVES << GD_BUCKET_BITS };

typedef struct GdHistogram {
    _Atomic uint64_t counts[GD_BUCKETS];
} GdHistogram;

typedef struct GdCounters {     /* written by the audio thread only, read by anyone */
    _Atomic uint64_t callbacks, frames, over_budget, gaps, not_finite, swaps, messages;
    _Atomic uint64_t host_late, driver_xruns, foreign_misses, overlaps;
    _Atomic uint64_t work_ns, time_ns, work_peak_ns, gap_peak_ns, swap_peak_ns;
    _Atomic uint32_t reset;     /* control asks for new peaks and percentiles */
    GdHistogram work, gap;
} GdCounters;

/* What must be remembered of the call before. */
typedef struct GdTiming {
    uint64_t start_ns;          /* 0: there was none, so that the next one has no gap */
    uint64_t period_ns;
    bool over_budget;
} GdTiming;

typedef struct GdCall {
    uint64_t start_ns, end_ns, period_ns;
    uint32_t flags;             /* GD_CALL_ of graphdaw.h */
} GdCall;

GD_RT static inline void gd_count(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + value, memory_order_relaxed);
}

GD_RT static inline void gd_note_peak(_Atomic uint64_t *peak, uint64_t value)
{
    if (value > atomic_load_explicit(peak, memory_order_relaxed))
        atomic_store_explicit(peak, value, memory_order_relaxed);
}

/* Count one call of the engine: pure but for its two structs, so that tests can tell it of any call. True if its own work
 * took more than 80 % of its time. */
GD_RT bool gd_account(GdCounters *counters, GdTiming *before, GdCall call);

/* The duration that the share `quantile` of those counted stays within, as the upper edge of its bucket; 0 without any. */
GD_ANY double gd_histogram_s(const GdHistogram *histogram, double quantile);

#endif
