/* sampler: plays a recording from memory, at any pitch, forwards or backwards, once or in a loop. */
#define NODE sampler
#define INS P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                    \
    P(PITCH_SEMITONES, "pitch_semitones") P(GAIN_DB, "gain_db") P(VELOCITY, "velocity") P(START_S, "start_s")     \
    P(END_S, "end_s") P(LOOP_START_S, "loop_start_s") P(LOOP_END_S, "loop_end_s") P(CROSSFADE_S, "crossfade_s")
#define CHOICES P(MODE, "mode") P(AUTO_START, "auto_start") P(DIRECTION, "direction")
#include "kernel.h"
#include "dsp/lane.h"
#include "dsp/math.h"
#include "dsp/media.h"

enum { ONE_SHOT, LOOP, GATED, GATED_LOOP };
enum { SILENT_HEAD, FIRST_PASS, LOOPING };

#define FADE_S 0.005f       /* of what a new start, a closing gate or an early end cuts off */
#define SHORT_LOOP 2048     /* frames: a loop without cross-fade that is shorter must fit a copy to be read from it */

typedef struct { /* one lane's player, and one row each of the state */
    uint32_t frame, fraction;           /* of the head: how far it is along its way, in frames and 2^-32 frames */
    uint32_t tail_frame, tail_fraction; /* of what is fading out */
    float level, tail_level, fade;      /* fade: change of the levels a frame */
    float hit, tail_hit;                /* how loud they were started */
    int32_t playing, open, started;
} Player;

typedef struct {
    Words frame, fraction, tail_frame, tail_fraction;
    Lanes level, tail_level, fade, hit, tail_hit;
    Ints playing, open, started;
    Lanes gain, speed;                  /* of standing parameters; speed: recorded frames a frame */
} State;

/* What a lane plays and how. Its way runs from the recording's beginning, or backwards from its end: all places but
 * those of `read_at` are along the way. */
typedef struct {
    Media media;
    uint32_t entry, stop, loop_start, loop_end; /* frames */
    uint32_t cross; /* frames of the loop's cross-fade; 0 splices hard */
    float fade;
    bool loops, gated, backward;
} Material;

typedef struct { int64_t step; MediaPick pick; } Speed; /* 2^-32 recorded frames a frame; what is read at that speed */

GD_RT INLINE Lanes speed_of(const GdBlock *b, Lanes semitones)
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
    s->speed = speed_of(b, b->param[PITCH_SEMITONES][0]);
}

GD_RT INLINE uint32_t frame_of(float seconds, float rate_hz, uint32_t frames)
{
    float frame = seconds * rate_hz;
    return frame < (float)frames ? (uint32_t)frame : frames;
}

GD_RT static Material material_of(const GdBlock *b, uint32_t l, uint32_t i)
{
#define AT(parameter) lane_of(b->param[parameter], i * b->stride[parameter], l)
    const GdMemory *memory = b->memory[l];
    Material m = {.media = media_of(memory)};
    const uint32_t frames = m.media.frames;
    const float rate_hz = m.media.rate_hz > 0.0f ? m.media.rate_hz : b->sample_rate_hz;
    uint32_t start = frame_of(AT(START_S), rate_hz, frames), end = frame_of(AT(END_S), rate_hz, frames);
    uint32_t first = frame_of(AT(LOOP_START_S), rate_hz, frames), last = frame_of(AT(LOOP_END_S), rate_hz, frames);
    end = end ? end : frames;
    if (first == 0 && last == 0 && memory->loop_end <= frames && memory->loop_start < memory->loop_end)
        first = memory->loop_start, last = memory->loop_end;
    last = last && last < end ? last : end;
    if (first >= last)
        first = 0, last = end;
    m.backward = b->choice[DIRECTION] == 1;
    m.entry = m.backward ? frames - end : start;
    m.stop = m.backward ? frames - start : end;
    m.loop_start = m.backward ? frames - last : first;
    m.loop_end = m.backward ? frames - first : last;
    uint32_t wanted = frame_of(AT(CROSSFADE_S), rate_hz, frames), length = m.loop_end - m.loop_start;
    m.cross = m.loop_start < length ? m.loop_start : length;
    m.cross = m.cross < wanted ? m.cross : wanted;
    m.fade = b->seconds_per_frame * (1.0f / FADE_S);
    m.loops = b->choice[MODE] == LOOP || b->choice[MODE] == GATED_LOOP;
    m.gated = b->choice[MODE] == GATED || b->choice[MODE] == GATED_LOOP;
    return m;
#undef AT
}

