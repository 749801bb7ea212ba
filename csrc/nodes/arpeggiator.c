/* arpeggiator: plays the keys that are held one after the other. While the piece rolls its steps lie on the grid of the piece;
 * otherwise, and where it goes by hertz, they count from the first key. */
#define NODE arpeggiator
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                              \
    P(RATE_HZ, "rate_hz") P(OCTAVES, "octaves") P(GATE, "gate") P(SWING, "swing") P(VELOCITY, "velocity") \
    P(CHANCE, "chance")
#include "kernel.h"
#include "dsp/planned.h"
#include "dsp/settings.h"
#include "dsp/song.h"

enum { UP, DOWN, UP_DOWN, DOWN_UP, AS_PLAYED, RANDOM, CHORD };
enum { FIRST_KEY, EVERY_KEY, EVERY_BAR, NEVER };
enum { AS_STRUCK, FIXED, ACCENTS };
enum { KEYS = 64 };

typedef struct { uint32_t order, sync, retrigger, velocities, hold; } Settings; /* choices, in the declaration's order */

typedef struct {
    uint32_t note;
    float key, velocity;
    uint8_t channel;
    bool down;              /* else it is only held on */
} Key;

typedef struct {
    bool started, on_grid, rolled;
    uint32_t sync;          /* for which the next step is planned */
    int64_t step;           /* number of the next one: its parity swings */
    double next_tick;       /* on the grid, of the piece */
    double next_time;       /* otherwise, absolute frames */
    uint32_t turn, issued;  /* steps since the pattern began; notes, for their names */
    uint32_t count;
    Key key[KEYS];          /* in the order of playing */
    Planned planned;
} Work;

typedef struct {
    Work *w;
    const Settings *s;
    const GdBlock *b;
    GdEvents *out;
} Player;

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

/* --- when --- */

GD_RT static bool is_free(const Player *p) { return p->s->sync == SYNC_FREE; }

/* How much later than the even grid a step comes, in steps. */
GD_RT static double swung(const Player *p, int64_t step, uint32_t i)
{
    const GdBlock *b = p->b;
    return step & 1 ? 2.0 * (double)AT(SWING, i) - 1.0 : 0.0;
}

/* A step of the grid by its number, as it is swung at frame `i`. */
GD_RT static double grid_tick(const Player *p, int64_t step, uint32_t i)
{
    return ((double)step + swung(p, step, i)) * song_ticks_of_sync(p->s->sync);
}

/* The first step of the grid that does not lie before the slice. */
GD_RT static void find_step(Player *p)
{
    Work *w = p->w;
    const int64_t position = (int64_t)p->b->transport->position;
    w->step = (int64_t)floor(song_tick(p->b, 0) / song_ticks_of_sync(p->s->sync)) - 1;
    w->step = w->step < 0 ? 0 : w->step;
    while (gd_frame_of(p->b->transport->timeline, w->next_tick = grid_tick(p, w->step, 0)) < position)
        ++w->step;
}

GD_RT static double step_frames(const Player *p, uint32_t i)
{
    const GdBlock *b = p->b;
    return is_free(p) ? (double)b->sample_rate_hz / (double)AT(RATE_HZ, i) : song_frames(b, i, song_ticks_of_sync(p->s->sync));
}

/* The absolute frame of the next step. */
GD_RT static uint64_t next_step(const Player *p)
{
    const Work *w = p->w;
    if (!w->on_grid)
        return w->count ? (uint64_t)(w->next_time + 0.5) : NOT_YET;
    const int64_t ahead = gd_frame_of(p->b->transport->timeline, w->next_tick) - (int64_t)p->b->transport->position;
    return p->b->time + (uint64_t)(ahead < 0 ? 0 : ahead);
}

GD_RT static void go_on(Player *p, uint32_t i)
{
    Work *w = p->w;
    if (w->on_grid)
        w->next_tick = grid_tick(p, ++w->step, i);
    else {
        const double late = swung(p, w->step, i);
        w->next_time += (1.0 - late + swung(p, ++w->step, i)) * step_frames(p, i);
    }
}

