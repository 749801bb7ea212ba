/* reverb: a room, hall or plate of two channels; linked. */
#define NODE reverb
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                      \
    P(MIX, "mix") P(DECAY_S, "decay_s") P(SIZE, "size") P(PREDELAY_S, "predelay_s") P(LOW_RATIO, "low_ratio")       \
    P(LOW_HZ, "low_hz") P(HIGH_RATIO, "high_ratio") P(HIGH_HZ, "high_hz") P(DIFFUSION, "diffusion")                 \
    P(MODULATION, "modulation") P(EARLY_LATE, "early_late") P(WIDTH, "width") P(LOW_CUT_HZ, "low_cut_hz")           \
    P(HIGH_CUT_HZ, "high_cut_hz") P(FREEZE, "freeze")
#define CHOICES P(KIND, "kind")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/fade.h"
#include "dsp/svf.h"
#include "dsp/tank.h"

/* What the network's filters are made of, from parameters at the beginning of a cell: losses in octaves of level a second
 * below, between and above the crossovers, and tangents of those. It goes from the last cell's values to this one's. */
enum { LOSS_LOW, LOSS, LOSS_HIGH, TAN_LOW, TAN_HIGH, SPREAD, SWAY, GAIN, KNOBS };
enum { FADE = 4096 /* frames of a cross-fade between two shapes */ };

typedef struct {
    Lanes was[KNOBS], now[KNOBS];
    Lanes old_size, size, old_predelay, predelay; /* predelay in frames */
    Ints old_kind, kind, faded, started, ringing;
    Lanes low[TANK_LINES], high[TANK_LINES];
    SvfState cut[TANK_SIDES][2];
    SvfCoefs low_cut, high_cut;
} State;

/* Lines reach `octaves` down from the longest by way of the middle; reflections come from `first_s` to `last_s`. */
typedef struct { float longest_s, octaves, middle_s, first_s, last_s; } Room;
static const Room rooms[] = {
    {0.0808f, 1.43f, 0.0492f, 0.0115f, 0.0710f}, /* hall */
    {0.0517f, 1.58f, 0.0299f, 0.0052f, 0.0380f}, /* chamber */
    {0.0422f, 1.85f, 0.0222f, 0.0011f, 0.0150f}, /* plate */
    {0.0291f, 1.81f, 0.0155f, 0.0023f, 0.0220f}, /* room */
};

INLINE Ints whole_number(int32_t x) { return (Ints){0} + x; }

/* tan of an angle up to 0.49 pi, the fit of svf_coefs. */
INLINE Lanes tangent(Lanes angle)
{
    Lanes x = lanes_min(angle, lanes(1.53938040f)), z = x * x;
    return x * (890.53947f + z * (-99.7648562f + z)) / (890.539457f + z * (-396.61106f + z * 14.4642264f));
}

/* How far a cross-fade has come, smoothly, for frames since it began. */
INLINE Lanes faded_part(Lanes frames)
{
    const Lanes t = lanes_clamp(frames * (1.0f / FADE), lanes(0.0f), lanes(1.0f));
    return t * t * (3.0f - 2.0f * t);
}

/* Seconds of the middle line, half-way from one shape to another in a cross-fade. */
INLINE Lanes middle_line(const State *s, const GdBlock *b)
{
    Lanes old = lanes(0.0f), now = old;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const int32_t old_kind = LANE(s->old_kind, l);
        LANE(old, l) = rooms[old_kind < 0 ? 0 : old_kind].middle_s * LANE(s->old_size, l);
        LANE(now, l) = rooms[LANE(s->kind, l)].middle_s * LANE(s->size, l);
    }
    return old + faded_part(lanes_from_ints(s->faded)) * (now - old);
}

