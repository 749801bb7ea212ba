/* rotary: a horn and a drum that turn before two microphones; linked. */
#define NODE rotary
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                         \
    P(SPEED, "speed") P(SLOW_HZ, "slow_hz") P(FAST_HZ, "fast_hz") P(HORN_RAMP_S, "horn_ramp_s")                        \
    P(DRUM_RAMP_S, "drum_ramp_s") P(CROSSOVER_HZ, "crossover_hz") P(DEPTH, "depth") P(DISTANCE_M, "distance_m")        \
    P(ANGLE, "angle") P(BALANCE, "balance") P(MIX, "mix")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/ringing.h"
#include "dsp/svf.h"
#include "dsp/swing.h"

enum { HORN, DRUM, ROTORS };
enum { SHORTEST = 2, SIDES = 2 };

static const float radius_m[ROTORS] = {0.19f, 0.14f}; /* of the mouths' circles */
static const float drum_to_horn = 0.86f;              /* of the rates, as the pulleys are */
static const float shade_hz = 1800.0f;                /* above which a mouth that looks away is duller */
static const float sound_m_per_s = 343.0f;

typedef struct {
    Lanes rate_hz[ROTORS];
    Swing turn[ROTORS];
    SvfState cross;
    SvfCoefs coefs;
    Lanes shade[ROTORS][SIDES], shade_step;
    Ints spins_up, ringing;
} State;

/* The rate a rotor makes for: between slow and fast along octaves; below slow in proportion, down to rest. */
INLINE Lanes aim_of(const GdBlock *b, uint32_t rotor, uint32_t i)
{
    const Lanes speed = b->param[SPEED][i * b->stride[SPEED]], zero = lanes(0.0f);
    const Lanes slow = b->param[SLOW_HZ][i * b->stride[SLOW_HZ]], fast = b->param[FAST_HZ][i * b->stride[FAST_HZ]];
    const Lanes octaves = log2_lanes(fast) - log2_lanes(slow);
    const Lanes rate = slow * exp2_lanes(lanes_max(speed, zero) * octaves) * (1.0f + lanes_min(speed, zero));
    return rotor == DRUM ? rate * drum_to_horn : rate;
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    s->ringing = ringing_unknown(b);
    for (uint32_t r = 0; r < ROTORS; ++r)
        s->rate_hz[r] = aim_of(b, r, 0);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    const float half_turn = 3.14159265f * b->seconds_per_frame, x = shade_hz * half_turn < 0.7f ? shade_hz * half_turn : 0.7f;
    s->coefs = svf_coefs(b->param[CROSSOVER_HZ][0] * half_turn, lanes(2.0f));
    s->shade_step = lanes(2.0f * x / (1.0f + x)); /* the tangent is not worth it so far below half the rate */
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    Lanes any = lanes_abs(s->cross.band) + lanes_abs(s->cross.low);
    for (uint32_t k = 0; k < ROTORS * SIDES; ++k)
        any += lanes_abs(s->shade[k / SIDES][k % SIDES]);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(any, l) != 0.0f || LANE(s->spins_up, l))
            return false;
    for (uint32_t r = 0; r < ROTORS; ++r) {
        const Lanes aim = aim_of(b, r, 0);
        for (uint32_t l = 0; l < b->lanes; ++l)
            if (LANE(aim, l) != LANE(s->rate_hz[r], l))
                return false;
    }
    return ringing_over(s->ringing, b->lanes);
}

/* Angles of a slice. A rotor has gone nine tenths of its way to another rate in its ramp; it arrives exactly, and turns
 * as a function of time from then on. */
INLINE Ints spin(State *s, const GdBlock *b, uint32_t rotor, Words phase[GD_SLICE])
{
    const uint32_t ramp = rotor == HORN ? HORN_RAMP_S : DRUM_RAMP_S;
    const bool moves = MOVES(b, SPEED) || MOVES(b, SLOW_HZ) || MOVES(b, FAST_HZ);
    const float spf = b->seconds_per_frame;
    Swing *turn = &s->turn[rotor];
    Lanes rate = s->rate_hz[rotor], aim = aim_of(b, rotor, 0);
    Words at = turn->begin + turn->step * (uint32_t)b->time;
    Ints under_way = {0};
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves)
            aim = aim_of(b, rotor, i);
        const Lanes way = aim - rate, part = lanes_min(2.302585f * spf / b->param[ramp][i * b->stride[ramp]], lanes(1.0f));
        const Ints arrives = lanes_less(lanes_abs(way), lanes(1e-4f));
        under_way |= MASK(rate != aim);
        rate = lanes_where(arrives, aim, rate + part * way);
        phase[i] = at;
        turn->step = phase_step(rate, spf);
        at += turn->step;
    }
    turn->begin = at - turn->step * ((uint32_t)b->time + b->frames);
    s->rate_hz[rotor] = rate;
    return under_way;
}

