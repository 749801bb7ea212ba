/* sampler: plays a recording from memory, at any pitch, once or in a loop. */
#define NODE sampler
#define INS P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS P(PITCH_SEMITONES, "pitch_semitones") P(GAIN_DB, "gain_db") P(START_S, "start_s")
#define CHOICES P(MODE, "mode") P(AUTO_START, "auto_start")
#include "kernel.h"
#include "dsp/interpolate.h"
#include "dsp/math.h"

enum { ONE_SHOT, LOOP, GATED, GATED_LOOP };

#define FADE_S 0.005f       /* of what a new start or a closing gate cuts off */
#define LOOP_FADE_S 0.01f   /* longest cross-fade where a loop closes */

typedef struct { /* one lane's player, and one row each of the state */
    uint32_t frame, fraction;           /* of the head: a place in the recording, in frames and 2^-32 frames */
    uint32_t tail_frame, tail_fraction; /* of what is fading out */
    float level, tail_level, fade;      /* fade: change of the levels a frame */
    int32_t playing, open, started;
} Player;

typedef struct {
    Words frame, fraction, tail_frame, tail_fraction;
    Lanes level, tail_level, fade;
    Ints playing, open, started;
    Lanes gain, ratio;                  /* of standing parameters; ratio: recorded frames a frame */
} State;

typedef struct { /* what a lane plays and how, for one slice */
    const GdMemory *memory;
    uint32_t loop_start, loop_end, cross; /* cross: frames of the loop's cross-fade; 0 splices hard */
    float start, fade;
    bool loops, gated;
} Material;

GD_RT INLINE Lanes ratio_of(const GdBlock *b, Lanes semitones)
{
    Lanes rate = lanes(1.0f);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (b->memory[l] && b->memory[l]->rate_hz > 0.0f)
            LANE(rate, l) = b->memory[l]->rate_hz / b->sample_rate_hz;
    return rate * exp2_lanes(semitones * (1.0f / 12.0f));
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->gain = db_to_level(b->param[GAIN_DB][0]);
    s->ratio = ratio_of(b, b->param[PITCH_SEMITONES][0]);
}

GD_RT static Material material_of(const GdBlock *b, const GdMemory *memory)
{
    Material m = {.memory = memory, .loop_start = memory->loop_start, .loop_end = memory->loop_end};
    if (m.loop_end > memory->frames || m.loop_end <= m.loop_start) {
        m.loop_start = 0;
        m.loop_end = memory->frames;
    }
    float rate_hz = memory->rate_hz > 0.0f ? memory->rate_hz : b->sample_rate_hz;
    uint32_t longest = (uint32_t)(LOOP_FADE_S * rate_hz), length = m.loop_end - m.loop_start;
    m.cross = m.loop_start < length ? m.loop_start : length;
    m.cross = m.cross < longest ? m.cross : longest;
    m.start = rate_hz;
    m.fade = b->seconds_per_frame * (1.0f / FADE_S);
    m.loops = b->choice[MODE] == LOOP || b->choice[MODE] == GATED_LOOP;
    m.gated = b->choice[MODE] == GATED || b->choice[MODE] == GATED_LOOP;
    return m;
}

/* One recorded frame; silence outside, but a hard-spliced loop goes on into itself. */
GD_RT INLINE float recorded(const Material *m, int64_t frame)
{
    if (m->loops && m->cross == 0) {
        int64_t length = (int64_t)m->loop_end - m->loop_start;
        frame += frame < m->loop_start ? length : frame >= m->loop_end ? -length : 0;
    }
    return frame >= 0 && frame < m->memory->frames ? m->memory->data[frame] : 0.0f;
}

GD_RT INLINE float read_at(const Material *m, uint32_t frame, uint32_t fraction)
{
    float t = (float)(int32_t)(fraction >> 8) * 0x1p-24f, around[6];
    const float *x = around;
    bool spliced = m->loops && m->cross == 0;
    if (frame >= 2 && frame + 3 < (spliced ? m->loop_end : m->memory->frames))
        x = m->memory->data + frame - 2;
    else
        for (int k = 0; k < 6; ++k)
            around[k] = recorded(m, (int64_t)frame + k - 2);
    return interpolate6(x[0], x[1], x[2], x[3], x[4], x[5], t);
}