/* The gain of what enters keeps the energy of the whole tail much the same for any decay. */
INLINE void read_knobs(const State *s, const GdBlock *b, Lanes to[KNOBS])
{
    const Lanes on = 1.0f - b->param[FREEZE][0], loss = -9.96578428f * on / b->param[DECAY_S][0];
    const float half_turn = 3.14159265f * b->seconds_per_frame;
    const Lanes kept = exp2_lanes(2.0f * middle_line(s, b) * loss);
    to[LOSS] = loss;
    to[LOSS_LOW] = loss / b->param[LOW_RATIO][0];
    to[LOSS_HIGH] = loss / b->param[HIGH_RATIO][0];
    to[TAN_LOW] = tangent(b->param[LOW_HZ][0] * half_turn);
    to[TAN_HIGH] = tangent(b->param[HIGH_HZ][0] * half_turn);
    to[SPREAD] = 0.8f * b->param[DIFFUSION][0];
    to[SWAY] = 0.0005f * b->sample_rate_hz * on * b->param[MODULATION][0];
    to[GAIN] = on * lanes_sqrt((1.0f - kept) / (0.2f + 0.8f * kept));
}

INLINE bool differs(Lanes a, Lanes b, uint32_t l) { return LANE(a, l) != LANE(b, l); }

INLINE bool shape_is_old(const State *s, const GdBlock *b, uint32_t l)
{
    return LANE(s->kind, l) != b->choice[KIND] || differs(s->size, b->param[SIZE][0], l)
           || LANE(s->predelay, l) != (float)(int32_t)(LANE(b->param[PREDELAY_S][0], l) * b->sample_rate_hz);
}

INLINE void take_shape(State *s, const GdBlock *b, uint32_t l)
{
    LANE(s->old_kind, l) = LANE(s->kind, l);
    LANE(s->old_size, l) = LANE(s->size, l);
    LANE(s->old_predelay, l) = LANE(s->predelay, l);
    LANE(s->kind, l) = b->choice[KIND];
    LANE(s->size, l) = LANE(b->param[SIZE][0], l);
    LANE(s->predelay, l) = (float)(int32_t)(LANE(b->param[PREDELAY_S][0], l) * b->sample_rate_hz);
}

/* Once a cell, and in the first slice of all: what was aimed at is where it goes on from. */
INLINE void begin_cell(State *s, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(s->faded, l) >= FADE && shape_is_old(s, b, l)) {
            take_shape(s, b, l);
            LANE(s->faded, l) = LANE(s->started, l) ? 0 : FADE;
        }
    Lanes aim[KNOBS];
    read_knobs(s, b, aim);
    const Ints began = s->started;
    for (uint32_t k = 0; k < KNOBS; ++k) {
        s->was[k] = lanes_where(began, s->now[k], aim[k]);
        s->now[k] = aim[k];
    }
    s->started = whole_number(-1);
    for (uint32_t k = 0; k < TANK_SIDES * 2; ++k)
        s->cut[k / 2][k % 2] = svf_settle(s->cut[k / 2][k % 2]);
    for (uint32_t k = 0; k < TANK_LINES; ++k) {
        s->low[k] = lanes_where(lanes_at_least(lanes_abs(s->low[k]), lanes(1e-12f)), s->low[k], lanes(0.0f));
        s->high[k] = lanes_where(lanes_at_least(lanes_abs(s->high[k]), lanes(1e-12f)), s->high[k], lanes(0.0f));
    }
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    s->faded = whole_number(FADE);
    s->kind = whole_number(-1);
    (void)b;
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    const float half_turn = 3.14159265f * b->seconds_per_frame;
    s->low_cut = svf_coefs(b->param[LOW_CUT_HZ][0] * half_turn, lanes(1.41421356f));
    s->high_cut = svf_coefs(b->param[HIGH_CUT_HZ][0] * half_turn, lanes(1.41421356f));
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    Lanes any = lanes(0.0f), moves = lanes(0.0f);
    for (uint32_t k = 0; k < TANK_SIDES * 2; ++k)
        any += lanes_abs(s->cut[k / 2][k % 2].band) + lanes_abs(s->cut[k / 2][k % 2].low);
    for (uint32_t k = 0; k < TANK_LINES; ++k)
        any += lanes_abs(s->low[k]) + lanes_abs(s->high[k]);
    for (uint32_t k = 0; k < KNOBS; ++k)
        moves += lanes_abs(s->was[k] - s->now[k]);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(any, l) != 0.0f || LANE(moves, l) != 0.0f || LANE(s->ringing, l) > 0 || LANE(s->faded, l) < FADE
            || shape_is_old(s, b, l))
            return false;
    return true;
}

