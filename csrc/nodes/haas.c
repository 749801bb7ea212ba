/* haas: one side a little later than the other. */
#define NODE haas
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS P(TIME_S, "time_s") P(LEVEL_DB, "level_db")
#define CHOICES P(LATE, "late")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/math.h"
#include "dsp/ringing.h"

enum { LATE_RIGHT, LATE_LEFT };
enum { AHEAD = 2 /* frames both sides are late, for the cubic to read around any delay; the node's latency */ };

typedef struct {
    Ints ringing;
    Lanes level, early[AHEAD]; /* the last frames of the early side, the older first */
} State;

GD_RT static void reset(void *state, const GdBlock *b) { ((State *)state)->ringing = ringing_unknown(b); }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->level = db_to_level(b->param[LEVEL_DB][0]);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = ringing_over(s->ringing, b->lanes);
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->early[0], l) == 0.0f && LANE(s->early[1], l) == 0.0f;
    return rest;
}

/* The delay times of a slice, later by what both sides are late. */
INLINE void locate(Places *places, const Lines *lines, const GdBlock *b, Lanes *seconds)
{
    const Lanes *const times[] = {seconds};
    GdBlock timed = *b;
    timed.param = times;
    timed.stride = &b->stride[TIME_S];
    for (uint32_t i = 0; i < (MOVES(b, TIME_S) ? b->frames : 1); ++i)
        seconds[i] = b->param[TIME_S][i] + (float)AHEAD * b->seconds_per_frame;
    lines_locate(places, lines, &timed, 0, AHEAD);
}

INLINE void pass(State *s, const GdBlock *b, const Lanes *early, const Lanes *wet, Lanes *early_out, Lanes *late_out)
{
    const Lanes *restrict level_db = b->param[LEVEL_DB];
    const bool level_moves = MOVES(b, LEVEL_DB);
    for (uint32_t i = 0; i < b->frames; ++i) {
        early_out[i] = s->early[0];
        late_out[i] = wet[i] * (level_moves ? db_to_level(level_db[i]) : s->level);
        s->early[0] = s->early[1];
        s->early[1] = early[i];
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const bool left = b->choice[LATE] == LATE_LEFT;
    const Lanes *late = b->in[left ? LEFT_IN : RIGHT_IN], *early = b->in[left ? RIGHT_IN : LEFT_IN];
    Lanes wet[GD_SLICE], kept[GD_SLICE], seconds[GD_SLICE];
    Places places;
    const Lines lines = lines_of(b);
    Ints sounding = {0};
    for (uint32_t i = 0; i < b->frames; ++i) {
        kept[i] = line_safe(late[i]);
        sounding |= lanes_to_bits(kept[i]);
    }
    lines_write(&lines, kept, (uint32_t)b->time, b->frames, b->lanes);
    locate(&places, &lines, b, seconds);
    lines_read(wet, &lines, &places, 0, b->frames, true);
    pass(s, b, early, wet, b->out[left ? RIGHT_OUT : LEFT_OUT], b->out[left ? LEFT_OUT : RIGHT_OUT]);
    ringing_count(&s->ringing, sounding, b);
}

KERNEL(.effort = 130, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
