/* echo: the stereo delay with filters, limiting and tape in its loop; linked. */
#define NODE echo
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                           \
    P(MIX, "mix") P(TIME_S, "time_s") P(TEMPO_BPM, "tempo_bpm") P(RIGHT_RATIO, "right_ratio") P(FEEDBACK, "feedback")    \
    P(LOW_CUT_HZ, "low_cut_hz") P(HIGH_CUT_HZ, "high_cut_hz") P(DRIVE, "drive") P(WOW, "wow") P(FLUTTER, "flutter")      \
    P(DUCK_DB, "duck_db") P(WIDTH, "width") P(FREEZE, "freeze")
#define CHOICES P(SYNC, "sync") P(ROUTE, "route") P(STYLE, "style")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/ringing.h"
#include "dsp/swing.h"
#include "dsp/song.h"

enum { STEREO, PING_PONG, CROSS };
enum { DIGITAL, TAPE };
enum { SHORTEST = 3, SIDES = 2, FADE = 2048 /* frames between two digital times */ };

static const float inertia_s = 0.06f;                     /* of the tape's motor, and again of its reel */
static const float attack_s = 0.003f, release_s = 0.25f;  /* of the ducking */

typedef struct {
    Lanes low[SIDES], high[SIDES]; /* charges of the loop's filters */
    Lanes low_step, high_step, gain;
    Lanes loud;                    /* of the source, for ducking */
    Lanes place[SIDES], pull[SIDES]; /* delays of the tape as it is and as it is drawn to, in frames */
    Lanes old[SIDES], now[SIDES];  /* digital delays, in frames */
    Ints faded, moved, ringing;
} State;

INLINE Ints whole_number(int32_t x) { return (Ints){0} + x; }

/* Twice g / (1 + g) with g the tangent of half the corner's angle, held to 0.49 pi: the fit of svf_coefs. */
INLINE Lanes step_of(Lanes hz, const GdBlock *b)
{
    const Lanes x = lanes_min(hz * (3.14159265f * b->seconds_per_frame), lanes(1.53938040f)), z = x * x;
    const Lanes n = x * (890.53947f + z * (-99.7648562f + z)), d = 890.539457f + z * (-396.61106f + z * 14.4642264f);
    return 2.0f * n / (d + n);
}

/* Tape saturates at 12 dB over full scale without drive, and 18 dB below it with all. */
INLINE Lanes gain_of(Lanes drive) { return exp2_lanes(5.0f * drive - 2.0f); }

/* The delay asked for, in frames. */
INLINE Lanes wanted(const GdBlock *b, uint32_t side, uint32_t i)
{
    Lanes seconds = b->choice[SYNC] == SYNC_FREE
                        ? b->param[TIME_S][i * b->stride[TIME_S]]
                        : sync_seconds(tempo_or_song(b, b->param[TEMPO_BPM][i * b->stride[TEMPO_BPM]], i), b->choice[SYNC]);
    if (side)
        seconds *= b->param[RIGHT_RATIO][i * b->stride[RIGHT_RATIO]];
    return lanes_max(seconds * b->sample_rate_hz, lanes((float)SHORTEST));
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    s->ringing = ringing_unknown(b);
    s->faded = whole_number(FADE);
}

/* A new node begins at the delay that is asked for. */
INLINE void begin(State *s, const GdBlock *b)
{
    const Ints fresh = MASK(s->now[0] == 0.0f);
    if (!any_lane(fresh))
        return;
    for (uint32_t c = 0; c < SIDES; ++c) {
        const Lanes asked = wanted(b, c, 0);
        s->old[c] = lanes_where(fresh, asked, s->old[c]);
        s->now[c] = lanes_where(fresh, asked, s->now[c]);
        s->place[c] = lanes_where(fresh, asked, s->place[c]);
        s->pull[c] = lanes_where(fresh, asked, s->pull[c]);
    }
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->low_step = step_of(b->param[LOW_CUT_HZ][0], b);
    s->high_step = step_of(b->param[HIGH_CUT_HZ][0], b);
    s->gain = gain_of(b->param[DRIVE][0]);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    const Lanes any = lanes_abs(s->low[0]) + lanes_abs(s->low[1]) + lanes_abs(s->high[0]) + lanes_abs(s->high[1]) + s->loud;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        if (LANE(any, l) != 0.0f || LANE(s->faded, l) < FADE || LANE(s->moved, l))
            return false;
        for (uint32_t c = 0; c < SIDES && b->choice[STYLE] == DIGITAL; ++c) {
            const Lanes aim = wanted(b, c, 0);
            if (LANE(s->now[c], l) != LANE(aim, l))
                return false;
        }
    }
    return ringing_over(s->ringing, b->lanes);
}