/* What sounds becomes the tail; a tail that still sounds is cut short, which only starts 5 ms apart can do. */
GD_RT static void leave(Player *p, float fade)
{
    if (!p->playing)
        return;
    p->tail_frame = p->frame;
    p->tail_fraction = p->fraction;
    p->tail_level = p->level;
    p->fade = fade;
    p->playing = 0;
}

GD_RT static void start(Player *p, const Material *m, float start_s)
{
    leave(p, m->fade);
    float frame = start_s * m->start;
    p->frame = frame < (float)m->memory->frames ? (uint32_t)frame : m->memory->frames;
    p->fraction = 0;
    p->level = p->frame == 0 ? 1.0f : 0.0f; /* a start inside the recording fades in */
    p->fade = m->fade;
    p->playing = m->memory->frames > 0 && p->frame < m->memory->frames;
}

/* Past the end, or where the loop closes. */
GD_RT static void turn(Player *p, const Material *m, float ratio)
{
    if (!m->loops) {
        p->playing = 0;
        return;
    }
    uint32_t close = m->loop_end - m->cross;
    if (m->cross > 0) {
        leave(p, ratio / (float)m->cross);
        p->level = 0.0f;
    }
    p->playing = 1;
    p->frame = m->loop_start - m->cross + (p->frame - close) % (m->loop_end - m->loop_start);
}

GD_RT INLINE void forward(uint32_t *frame, uint32_t *fraction, uint32_t whole, uint32_t part)
{
    *fraction += part;
    *frame += whole + (*fraction < part);
}

/* Steps of 2^-32 recorded frames. */
GD_RT INLINE uint64_t step_of(float ratio)
{
    uint32_t whole = (uint32_t)ratio;
    return (uint64_t)whole << 32 | (uint32_t)((ratio - (float)whole) * 0x1p31f) << 1;
}

GD_RT INLINE float play(Player *p, const Material *m, float ratio)
{
    const uint64_t step = step_of(ratio);
    const uint32_t whole = (uint32_t)(step >> 32), part = (uint32_t)step;
    float sum = 0.0f;
    if (p->tail_level > 0.0f) {
        sum = read_at(m, p->tail_frame, p->tail_fraction) * p->tail_level;
        p->tail_level = p->tail_level > p->fade ? p->tail_level - p->fade : 0.0f;
        forward(&p->tail_frame, &p->tail_fraction, whole, part);
    }
    if (p->playing) {
        sum += read_at(m, p->frame, p->fraction) * p->level;
        p->level = p->level + p->fade < 1.0f ? p->level + p->fade : 1.0f;
        forward(&p->frame, &p->fraction, whole, part);
        if (p->frame >= (m->loops ? m->loop_end - m->cross : m->memory->frames))
            turn(p, m, ratio);
    }
    return sum;
}

/* True if the head crosses one undisturbed stretch of the recording in this slice: no start, stop, fade or seam. */
GD_RT INLINE bool is_steady(const Player *p, const Material *m, const GdBlock *b, float ratio, uint32_t l)
{
    uint64_t first = (uint64_t)p->frame << 32 | p->fraction, last = first + step_of(ratio) * b->frames;
    if (MOVES(b, PITCH_SEMITONES) || !p->playing || !p->started || p->tail_level != 0.0f || p->level != 1.0f)
        return false;
    if (p->frame < 2 || (last >> 32) + 3 >= (m->loops ? m->loop_end - m->cross : m->memory->frames))
        return false;
    int32_t change = 0;
    for (uint32_t i = 0; i < b->frames && !SILENT(b, TRIGGER); ++i)
        change |= (LANE(b->in[TRIGGER][i], l) > 0.5f) ^ p->open;
    return SILENT(b, TRIGGER) ? !p->open : !change;
}