/* --- the slice of one lane --- */

/* Lengths lie unevenly on a logarithmic scale, so that few of their sums fall together. */
INLINE void shape_of(TankShape *shape, const Tank *t, const GdBlock *b, int32_t kind, float size, float predelay)
{
    static const float spread[TANK_LINES] = {0.000f, 0.036f, 0.618f, 0.573f, 0.236f, 0.281f, 0.854f, 0.910f,
                               0.472f, 0.427f, 0.091f, 0.146f, 0.708f, 0.764f, 1.000f, 0.962f};
    static const float taps[TANK_SIDES][TANK_TAPS] = {{0.000f, 0.093f, 0.171f, 0.305f, 0.432f, 0.611f, 0.797f, 1.000f},
                                                      {0.041f, 0.118f, 0.226f, 0.347f, 0.504f, 0.652f, 0.871f, 0.953f}};
    const Room *room = &rooms[kind < 0 ? 0 : kind];
    const float longest = (float)(t->line[0].mask + 1 - 2 * GD_SLICE), frames = size * b->sample_rate_hz;
    float lines[TANK_LINES];
    for (uint32_t l = 0; l < TANK_LINES; l += ROW) {
        const Row octaves_down = room->octaves * (row_load(spread + l) - 1.0f);
        row_store(lines + l, row_exp2(octaves_down) * (frames * room->longest_s) + 0.5f);
    }
    shape->least = t->line[0].mask;
    for (uint32_t l = 0; l < TANK_LINES; ++l) {
        shape->line[l] = (int32_t)(lines[l] < 8.0f ? 8.0f : lines[l] < longest ? lines[l] : longest);
        shape->least = (uint32_t)shape->line[l] < shape->least ? (uint32_t)shape->line[l] : shape->least;
    }
    shape->before = (uint32_t)predelay;
    for (uint32_t k = 0; k < TANK_SIDES * TANK_TAPS; ++k) {
        const float tap = frames * (room->first_s + (room->last_s - room->first_s) * taps[k % 2][k / 2]);
        shape->tap[k % 2][k / 2] = (uint32_t)(tap < longest ? tap : longest);
    }
}

/* The filter of each line. A shelf's pole is moved by the root of its gain, so that half its decibels lie at the
 * crossover and all lines keep in step there too. */
INLINE TankLoss loss_of(const float knob[KNOBS], Row length_s)
{
    const Row gain = row_exp2(length_s * knob[LOSS]);
    const Row half_low = row_exp2(length_s * (0.5f * (knob[LOSS_LOW] - knob[LOSS])));
    const Row half_high = row_exp2(length_s * (0.5f * (knob[LOSS_HIGH] - knob[LOSS])));
    const Row low = knob[TAN_LOW] / half_low, high = knob[TAN_HIGH] * half_high, shelf = half_high * half_high;
    return (TankLoss){2.0f * low / (1.0f + low), 0.5f * (half_low * half_low - 1.0f), 2.0f * high / (1.0f + high),
                      gain * shelf, 0.5f * gain * (1.0f - shelf)};
}

/* Seconds of a row of lines, `faded` frames into a cross-fade. */
INLINE Row lengths_of(const TankSlice *slice, uint32_t first, float spf, float faded)
{
    RowInts now, was;
    memcpy(&now, slice->now->line + first, sizeof now);
    memcpy(&was, (slice->was ? slice->was : slice->now)->line + first, sizeof was);
    const float t = faded * (1.0f / FADE);
    const Row from = __builtin_convertvector(was, Row), to = __builtin_convertvector(now, Row);
    return (from + t * t * (3.0f - 2.0f * t) * (to - from)) * spf;
}

