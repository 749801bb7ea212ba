/* Counting calls of the engine and blaming late ones: on the audio thread, but for reading the histograms. */
#include "accounting.h"

#include "graphdaw.h"

GD_RT static uint32_t bucket(uint64_t ns)
{
    if (ns < 1u << GD_BUCKET_FIRST)
        return 0;
    uint32_t octave = 63 - (uint32_t)__builtin_clzll(ns);
    uint32_t part = (uint32_t)(ns >> (octave - GD_BUCKET_BITS)) & ((1u << GD_BUCKET_BITS) - 1);
    uint32_t index = (octave - GD_BUCKET_FIRST) << GD_BUCKET_BITS | part;
    return index < GD_BUCKETS ? index : GD_BUCKETS - 1;
}

/* The next bucket begins where this one ends. */
static double upper_edge_s(uint32_t index)
{
    uint64_t next = index + 1;
    uint64_t parts = (1u << GD_BUCKET_BITS) + (next & ((1u << GD_BUCKET_BITS) - 1));
    return (double)(parts << ((next >> GD_BUCKET_BITS) + GD_BUCKET_FIRST - GD_BUCKET_BITS)) * 1e-9;
}

double gd_histogram_s(const GdHistogram *histogram, double quantile)
{
    uint64_t total = 0, seen = 0;
    for (uint32_t k = 0; k < GD_BUCKETS; ++k)
        total += atomic_load_explicit(&histogram->counts[k], memory_order_relaxed);
    for (uint32_t k = 0; k < GD_BUCKETS && total; ++k) {
        seen += atomic_load_explicit(&histogram->counts[k], memory_order_relaxed);
        if ((double)seen >= quantile * (double)total)
            return upper_edge_s(k);
    }
    return total ? upper_edge_s(GD_BUCKETS - 1) : 0.0;
}

GD_RT static void start_again(GdCounters *counters)
{
    atomic_store_explicit(&counters->work_peak_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&counters->gap_peak_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&counters->swap_peak_ns, 0, memory_order_relaxed);
    for (uint32_t k = 0; k < GD_BUCKETS; ++k) {
        atomic_store_explicit(&counters->work.counts[k], 0, memory_order_relaxed);
        atomic_store_explicit(&counters->gap.counts[k], 0, memory_order_relaxed);
    }
}

/* A late start is the host's fault only if the call before left it the time: else it is our own work that came late. */
GD_RT static void note_gap(GdCounters *counters, const GdTiming *before, uint64_t start_ns)
{
    uint64_t gap_ns = start_ns - before->start_ns;
    bool late = gap_ns * 2 > before->period_ns * 3;
    gd_count(&counters->gap.counts[bucket(gap_ns)], 1);
    gd_note_peak(&counters->gap_peak_ns, gap_ns);
    gd_count(&counters->gaps, late);
    gd_count(&counters->host_late, late && !before->over_budget);
}

bool gd_account(GdCounters *counters, GdTiming *before, GdCall call)
{
    if (atomic_exchange_explicit(&counters->reset, 0, memory_order_relaxed))
        start_again(counters);
    uint64_t work_ns = call.end_ns - call.start_ns;
    bool over_budget = work_ns * 5 > call.period_ns * 4;
    if (before->start_ns)
        note_gap(counters, before, call.start_ns);
    *before = (GdTiming){.start_ns = call.start_ns, .period_ns = call.period_ns, .over_budget = over_budget};
    gd_count(&counters->callbacks, 1);
    gd_count(&counters->work_ns, work_ns);
    gd_count(&counters->time_ns, call.period_ns);
    gd_count(&counters->work.counts[bucket(work_ns)], 1);
    gd_note_peak(&counters->work_peak_ns, work_ns);
    gd_count(&counters->over_budget, over_budget);
    gd_count(&counters->driver_xruns, (call.flags & GD_CALL_XRUN) != 0);
    return over_budget;
}