/* Once a cell: a digital time that has changed begins to fade, unless the last one still does; the tape stands ready
 * at that time for when the style changes. */
INLINE void begin_cell(State *s, const GdBlock *b)
{
    const Lanes zero = lanes(0.0f), tiny = lanes(1e-10f);
    for (uint32_t c = 0; c < SIDES; ++c) {
        s->low[c] = lanes_where(lanes_at_least(lanes_abs(s->low[c]), tiny), s->low[c], zero);
        s->high[c] = lanes_where(lanes_at_least(lanes_abs(s->high[c]), tiny), s->high[c], zero);
    }
    s->loud = lanes_where(lanes_at_least(s->loud, lanes(1e-6f)), s->loud, zero);
    const Lanes left = wanted(b, 0, 0), right = wanted(b, 1, 0);
    if (b->choice[STYLE] == DIGITAL) {
        s->place[0] = s->pull[0] = s->now[0];
        s->place[1] = s->pull[1] = s->now[1];
        s->moved = (Ints){0};
    }
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(s->faded, l) >= FADE && (LANE(s->now[0], l) != LANE(left, l) || LANE(s->now[1], l) != LANE(right, l))) {
            LANE(s->old[0], l) = LANE(s->now[0], l);
            LANE(s->old[1], l) = LANE(s->now[1], l);
            LANE(s->now[0], l) = LANE(left, l);
            LANE(s->now[1], l) = LANE(right, l);
            LANE(s->faded, l) = 0;
        }
}

/* Wow and flutter of a tape in frames, both sides alike: each of two sines that never fall together. */
INLINE Lanes waver(const GdBlock *b, uint32_t i, Lanes wow_part, Lanes flutter_part)
{
    static const float rates_hz[4] = {0.55f, 0.83f, 6.1f, 9.7f};
    const float to_units = b->seconds_per_frame * 0x1p32f;
    const uint32_t time = (uint32_t)b->time + i;
    Words at[4];
    for (uint32_t k = 0; k < 4; ++k)
        at[k] = (Words){0} + (uint32_t)(rates_hz[k] * to_units) * time;
    const Lanes wow = 0.6f * sine_of_phase(at[0]) + 0.4f * sine_of_phase(at[1]);
    const Lanes flutter = 0.6f * sine_of_phase(at[2]) + 0.4f * sine_of_phase(at[3]);
    return (wow_part * (0.002f * (1.0f + wow)) + flutter_part * (0.00014f * (1.0f + flutter))) * b->sample_rate_hz;
}

/* A tape changes its speed when the time changes, so what is on it changes its pitch. */
INLINE void place_tape(State *s, const GdBlock *b, const Lines *lines, Places places[SIDES])
{
    Lanes delay[SIDES][GD_SLICE], room[2][GD_SLICE];
    const Lanes *restrict wow = every_frame(b, WOW, room[0]), *restrict flutter = every_frame(b, FLUTTER, room[1]);
    const float keep = b->seconds_per_frame / inertia_s;
    for (uint32_t c = 0; c < SIDES; ++c) {
        Lanes place = s->place[c], pull = s->pull[c];
        for (uint32_t i = 0; i < b->frames; ++i) {
            delay[c][i] = place;
            pull += keep * (wanted(b, c, i) - pull);
            place += keep * (pull - place);
        }
        s->moved = (c ? s->moved : (Ints){0}) | MASK(place != s->place[c]) | MASK(pull != s->pull[c]);
        s->place[c] = place;
        s->pull[c] = pull;
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes more = waver(b, i, wow[i], flutter[i]);
        delay[0][i] += more;
        delay[1][i] += more;
    }
    for (uint32_t c = 0; c < SIDES; ++c)
        lines_place(&places[c], &lines[c], b, delay[c], SHORTEST);
}