/* Low and high part, which together are the source through a first-order allpass (Linkwitz and Riley, second order). */
INLINE Ints split(State *s, const GdBlock *b, Lanes part[ROTORS][GD_SLICE])
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    const float half_turn = 3.14159265f * b->seconds_per_frame;
    const Lanes damping = lanes(2.0f);
    SvfCoefs coefs = s->coefs;
    Ints sounding = {0};
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes x = line_safe(0.5f * (left[i] + right[i]));
        if (MOVES(b, CROSSOVER_HZ))
            coefs = svf_coefs(b->param[CROSSOVER_HZ][i] * half_turn, damping);
        const SvfState next = svf_step(s->cross, coefs, x);
        const Lanes low = 0.5f * (s->cross.low + next.low), band = 0.5f * (s->cross.band + next.band);
        part[DRUM][i] = low;
        part[HORN][i] = low + damping * band - x;
        sounding |= lanes_to_bits(lanes_abs(part[DRUM][i])) | lanes_to_bits(lanes_abs(part[HORN][i]));
        s->cross = next;
    }
    return sounding;
}

/* One mouth as one microphone hears it, added to `out`: late by the way it has to go, softer and duller as it looks
 * away. */
INLINE void hear(State *s, const GdBlock *b, uint32_t rotor, uint32_t side, const Words phase[GD_SLICE], const Lines *lines,
                 Lanes out[GD_SLICE])
{
    const float r = radius_m[rotor], frames_per_m = b->sample_rate_hz / sound_m_per_s, sense = side ? -0.5f : 0.5f;
    Lanes room[4][GD_SLICE];
    const Lanes *restrict distance_m = every_frame(b, DISTANCE_M, room[0]), *restrict angle = every_frame(b, ANGLE, room[1]);
    const Lanes *restrict depth = every_frame(b, DEPTH, room[2]), *restrict balance = every_frame(b, BALANCE, room[3]);
    Lanes facing[GD_SLICE], delay[GD_SLICE], heard[GD_SLICE], shade = s->shade[rotor][side];
    Places places;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes d = distance_m[i];
        const Lanes cosine = sine_of_phase(phase[i] + phase_of_turns(sense * angle[i]) + 0x40000000u);
        facing[i] = 0.5f + 0.5f * cosine;
        delay[i] = (float)SHORTEST + (lanes_sqrt(d * d + r * r - (2.0f * r) * d * cosine) - (d - r)) * frames_per_m;
    }
    lines_place(&places, lines, b, delay, SHORTEST);
    lines_read(heard, lines, &places, 0, b->frames, true);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes away = depth[i] * (1.0f - facing[i]), share = balance[i];
        const Lanes next = shade + s->shade_step * (heard[i] - shade), low = 0.5f * (shade + next);
        const Lanes level = (rotor == HORN ? share : 1.0f - share) * 2.0f * (1.0f - 0.7f * away);
        out[i] += level * (low + (1.0f - away) * (heard[i] - low));
        shade = next;
    }
    s->shade[rotor][side] = shade;
}

INLINE void settle(State *s)
{
    s->cross = svf_settle(s->cross);
    for (uint32_t k = 0; k < ROTORS * SIDES; ++k) {
        Lanes *shade = &s->shade[k / SIDES][k % SIDES];
        *shade = lanes_where(lanes_at_least(lanes_abs(*shade), lanes(1e-15f)), *shade, lanes(0.0f));
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Words phase[GD_SLICE];
    Lanes part[ROTORS][GD_SLICE], wet[SIDES][GD_SLICE];
    if (b->offset == 0)
        settle(s);
    const Ints sounding = split(s, b, part);
    for (uint32_t side = 0; side < SIDES; ++side)
        for (uint32_t i = 0; i < b->frames; ++i)
            wet[side][i] = lanes(0.0f);
    s->spins_up = (Ints){0};
    for (uint32_t r = 0; r < ROTORS; ++r) {
        const Lines lines = lines_of_side(b, r, ROTORS);
        lines_write(&lines, part[r], (uint32_t)b->time, b->frames, b->lanes);
        s->spins_up |= spin(s, b, r, phase);
        for (uint32_t side = 0; side < SIDES; ++side)
            hear(s, b, r, side, phase, &lines, wet[side]);
    }
    for (uint32_t side = 0; side < SIDES; ++side)
        for (uint32_t i = 0; i < b->frames; ++i) {
            const Lanes share = b->param[MIX][i * b->stride[MIX]];
            b->out[side][i] = b->in[side][i] * (1.0f - share) + wet[side][i] * share;
        }
    ringing_count(&s->ringing, sounding, b);
}

KERNEL(.effort = 800, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