/* Filters at the cell's first frame and their way to the next cell's; `faded` frames of a cross-fade are over. */
INLINE void set_loss(TankSlice *slice, const float was[KNOBS], const float now[KNOBS], float spf, float faded)
{
    const float part = 1.0f / GD_SLICE;
    slice->ramps = slice->was != NULL;
    for (uint32_t k = 0; k < KNOBS; ++k)
        slice->ramps |= was[k] != now[k];
    for (uint32_t r = 0; r < TANK_ROWS; ++r) {
        const TankLoss from = slice->loss[r] = loss_of(was, lengths_of(slice, r * ROW, spf, faded));
        if (!slice->ramps)
            continue;
        const TankLoss aim = loss_of(now, lengths_of(slice, r * ROW, spf, faded + GD_SLICE));
        slice->slope[r] = (TankLoss){part * (aim.low_step - from.low_step), part * (aim.low - from.low),
                                     part * (aim.high_step - from.high_step), part * (aim.direct - from.direct),
                                     part * (aim.high - from.high)};
    }
}

/* Parabolas as smooth as sines, each line at its own slow rate: a line's pitch wanders by 1 cent at most at a tenth of a
 * millisecond, and the lines do not move together. */
INLINE Row wave_of(RowWords turns)
{
    const Row t = __builtin_convertvector((RowInts)turns, Row) * 0x1p-32f;
    return 8.0f * t * (1.0f - 2.0f * row_abs(t));
}

INLINE void set_sway(TankSlice *slice, const GdBlock *b, float was, float now)
{
    static const float rates_hz[TANK_LINES] = {0.31f, 0.83f, 0.47f, 0.61f, 0.73f, 0.37f, 0.55f, 0.67f,
                                 0.43f, 0.79f, 0.29f, 0.59f, 0.71f, 0.41f, 0.53f, 0.35f};
    const float to_units = 0x1p32f * GD_SLICE * b->seconds_per_frame;
    for (uint32_t l = 0; l < TANK_LINES; l += ROW) {
        const RowWords line = (RowWords)__builtin_convertvector(row_counting((float)l), RowInts);
        const RowWords step = (RowWords)__builtin_convertvector(row_load(rates_hz + l) * to_units, RowInts);
        const RowWords turns = 0x9e3779b9u * line + step * (uint32_t)(b->time / GD_SLICE); /* begin apart */
        const Row from = was * wave_of(turns), slope = (now * wave_of(turns + step) - from) * (1.0f / GD_SLICE);
        for (uint32_t k = 0; k < ROW; ++k)
            slice->sway[l + k] = (Sway){from[k], slope[k]};
    }
}

INLINE void set_diffusers(TankSlice *slice, float rate_hz)
{
    static const float seconds[TANK_SIDES][TANK_DIFFUSERS] = {{0.00477f, 0.00360f, 0.01273f, 0.00931f},
                                                              {0.00503f, 0.00337f, 0.01181f, 0.00998f}};
    for (uint32_t k = 0; k < TANK_SIDES * TANK_DIFFUSERS; ++k)
        slice->diffuser_delay[k % 2][k / 2] = (uint32_t)(seconds[k % 2][k / 2] * rate_hz);
}