/* Steps of 2^-32 recorded frames, and what to read at that speed. A short loop that is spliced hard is read from the
 * recording itself, where it is a whole number of frames long. */
GD_RT INLINE Speed speed_at(const Material *m, float speed)
{
    uint32_t whole = (uint32_t)speed, length = m->loop_end - m->loop_start;
    Speed result = {.step = (int64_t)whole << 32 | (int64_t)((uint32_t)((speed - (float)whole) * 0x1p31f) << 1)};
    if (!(m->loops && m->cross == 0 && length < SHORT_LOOP && length % MEDIA_GRAIN))
        result.pick = media_pick(speed);
    return result;
}

/* A place on the way as one in the recording. */
GD_RT INLINE int64_t place_of(const Material *m, uint32_t frame, uint32_t fraction)
{
    int64_t way = (int64_t)((uint64_t)frame << 32 | fraction);
    return m->backward ? ((int64_t)(m->media.frames - 1) << 32) - way : way;
}

/* One frame of a copy; silence outside, but a hard-spliced loop goes on into itself: at both ends once it has gone round,
 * at first only where it is left. */
GD_RT static float copied(const Material *m, uint32_t copy, int64_t frame, int32_t pass)
{
    const Media *media = &m->media;
    if (m->loops && m->cross == 0 && pass != SILENT_HEAD) {
        uint32_t first = m->backward ? media->frames - m->loop_end : m->loop_start;
        float share = media_ratio[copy];
        int64_t length = (int64_t)((float)(m->loop_end - m->loop_start) * share + 0.5f);
        int64_t begin = (int64_t)((float)first * share + 0.5f);
        if (frame >= begin + length && (pass == LOOPING || !m->backward))
            frame -= length;
        else if (frame < begin && (pass == LOOPING || m->backward))
            frame += length;
    }
    bool inside = frame >= 0 && frame < media->room / MEDIA_GRAIN * media_length[copy];
    return inside ? media_copy(media, copy)[frame] : 0.0f;
}

GD_RT static float read_slowly(const Material *m, int64_t at, uint32_t copy, int32_t pass)
{
    float around[SINC_TAPS];
    int64_t place = media_in_copy(at, copy);
    for (int k = 0; k < SINC_TAPS; ++k)
        around[k] = copied(m, copy, (place >> 32) + k - SINC_BEFORE, pass);
    return sinc16(around, media_fraction(place));
}

/* True if nothing but the recording as it lies there is touched by the taps around a place. */
GD_RT INLINE bool undisturbed(const Material *m, int64_t at, MediaPick pick)
{
    if (!media_inside(&m->media, at, pick))
        return false;
    if (!m->loops || m->cross > 0)
        return true;
    const int64_t reach = (int64_t)(MEDIA_REACH / media_ratio[pick.copy + (pick.far > 0.0f)]);
    const int64_t first = m->backward ? m->media.frames - m->loop_end : m->loop_start;
    return (at >> 32) - reach >= first && (at >> 32) + reach < first + (m->loop_end - m->loop_start);
}

/* `pass` is SILENT_HEAD for a tail, which takes no part in loops. */
GD_RT INLINE float read_at(const Material *m, uint32_t frame, uint32_t fraction, MediaPick pick, int32_t pass)
{
    int64_t at = place_of(m, frame, fraction);
    if (undisturbed(m, at, pick))
        return media_read(&m->media, at, pick);
    float value = read_slowly(m, at, pick.copy, pass);
    return pick.far == 0.0f ? value : value + pick.far * (read_slowly(m, at, pick.copy + 1, pass) - value);
}