/* --- what --- */

GD_RT static void sort_by_key(const Work *w, uint8_t order[KEYS])
{
    for (uint32_t k = 0; k < w->count; ++k) {
        uint32_t j = k;
        for (; j && w->key[order[j - 1]].key > w->key[k].key; --j)
            order[j] = order[j - 1];
        order[j] = (uint8_t)k;
    }
}

/* Where in `count` notes, from the lowest up, a turn has come. */
GD_RT static uint32_t place_of(const Player *p, uint32_t turn, uint32_t count)
{
    const uint32_t round = count > 1 ? 2 * (count - 1) : 1, at = turn % round, pendulum = at < count ? at : round - at;
    switch (p->s->order) {
    case DOWN: return count - 1 - turn % count;
    case UP_DOWN: return pendulum;
    case DOWN_UP: return count - 1 - pendulum;
    case RANDOM: return (uint32_t)(((uint64_t)hash_word(p->w->issued ^ p->b->seed[0]) * count) >> 32);
    default: return turn % count;
    }
}

GD_RT static void sound(Player *p, const Key *key, uint32_t octave, uint32_t i, uint64_t now, uint64_t ends)
{
    const GdBlock *b = p->b;
    float value = key->velocity;
    if (p->s->velocities == FIXED)
        value = AT(VELOCITY, i);
    else if (p->s->velocities == ACCENTS && p->w->turn)
        value *= AT(VELOCITY, i);
    const PlannedNote note = {.begins = now, .ends = ends, .source = key->note, .note = planned_name(b->seed[0], ++p->w->issued),
                              .key = key->key + 12.0f * (float)octave, .value = value, .release = 0.5f, .channel = key->channel};
    planned_add(&p->w->planned, note, now, (uint16_t)i, p->out);
}

GD_RT static bool begins_bar(const Player *p)
{
    const Work *w = p->w;
    const GdBars *bars = gd_bars_at(p->b->transport->timeline, w->next_tick);
    const double in_bar = fmod(w->next_tick - bars->tick, bars->bar_ticks);
    return w->on_grid && in_bar < song_ticks_of_sync(p->s->sync);
}

GD_RT static void play_step(Player *p, uint64_t now)
{
    const GdBlock *b = p->b;
    Work *w = p->w;
    const uint32_t i = (uint32_t)(now - b->time), octaves = (uint32_t)(AT(OCTAVES, i) + 0.5f);
    if (p->s->retrigger == EVERY_BAR && begins_bar(p))
        w->turn = 0;
    const float dice = (float)(hash_word(hash_word((uint32_t)w->step) ^ b->seed[0] ^ w->issued) >> 8) * 0x1p-24f;
    if (w->count && dice < AT(CHANCE, i)) {
        uint8_t order[KEYS] = {0};
        const double frames = (double)AT(GATE, i) * step_frames(p, i);
        const uint64_t ends = now + (frames > 1.0 ? (uint64_t)(frames + 0.5) : 1);
        const uint32_t all = p->s->order == CHORD ? octaves : w->count * octaves, place = place_of(p, w->turn, all);
        if (p->s->order != AS_PLAYED)
            sort_by_key(w, order);
        else
            for (uint32_t k = 0; k < w->count; ++k)
                order[k] = (uint8_t)k;
        for (uint32_t k = 0; k < w->count && p->s->order == CHORD; ++k)
            sound(p, &w->key[order[k]], place, i, now, ends);
        if (p->s->order != CHORD)
            sound(p, &w->key[order[place % w->count]], place / w->count, i, now, ends);
        const bool pendulum = p->s->order == UP_DOWN || p->s->order == DOWN_UP;
        w->turn = (w->turn + 1) % (pendulum && all > 1 ? 2 * (all - 1) : all);
    }
    go_on(p, i);
}

/* Everything before an absolute frame, and ends that fall on it. */
GD_RT static void play_until(Player *p, uint64_t time, bool ends_too)
{
    Planned *planned = &p->w->planned;
    for (uint64_t step; (step = next_step(p)) < time;) {
        step = step < p->b->time ? p->b->time : step;
        planned_until(planned, p->b, step, p->out);
        play_step(p, step);
    }
    planned_play(planned, p->b, 2 * time + ends_too, p->out);
}