INLINE uint32_t fewer(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Frames that can be worked on at once: no line is read before it has been written. */
INLINE uint32_t longest_run(const TankSlice *s, float sway)
{
    uint32_t run = s->was ? fewer(s->now->least, s->was->least) : s->now->least;
    run -= (uint32_t)sway + 3;
    for (uint32_t k = 0; k < TANK_SIDES * TANK_DIFFUSERS; ++k)
        run = fewer(run, s->diffuser_delay[k % 2][k / 2]);
    return run;
}

INLINE void fade_shares(float share[TANK_WIDE], int32_t faded)
{
    for (uint32_t k = 0; k < TANK_WIDE; k += ROW) {
        const Row t = row_min(row_counting((float)(faded + (int32_t)k)) * (1.0f / FADE), row(1.0f));
        row_store(share + k, t * t * (3.0f - 2.0f * t));
    }
}

typedef struct { float in[TANK_SIDES][TANK_WIDE], early[TANK_SIDES][TANK_WIDE], late[TANK_SIDES][TANK_WIDE]; } Sound;

/* All but the shapes, from what the lane's cell begins and ends with; the longest run of frames is given back. */
INLINE uint32_t set_slice(TankSlice *slice, const State *s, const GdBlock *b, uint32_t l)
{
    const float part = 1.0f / GD_SLICE;
    float was[KNOBS], now[KNOBS];
    for (uint32_t k = 0; k < KNOBS; ++k) {
        was[k] = LANE(s->was[k], l);
        now[k] = LANE(s->now[k], l);
    }
    set_loss(slice, was, now, b->seconds_per_frame, (float)(LANE(s->faded, l) - (int32_t)b->offset));
    set_sway(slice, b, was[SWAY], now[SWAY]);
    set_diffusers(slice, b->sample_rate_hz);
    slice->diffusion = was[SPREAD];
    slice->diffusion_slope = (now[SPREAD] - was[SPREAD]) * part;
    slice->gain = was[GAIN];
    slice->gain_slope = (now[GAIN] - was[GAIN]) * part;
    return longest_run(slice, was[SWAY] > now[SWAY] ? was[SWAY] : now[SWAY]);
}

INLINE void carry_charge(TankCharge charge[TANK_ROWS], State *s, uint32_t l, bool back)
{
    for (uint32_t k = 0; k < TANK_LINES; ++k) {
        float *low = (float *)&charge[k / ROW].low + k % ROW, *high = (float *)&charge[k / ROW].high + k % ROW;
        if (back) {
            LANE(s->low[k], l) = *low;
            LANE(s->high[k], l) = *high;
        } else {
            *low = LANE(s->low[k], l);
            *high = LANE(s->high[k], l);
        }
    }
}

/* True if the lane still holds sound. */
GD_RT static __attribute__((noinline)) bool run_lane(State *s, const GdBlock *b, uint32_t l, Sound *sound)
{
    const Tank tank = tank_of(b->memory[l]);
    TankShape shape, old;
    TankSlice slice = {.now = &shape, .time = (uint32_t)b->time - b->offset, .offset = b->offset};
    TankCharge charge[TANK_ROWS];
    float share[TANK_WIDE], entering[TANK_SIDES][TANK_WIDE] = {{0}};
    shape_of(&shape, &tank, b, LANE(s->kind, l), LANE(s->size, l), LANE(s->predelay, l));
    if (LANE(s->faded, l) < FADE) {
        shape_of(&old, &tank, b, LANE(s->old_kind, l), LANE(s->old_size, l), LANE(s->old_predelay, l));
        fade_shares(share, LANE(s->faded, l));
        slice.was = &old;
        slice.fade = share;
    }
    const uint32_t run = set_slice(&slice, s, b, l);
    const float *const in[TANK_SIDES] = {sound->in[0], sound->in[1]};
    float *const early[TANK_SIDES] = {sound->early[0], sound->early[1]};
    float *const late[TANK_SIDES] = {sound->late[0], sound->late[1]};
    carry_charge(charge, s, l, false);
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = fewer(run, b->frames - from);
        tank_enter(&tank, &slice, in, early, entering, b->offset + from, n);
        tank_turn(&tank, &slice, charge, entering, late, b->offset + from, n);
    }
    carry_charge(charge, s, l, true);
    return slice.sounding;
}

/* --- all lanes --- */

/* One frame of one side through its two cuts, which are Butterworth filters. */
INLINE Lanes cut(SvfState state[2], SvfCoefs low_cut, SvfCoefs high_cut, Lanes in)
{
    const Lanes x = line_safe(in);
    const SvfState low = svf_step(state[0], low_cut, x);
    const Lanes above = x - 0.5f * (1.41421356f * (state[0].band + low.band) + (state[0].low + low.low));
    const SvfState high = svf_step(state[1], high_cut, above);
    const Lanes between = 0.5f * (state[1].low + high.low);
    state[0] = low;
    state[1] = high;
    return between;
}