INLINE void place_still(Places *places, const Lines *lines, const GdBlock *b, Lanes frames)
{
    Lanes delay[GD_SLICE];
    for (uint32_t i = 0; i < b->frames; ++i)
        delay[i] = frames;
    lines_place(places, lines, b, delay, SHORTEST);
}

/* --- one frame --- */

/* What comes out of a line, between the cuts, 6 dB an octave each; frozen, all of it. */
INLINE Lanes between_cuts(State *s, uint32_t side, Lanes x, Lanes low_step, Lanes high_step, Lanes freeze)
{
    const Lanes low = s->low[side] + low_step * (x - s->low[side]), above = x - 0.5f * (s->low[side] + low);
    const Lanes high = s->high[side] + high_step * (above - s->high[side]), kept = 0.5f * (s->high[side] + high);
    s->low[side] = low;
    s->high[side] = high;
    return kept + freeze * (x - kept);
}

/* Straight to +12 dB, then bending towards +18 dB. */
INLINE Lanes limited(Lanes x)
{
    const Lanes size = lanes_abs(x), over = lanes_max(size - 4.0f, lanes(0.0f));
    return lanes_copysign(lanes_min(size, lanes(4.0f)) + 4.0f * over / (4.0f + over), x);
}

INLINE Lanes saturated(Lanes x, Lanes gain)
{
    return tanh_lanes(lanes_clamp(x * gain, lanes(-64.0f), lanes(64.0f))) / gain;
}

typedef struct { Lanes left, right; } Pair;

INLINE Pair send(Pair in, Pair wet, Lanes feedback, uint32_t route)
{
    if (route == STEREO)
        return (Pair){in.left + feedback * wet.left, in.right + feedback * wet.right};
    if (route == CROSS)
        return (Pair){in.left + feedback * wet.right, in.right + feedback * wet.left};
    return (Pair){0.5f * (in.left + in.right) + feedback * wet.right, feedback * wet.left};
}

/* How much the source presses the echoes down. */
INLINE Lanes ducked(State *s, const GdBlock *b, uint32_t i, Pair in, float rise, float fall)
{
    const Lanes peak = lanes_min(lanes_max(lanes_abs(in.left), lanes_abs(in.right)), lanes(1.0f));
    const Lanes up = lanes_where(lanes_less(s->loud, peak), lanes(rise), lanes(fall));
    s->loud += up * (peak - s->loud);
    return db_to_level(-b->param[DUCK_DB][i * b->stride[DUCK_DB]] * lanes_min(4.0f * s->loud, lanes(1.0f)));
}

/* --- the slice --- */

typedef struct {
    Lines lines[SIDES];
    Places now[SIDES], old[SIDES];
    bool fades;
    uint32_t chunk; /* frames that can be read before the first of them is needed as written */
} Reads;

INLINE void place_all(Reads *r, State *s, const GdBlock *b)
{
    r->fades = false;
    for (uint32_t c = 0; c < SIDES; ++c)
        r->lines[c] = lines_of_side(b, c, SIDES);
    if (b->choice[STYLE] == TAPE)
        place_tape(s, b, r->lines, r->now);
    for (uint32_t l = 0; l < b->lanes && b->choice[STYLE] == DIGITAL; ++l)
        r->fades |= LANE(s->faded, l) < FADE;
    r->chunk = GD_SLICE;
    for (uint32_t c = 0; c < SIDES; ++c) {
        if (b->choice[STYLE] == DIGITAL)
            place_still(&r->now[c], &r->lines[c], b, s->now[c]);
        r->chunk = r->now[c].least - 1 < r->chunk ? r->now[c].least - 1 : r->chunk;
        if (!r->fades)
            continue;
        place_still(&r->old[c], &r->lines[c], b, s->old[c]);
        r->chunk = r->old[c].least - 1 < r->chunk ? r->old[c].least - 1 : r->chunk;
    }
}

/* Both lines for a run of frames; lanes at rest keep the bits of the time they rest at. */
INLINE void read_both(Lanes wet[SIDES][GD_SLICE], const Reads *r, const State *s, uint32_t from, uint32_t frames)
{
    Lanes old[GD_SLICE];
    const Ints resting = MASK(s->faded >= FADE);
    for (uint32_t c = 0; c < SIDES; ++c) {
        lines_read(wet[c], &r->lines[c], &r->now[c], from, frames, true);
        if (!r->fades)
            continue;
        lines_read(old, &r->lines[c], &r->old[c], from, frames, true);
        for (uint32_t i = from; i < from + frames; ++i) {
            const Lanes t = lanes_min(lanes_from_ints(s->faded + (int32_t)i) * (1.0f / FADE), lanes(1.0f));
            const Lanes rise = t * t * (3.0f - 2.0f * t);
            wet[c][i] = lanes_where(resting, wet[c][i], old[i] + rise * (wet[c][i] - old[i]));
        }
    }
}

