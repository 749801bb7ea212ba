/* Making tempo maps. Control thread. */
#include "timeline.h"

#include <stdlib.h>
#include <string.h>

enum { TICKS_PER_QUARTER = 960, SHORTEST_LOOP = 128 /* frames */ };

GdTimeline *gd_timeline_new(const GdTimelineSpec *spec, float sample_rate_hz)
{
    size_t spans = spec->span_count * sizeof *spec->spans, bars = spec->bar_count * sizeof *spec->bars;
    GdTimeline *timeline = malloc(sizeof *timeline + spans + bars);
    if (!timeline)
        return NULL;
    char *behind = (char *)(timeline + 1);
    memcpy(behind, spec->spans, spans);
    memcpy(behind + spans, spec->bars, bars);
    *timeline = (GdTimeline){.frames_per_beat_minute = 60.0 * (double)sample_rate_hz / TICKS_PER_QUARTER,
                             .loop_start = spec->loop_start, .loop_end = spec->loop_end, .span_count = spec->span_count,
                             .bar_count = spec->bar_count, .spans = (const GdTempoSpan *)behind,
                             .bars = (const GdBars *)(behind + spans)};
    if (timeline->loop_end < timeline->loop_start + SHORTEST_LOOP)
        timeline->loop_end = timeline->loop_start;
    return timeline;
}