/* Both sides in one loop: four filters wait for themselves at a time, not two. */
INLINE void cut_sides(State *s, const GdBlock *b, Lanes to[TANK_SIDES][GD_SLICE])
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    const Lanes *restrict low_hz = b->param[LOW_CUT_HZ], *restrict high_hz = b->param[HIGH_CUT_HZ];
    const float half_turn = 3.14159265f * b->seconds_per_frame;
    const bool low_moves = MOVES(b, LOW_CUT_HZ), high_moves = MOVES(b, HIGH_CUT_HZ);
    const Lanes damping = lanes(1.41421356f);
    SvfState on_left[2] = {s->cut[0][0], s->cut[0][1]}, on_right[2] = {s->cut[1][0], s->cut[1][1]};
    SvfCoefs low_cut = s->low_cut, high_cut = s->high_cut;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (low_moves)
            low_cut = svf_coefs(low_hz[i] * half_turn, damping);
        if (high_moves)
            high_cut = svf_coefs(high_hz[i] * half_turn, damping);
        to[0][i] = cut(on_left, low_cut, high_cut, left[i]);
        to[1][i] = cut(on_right, low_cut, high_cut, right[i]);
    }
    for (uint32_t k = 0; k < 2; ++k) {
        s->cut[0][k] = on_left[k];
        s->cut[1][k] = on_right[k];
    }
}

INLINE void mix_out(const GdBlock *b, Lanes early[TANK_SIDES][GD_SLICE], Lanes late[TANK_SIDES][GD_SLICE])
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    const Lanes *restrict mix = b->param[MIX], *restrict balance = b->param[EARLY_LATE], *restrict width = b->param[WIDTH];
    const uint32_t mix_stride = b->stride[MIX], balance_stride = b->stride[EARLY_LATE], width_stride = b->stride[WIDTH];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes share = mix[i * mix_stride], e = balance[i * balance_stride], w = width[i * width_stride];
        const Lanes near = 1.0f - e * e, far = e * (2.0f - e);
        const Lanes l = near * early[0][i] + far * late[0][i], r = near * early[1][i] + far * late[1][i];
        const Lanes middle = 0.5f * (l + r), side = 0.5f * w * (l - r);
        left_out[i] = left[i] * (1.0f - share) + (middle + side) * share;
        right_out[i] = right[i] * (1.0f - share) + (middle - side) * share;
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes in[TANK_SIDES][GD_SLICE], early[TANK_SIDES][GD_SLICE], late[TANK_SIDES][GD_SLICE];
    if (b->offset == 0 || LANE(s->started, 0) == 0)
        begin_cell(s, b);
    cut_sides(s, b, in);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        Sound sound;
        bool sounding = false;
        for (uint32_t c = 0; c < TANK_SIDES; ++c)
            for (uint32_t i = 0; i < b->frames; ++i) {
                sound.in[c][i] = LANE(in[c][i], l);
                sounding |= LANE(in[c][i], l) != 0.0f;
            }
        sounding |= run_lane(s, b, l, &sound);
        for (uint32_t c = 0; c < TANK_SIDES; ++c)
            for (uint32_t i = 0; i < b->frames; ++i) {
                LANE(early[c][i], l) = sound.early[c][i];
                LANE(late[c][i], l) = sound.late[c][i];
            }
        const int32_t left = LANE(s->ringing, l) - (int32_t)b->frames;
        LANE(s->ringing, l) = sounding ? (int32_t)(b->memory[l]->frames / 4) : left > 0 ? left : 0;
        if (LANE(s->faded, l) < FADE)
            LANE(s->faded, l) += (int32_t)b->frames;
    }
    mix_out(b, early, late);
}

KERNEL(.effort = 3000, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