/* The same numbers as `play`, frame by frame, without its questions. */
GD_RT INLINE void play_steady(Player *p, const Material *m, const GdBlock *b, float ratio, uint32_t l)
{
    const uint64_t step = step_of(ratio), first = (uint64_t)p->frame << 32 | p->fraction;
    const float *data = m->memory->data;
    Lanes *restrict out = b->out[OUT];
    if (step == 1ull << 32 && p->fraction == 0)
        for (uint32_t i = 0; i < b->frames; ++i)
            LANE(out[i], l) = 0.0f + data[p->frame + i];
    else {
        _Static_assert((int)INTERPOLATED >= (int)GD_SLICE, "a slice in one go");
        float run[GD_SLICE];
        interpolate_run(data, first, step, b->frames, run);
        for (uint32_t i = 0; i < b->frames; ++i)
            LANE(out[i], l) = 0.0f + run[i];
    }
    const uint64_t next = first + b->frames * step;
    p->frame = (uint32_t)(next >> 32);
    p->fraction = (uint32_t)next;
}

/* One lane through a slice: sequential by nature, the same code at every width. */
GD_RT INLINE void run_lane(Player *p, const Material *m, const GdBlock *b, const Lanes *ratio, uint32_t l)
{
    const bool moves = MOVES(b, PITCH_SEMITONES);
    for (uint32_t i = 0; i < b->frames; ++i) {
        int32_t open = LANE(b->in[TRIGGER][i], l) > 0.5f;
        bool begin = open && !p->open;
        if (!p->started) {
            begin |= b->choice[AUTO_START] == 1;
            p->started = 1;
        }
        if (begin)
            start(p, m, LANE(b->param[START_S][i * b->stride[START_S]], l));
        else if (p->open && !open && m->gated)
            leave(p, m->fade);
        p->open = open;
        LANE(b->out[OUT][i], l) = play(p, m, LANE(ratio[i * moves], l));
    }
}

GD_RT INLINE Player player_of(const State *s, uint32_t l)
{
    return (Player){
        LANE(s->frame, l), LANE(s->fraction, l), LANE(s->tail_frame, l), LANE(s->tail_fraction, l), LANE(s->level, l),
        LANE(s->tail_level, l), LANE(s->fade, l), LANE(s->playing, l), LANE(s->open, l), LANE(s->started, l),
    };
}

GD_RT INLINE void keep_player(State *s, uint32_t l, const Player *p)
{
    LANE(s->frame, l) = p->frame, LANE(s->fraction, l) = p->fraction;
    LANE(s->tail_frame, l) = p->tail_frame, LANE(s->tail_fraction, l) = p->tail_fraction;
    LANE(s->level, l) = p->level, LANE(s->tail_level, l) = p->tail_level, LANE(s->fade, l) = p->fade;
    LANE(s->playing, l) = p->playing, LANE(s->open, l) = p->open, LANE(s->started, l) = p->started;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes moving[GD_SLICE], *out = b->out[OUT];
    const Lanes *ratio = &s->ratio;
    if (MOVES(b, PITCH_SEMITONES)) {
        for (uint32_t i = 0; i < b->frames; ++i)
            moving[i] = ratio_of(b, b->param[PITCH_SEMITONES][i]);
        ratio = moving;
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        if (!b->memory[l] || !b->memory[l]->data)
            continue;
        Player p = player_of(s, l);
        if (SILENT(b, TRIGGER) && p.started && !p.open && !p.playing && p.tail_level == 0.0f)
            continue;
        Material m = material_of(b, b->memory[l]);
        if (is_steady(&p, &m, b, LANE(ratio[0], l), l))
            play_steady(&p, &m, b, LANE(ratio[0], l), l);
        else
            run_lane(&p, &m, b, ratio, l);
        keep_player(s, l, &p);
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] *= MOVES(b, GAIN_DB) ? db_to_level(b->param[GAIN_DB][i]) : s->gain;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        Player p = player_of(s, l);
        rest &= !p.playing && !p.open && p.tail_level == 0.0f && (p.started || b->choice[AUTO_START] == 0);
    }
    return rest;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