/* One frame: `wet` as read becomes what is heard; what is to be written is given back. */
INLINE Pair turn(State *s, const GdBlock *b, uint32_t i, Pair *wet)
{
    const Lanes freeze = b->param[FREEZE][i * b->stride[FREEZE]], open = 1.0f - freeze;
    const Lanes asked = b->param[FEEDBACK][i * b->stride[FEEDBACK]], feedback = asked + freeze * (1.0f - asked);
    const Lanes low = MOVES(b, LOW_CUT_HZ) ? step_of(b->param[LOW_CUT_HZ][i], b) : s->low_step;
    const Lanes high = MOVES(b, HIGH_CUT_HZ) ? step_of(b->param[HIGH_CUT_HZ][i], b) : s->high_step;
    const Pair in = {line_safe(b->in[LEFT_IN][i]) * open, line_safe(b->in[RIGHT_IN][i]) * open};
    *wet = (Pair){between_cuts(s, 0, wet->left, low, high, freeze), between_cuts(s, 1, wet->right, low, high, freeze)};
    const Pair sum = send(in, *wet, feedback, b->choice[ROUTE]);
    Pair held;
    if (b->choice[STYLE] == TAPE) {
        const Lanes gain = MOVES(b, DRIVE) ? gain_of(b->param[DRIVE][i]) : s->gain;
        held = (Pair){saturated(sum.left, gain), saturated(sum.right, gain)};
        held.left += freeze * (sum.left - held.left);
        held.right += freeze * (sum.right - held.right);
    } else {
        held = (Pair){limited(sum.left), limited(sum.right)};
    }
    return (Pair){line_safe(held.left), line_safe(held.right)};
}

INLINE void mix_out(State *s, const GdBlock *b, uint32_t i, Pair wet, float rise, float fall)
{
    const Pair in = {b->in[LEFT_IN][i], b->in[RIGHT_IN][i]};
    const Lanes share = b->param[MIX][i * b->stride[MIX]], width = b->param[WIDTH][i * b->stride[WIDTH]];
    const Lanes level = share * ducked(s, b, i, (Pair){line_safe(in.left), line_safe(in.right)}, rise, fall);
    const Lanes middle = 0.5f * (wet.left + wet.right), side = 0.5f * width * (wet.left - wet.right);
    b->out[LEFT_OUT][i] = in.left * (1.0f - share) + (middle + side) * level;
    b->out[RIGHT_OUT][i] = in.right * (1.0f - share) + (middle - side) * level;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Reads reads;
    Lanes wet[SIDES][GD_SLICE], fed[SIDES][GD_SLICE];
    Ints sounding = {0};
    const float rise = b->seconds_per_frame / attack_s; /* below 1 at any rate there is */
    const float fall = b->seconds_per_frame / release_s;
    begin(s, b);
    if (b->offset == 0)
        begin_cell(s, b);
    place_all(&reads, s, b);
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = b->frames - from < reads.chunk ? b->frames - from : reads.chunk;
        read_both(wet, &reads, s, from, n);
        for (uint32_t i = from; i < from + n; ++i) {
            Pair heard = {wet[0][i], wet[1][i]};
            const Pair written = turn(s, b, i, &heard);
            mix_out(s, b, i, heard, rise, fall);
            fed[0][i] = written.left;
            fed[1][i] = written.right;
            sounding |= lanes_to_bits(lanes_abs(written.left)) | lanes_to_bits(lanes_abs(written.right));
        }
        for (uint32_t c = 0; c < SIDES; ++c)
            lines_write(&reads.lines[c], fed[c] + from, (uint32_t)b->time + from, n, b->lanes);
    }
    s->faded += (int32_t)b->frames & MASK(s->faded < FADE);
    ringing_count(&s->ringing, sounding, b);
}

KERNEL(.effort = 650, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