/* What sounds becomes the tail; a tail that still sounds is cut short, which only starts 5 ms apart can do. */
GD_RT static void leave(Player *p, float fade)
{
    if (!p->playing)
        return;
    p->tail_frame = p->frame;
    p->tail_fraction = p->fraction;
    p->tail_level = p->level;
    p->tail_hit = p->hit;
    p->fade = fade;
    p->playing = SILENT_HEAD;
}

GD_RT static void start(Player *p, const Material *m, float velocity)
{
    leave(p, m->fade);
    p->frame = m->entry;
    p->fraction = 0;
    p->level = m->entry == 0 && !m->backward ? 1.0f : 0.0f; /* a start inside the recording fades in */
    p->hit = velocity * velocity;
    p->fade = m->fade;
    p->playing = m->entry < (m->loops ? m->media.frames : m->stop) ? FIRST_PASS : SILENT_HEAD;
}

/* Past the end, or where the loop closes. */
GD_RT static void turn(Player *p, const Material *m, int64_t step)
{
    if (!m->loops) {
        if (m->stop < m->media.frames)
            leave(p, m->fade);
        p->playing = SILENT_HEAD;
        return;
    }
    uint32_t close = m->loop_end - m->cross;
    if (m->cross > 0) {
        leave(p, (float)step * 0x1p-32f / (float)m->cross);
        p->level = 0.0f;
    }
    p->playing = LOOPING;
    p->frame = m->loop_start - m->cross + (p->frame - close) % (m->loop_end - m->loop_start);
}

GD_RT INLINE void forward(uint32_t *frame, uint32_t *fraction, int64_t step)
{
    uint64_t next = ((uint64_t)*frame << 32 | *fraction) + (uint64_t)step;
    *frame = (uint32_t)(next >> 32);
    *fraction = (uint32_t)next;
}

GD_RT INLINE float play(Player *p, const Material *m, Speed speed)
{
    float sum = 0.0f;
    if (p->tail_level > 0.0f) {
        sum = read_at(m, p->tail_frame, p->tail_fraction, speed.pick, SILENT_HEAD) * p->tail_level * p->tail_hit;
        p->tail_level = p->tail_level > p->fade ? p->tail_level - p->fade : 0.0f;
        forward(&p->tail_frame, &p->tail_fraction, speed.step);
    }
    if (p->playing) {
        sum += read_at(m, p->frame, p->fraction, speed.pick, p->playing) * p->level * p->hit;
        p->level = p->level + p->fade < 1.0f ? p->level + p->fade : 1.0f;
        forward(&p->frame, &p->fraction, speed.step);
        if (p->frame >= (m->loops ? m->loop_end - m->cross : m->stop))
            turn(p, m, speed.step);
    }
    return sum;
}

GD_RT INLINE bool material_moves(const GdBlock *b)
{
    return MOVES(b, START_S) || MOVES(b, END_S) || MOVES(b, LOOP_START_S) || MOVES(b, LOOP_END_S) || MOVES(b, CROSSFADE_S);
}

/* True if the head crosses one undisturbed stretch of the recording in this slice: no start, stop, fade or seam. */
GD_RT INLINE bool is_steady(const Player *p, const Material *m, const GdBlock *b, Speed speed, uint32_t l)
{
    if (MOVES(b, PITCH_SEMITONES) || material_moves(b) || !p->playing || !p->started || p->tail_level != 0.0f
        || p->level != 1.0f)
        return false;
    uint64_t first = (uint64_t)p->frame << 32 | p->fraction, last = first + (uint64_t)speed.step * b->frames;
    uint32_t frame = (uint32_t)(last >> 32), fraction = (uint32_t)last;
    if (frame >= (m->loops ? m->loop_end - m->cross : m->stop))
        return false;
    if (!undisturbed(m, place_of(m, p->frame, p->fraction), speed.pick)
        || !undisturbed(m, place_of(m, frame, fraction), speed.pick))
        return false;
    int32_t change = 0;
    for (uint32_t i = 0; i < b->frames && !SILENT(b, TRIGGER); ++i)
        change |= (lane_of(b->in[TRIGGER], i, l) >= 0.5f) ^ p->open;
    return SILENT(b, TRIGGER) ? !p->open : !change;
}