/* --- keys --- */

GD_RT static uint32_t keys_down(const Work *w)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < w->count; ++k)
        count += w->key[k].down;
    return count;
}

/* What it plays ends with a key. */
GD_RT static void drop_key(Player *p, uint32_t k, uint16_t frame)
{
    Work *w = p->w;
    planned_stop(&w->planned, w->key[k].note, frame, p->out);
    memmove(&w->key[k], &w->key[k + 1], (--w->count - k) * sizeof *w->key);
}

GD_RT static void forget(Player *p, uint8_t channel, bool held_ones_only, uint16_t frame)
{
    for (uint32_t k = p->w->count; k-- > 0;)
        if ((channel == GD_ANY_CHANNEL || channel == p->w->key[k].channel) && !(held_ones_only && p->w->key[k].down))
            drop_key(p, k, frame);
}

/* With hold, the first key after all were up begins a new arpeggio. */
GD_RT static void press(Player *p, const GdEvent *on)
{
    Work *w = p->w;
    const bool first = !keys_down(w), fresh = !w->count;
    if (first)
        forget(p, GD_ANY_CHANNEL, true, on->frame);
    if (w->count == KEYS)
        return;
    if (fresh && !w->on_grid) {
        w->next_time = (double)(p->b->time + on->frame);
        w->step = 0;
    }
    if (p->s->retrigger == EVERY_KEY || (p->s->retrigger != NEVER && first))
        w->turn = 0;
    w->key[w->count++] = (Key){.note = on->note, .key = on->key, .velocity = on->value, .channel = on->channel, .down = true};
}

GD_RT static void let_go(Player *p, uint32_t note, uint16_t frame)
{
    for (uint32_t k = p->w->count; k-- > 0;)
        if (p->w->key[k].note == note) {
            p->w->key[k].down = false;
            if (!p->s->hold)
                drop_key(p, k, frame);
        }
}

GD_RT static void take(Player *p, const GdEvent *event)
{
    switch (event->kind) {
    case GD_NOTE_ON:
        press(p, event);
        break;
    case GD_NOTE_OFF:
        let_go(p, event->note, event->frame);
        break;
    case GD_ALL_OFF:
        forget(p, event->channel, false, event->frame);
        planned_cut(&p->w->planned, event->channel, event->frame, p->out);
        gd_events_put(p->out, *event);
        break;
    default:
        planned_express(&p->w->planned, event, p->out);
    }
}

/* What the transport and the settings have done since the last slice. */
GD_RT static void look_around(Player *p)
{
    Work *w = p->w;
    const GdTransport *t = p->b->transport;
    const bool on_grid = t->rolling && !is_free(p), jumped = t->jumped && !t->retimed && t->rolling;
    const bool turned = w->started && w->rolled != t->rolling;
    if (w->started && (turned || jumped))
        planned_cut(&w->planned, GD_ANY_CHANNEL, 0, p->out);
    if (!p->s->hold || (turned && !t->rolling))
        forget(p, GD_ANY_CHANNEL, true, 0);
    if (on_grid && (!w->on_grid || jumped || w->sync != p->s->sync))
        find_step(p);
    else if (!on_grid && w->on_grid) {
        w->next_time = (double)p->b->time;
        w->step = 0;
    }
    w->started = true, w->rolled = t->rolling, w->on_grid = on_grid, w->sync = p->s->sync;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    Player p = {.b = b, .out = events_out(b, OUT), .s = settings_of(b)};
    if (!p.s)
        return;
    p.w = (Work *)b->memory[0]->data;
    look_around(&p);
    for (uint32_t k = 0; k < in->count; ++k) {
        play_until(&p, b->time + in->item[k].frame, true);
        take(&p, &in->item[k]);
    }
    play_until(&p, b->time + b->frames, false);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Work) / 4 + 1, .event_ins = 1u << IN, .event_outs = 1u << OUT)