/* The same numbers as `play`, frame by frame, without its questions. */
GD_RT INLINE void play_steady(Player *p, const Material *m, const GdBlock *b, Speed speed, uint32_t l)
{
    int64_t at = place_of(m, p->frame, p->fraction), step = m->backward ? -speed.step : speed.step;
    Lanes *restrict out = b->out[OUT];
    if (speed.step == (int64_t)1 << 32 && p->fraction == 0 && speed.pick.copy == 0 && speed.pick.far == 0.0f)
        for (uint32_t i = 0; i < b->frames; ++i, at += step)
            lane_set(out, i, l, 0.0f + m->media.data[at >> 32] * p->hit);
    else
        for (uint32_t i = 0; i < b->frames; ++i, at += step)
            lane_set(out, i, l, 0.0f + media_read(&m->media, at, speed.pick) * p->hit);
    forward(&p->frame, &p->fraction, speed.step * b->frames);
}

/* One lane through a slice: sequential by nature, the same code at every width. */
GD_RT INLINE void run_lane(Player *p, Material *m, const GdBlock *b, const Lanes *speed, uint32_t l)
{
    const bool moves = MOVES(b, PITCH_SEMITONES), shifts = material_moves(b);
    Speed now = speed_at(m, lane_of(speed, 0, l));
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (shifts)
            *m = material_of(b, l, i);
        if (shifts || moves)
            now = speed_at(m, lane_of(speed, i * moves, l));
        int32_t open = lane_of(b->in[TRIGGER], i, l) >= 0.5f;
        bool begin = open && !p->open;
        if (!p->started) {
            begin |= b->choice[AUTO_START] == 1;
            p->started = 1;
        }
        if (begin)
            start(p, m, lane_of(b->param[VELOCITY], i * b->stride[VELOCITY], l));
        else if (p->open && !open && m->gated)
            leave(p, m->fade);
        p->open = open;
        lane_set(b->out[OUT], i, l, play(p, m, now));
    }
}

GD_RT INLINE Player player_of(const State *s, uint32_t l)
{
    return (Player){
        LANE(s->frame, l), LANE(s->fraction, l), LANE(s->tail_frame, l), LANE(s->tail_fraction, l), LANE(s->level, l),
        LANE(s->tail_level, l), LANE(s->fade, l), LANE(s->hit, l), LANE(s->tail_hit, l), LANE(s->playing, l),
        LANE(s->open, l), LANE(s->started, l),
    };
}

GD_RT INLINE void keep_player(State *s, uint32_t l, const Player *p)
{
    LANE(s->frame, l) = p->frame, LANE(s->fraction, l) = p->fraction;
    LANE(s->tail_frame, l) = p->tail_frame, LANE(s->tail_fraction, l) = p->tail_fraction;
    LANE(s->level, l) = p->level, LANE(s->tail_level, l) = p->tail_level, LANE(s->fade, l) = p->fade;
    LANE(s->hit, l) = p->hit, LANE(s->tail_hit, l) = p->tail_hit;
    LANE(s->playing, l) = p->playing, LANE(s->open, l) = p->open, LANE(s->started, l) = p->started;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes moving[GD_SLICE], *out = b->out[OUT];
    const Lanes *speed = &s->speed;
    if (MOVES(b, PITCH_SEMITONES)) {
        for (uint32_t i = 0; i < b->frames; ++i)
            moving[i] = speed_of(b, b->param[PITCH_SEMITONES][i]);
        speed = moving;
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        if (!b->memory[l])
            continue;
        Player p = player_of(s, l);
        if (SILENT(b, TRIGGER) && p.started && !p.open && !p.playing && p.tail_level == 0.0f)
            continue;
        Material m = material_of(b, l, 0);
        if (!m.media.frames)
            continue;
        Speed now = speed_at(&m, lane_of(speed, 0, l));
        if (is_steady(&p, &m, b, now, l))
            play_steady(&p, &m, b, now, l);
        else
            run_lane(&p, &m, b, speed, l);
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

KERNEL(.effort = 160, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
