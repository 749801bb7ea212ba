/* notes: plays a score, each event on its frame of the piece: what clips of notes and step patterns become. Whatever moves the
 * position, stops it or takes a note out of the score ends the notes that it leaves behind. */
#define NODE notes
#define OUTS P(EVENTS, "events")
#include "kernel.h"
#include "dsp/hash.h"
#include "events.h"
#include "box.h"
#include "timeline.h"

enum { LOOK_BACK = 4096 /* items that a jump looks at for what began before it */ };

/* A note that is on. */
typedef struct {
    double at, end;         /* ticks, in absolute time of the piece */
    uint32_t source, note;  /* in the score; and as everybody else knows it */
    float key, release;
    uint8_t channel;
} Sounding;

typedef struct {
    uint32_t serial;        /* of the score that the cursor is for; 0 before the first */
    uint32_t cursor, turn;  /* the next item, and how often a score that loops has begun */
    uint32_t issued;        /* notes */
    uint32_t count;         /* sounding */
    bool rolled;
    Sounding sounding[GD_HELD];
} Work;

typedef struct { Lanes unused; } State;

/* What all functions here look at. */
typedef struct {
    Work *work;
    const GdScore *score;
    const GdScoreItem *items;
    const GdBlock *b;
    const GdTimeline *timeline;
    GdEvents *out;
} Player;

GD_RT static double tick_of(const Player *p, double at) { return at + p->work->turn * p->score->loop_ticks; }

GD_RT static uint16_t frame_in_slice(const Player *p, int64_t frame)
{
    int64_t at = frame - (int64_t)p->b->transport->position;
    return (uint16_t)(at < 0 ? 0 : at);
}

GD_RT static void end_note(Player *p, uint32_t k, uint16_t frame)
{
    Work *w = p->work;
    const Sounding *s = &w->sounding[k];
    gd_events_put(p->out, (GdEvent){.frame = frame, .kind = GD_NOTE_OFF, .channel = s->channel, .note = s->note, .key = s->key,
                                    .value = s->release});
    w->sounding[k] = w->sounding[--w->count];
}

GD_RT static void end_all(Player *p)
{
    while (p->work->count)
        end_note(p, p->work->count - 1, 0);
}

/* Whether a note of a chance below 1 is played this time. */
GD_RT static bool happens(const Player *p, const GdScoreItem *item)
{
    if (item->probability >= 1.0f)
        return true;
    uint32_t dice = hash_word(item->note ^ hash_word(p->work->turn ^ hash_word(p->b->transport->pass ^ p->b->seed[0])));
    return (float)(dice >> 8) * 0x1p-24f < item->probability;
}

GD_RT static void begin_note(Player *p, const GdScoreItem *item, uint16_t frame)
{
    Work *w = p->work;
    if (w->count == GD_HELD || !happens(p, item))
        return;
    const uint32_t note = hash_word(p->b->seed[0] + ++w->issued) | 1u;
    const GdEvent on = {.frame = frame, .kind = GD_NOTE_ON, .channel = item->channel, .note = note, .key = item->key, .value = item->value};
    if (gd_events_put(p->out, on))
        w->sounding[w->count++] = (Sounding){.at = tick_of(p, item->at), .end = tick_of(p, item->end), .source = item->note,
                                             .note = note, .key = item->key, .release = item->release, .channel = item->channel};
}

/* A change for one note reaches it while it is on. */
GD_RT static void change(Player *p, const GdScoreItem *item, uint16_t frame)
{
    GdEvent event = {.frame = frame, .kind = item->kind, .channel = item->channel, .number = item->number, .value = item->value};
    if (!item->note) {
        gd_events_put(p->out, event);
        return;
    }
    for (uint32_t k = 0; k < p->work->count; ++k)
        if (p->work->sounding[k].source == item->note) {
            event.note = p->work->sounding[k].note;
            gd_events_put(p->out, event);
        }
}

GD_RT static void play(Player *p, const GdScoreItem *item, uint16_t frame)
{
    if (item->kind == GD_NOTE_ON)
        begin_note(p, item, frame);
    else
        change(p, item, frame);
}

/* The first item that does not lie before the slice. */
GD_RT static void find_cursor(Player *p)
{
    Work *w = p->work;
    const int64_t position = (int64_t)p->b->transport->position;
    w->turn = 0;
    if (p->score->loop_ticks > 0.0) {
        double tick = gd_tick_at(p->timeline, (double)position);
        w->turn = tick > 0.0 ? (uint32_t)(tick / p->score->loop_ticks) : 0;
    }
    uint32_t lo = 0, hi = p->score->count;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (gd_frame_of(p->timeline, tick_of(p, p->items[mid].at)) < position)
            lo = mid + 1;
        else
            hi = mid;
    }
    w->cursor = lo;
}

/* What is in force where a jump leads: the last change of each kind, and the notes that began before and still last. */
GD_RT static void chase(Player *p)
{
    const uint32_t cursor = p->work->cursor, first = cursor > LOOK_BACK ? cursor - LOOK_BACK : 0;
    const int64_t position = (int64_t)p->b->transport->position;
    uint32_t seen[16][5] = {{0}};
    for (uint32_t k = cursor; k-- > first;) {
        const GdScoreItem *item = &p->items[k];
        if (item->kind == GD_NOTE_ON || item->note)
            continue;
        const uint32_t bit = item->kind == GD_CC ? item->number & 127u : 128u + (item->kind & 31u);
        uint32_t *word = &seen[item->channel & 15][bit / 32];
        if (!(*word >> bit % 32 & 1))
            play(p, item, 0);
        *word |= 1u << bit % 32;
    }
    const double tick = gd_tick_at(p->timeline, (double)position);
    for (uint32_t k = cursor; k-- > first && tick_of(p, p->items[k].at) + p->score->longest_ticks > tick;)
        if (p->items[k].kind == GD_NOTE_ON && gd_frame_of(p->timeline, tick_of(p, p->items[k].end)) > position)
            play(p, &p->items[k], 0);
}

/* The item of a new score that a sounding note belongs to; null: it is gone. */
GD_RT static const GdScoreItem *same_note(const Player *p, const Sounding *s)
{
    uint32_t lo = 0, hi = p->score->count;
    const double at = p->score->loop_ticks > 0.0 ? s->at - p->score->loop_ticks * floor(s->at / p->score->loop_ticks) : s->at;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (p->items[mid].at < at)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < p->score->count && p->items[lo].at == at; ++lo)
        if (p->items[lo].kind == GD_NOTE_ON && p->items[lo].note == s->source && p->items[lo].key == s->key)
            return &p->items[lo];
    return 0;
}

/* Another score in the middle of playing: notes that are in both go on, to the end that they have now. */
GD_RT static void go_on_with(Player *p)
{
    Work *w = p->work;
    find_cursor(p);
    for (uint32_t k = w->count; k-- > 0;) {
        Sounding *s = &w->sounding[k];
        const GdScoreItem *item = same_note(p, s);
        if (item)
            s->end = s->at + (item->end - item->at);
        else
            end_note(p, k, 0);
    }
}

/* The sounding note that ends first, before the slice does; -1: none. */
GD_RT static int32_t first_to_end(const Player *p, int64_t *when, int64_t until)
{
    int32_t first = -1;
    for (uint32_t k = 0; k < p->work->count; ++k) {
        int64_t end = gd_frame_of(p->timeline, p->work->sounding[k].end);
        if (end < until)
            until = *when = end, first = (int32_t)k;
    }
    return first;
}

/* Ends come before beginnings on one frame, so that a key can be struck again. */
GD_RT static void play_slice(Player *p)
{
    Work *w = p->work;
    const int64_t until = (int64_t)(p->b->transport->position + p->b->frames);
    for (;;) {
        if (w->cursor >= p->score->count && p->score->loop_ticks > 0.0 && p->score->count)
            w->cursor = 0, ++w->turn;
        int64_t begins = until, ends = until;
        if (w->cursor < p->score->count)
            begins = gd_frame_of(p->timeline, tick_of(p, p->items[w->cursor].at));
        int32_t k = first_to_end(p, &ends, until);
        if (k >= 0 && ends <= begins)
            end_note(p, (uint32_t)k, frame_in_slice(p, ends));
        else if (begins < until)
            play(p, &p->items[w->cursor++], frame_in_slice(p, begins));
        else
            return;
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    Player p = {.b = b, .out = events_out(b, EVENTS), .timeline = b->transport->timeline};
    if (!b->memory[0])
        return;
    p.work = (Work *)b->memory[0]->data;
    p.score = gd_box_look(b->memory[0]->box);
    if (!p.score)
        return;
    p.items = (const GdScoreItem *)(p.score + 1);
    if (!b->transport->rolling) {
        end_all(&p);
        p.work->rolled = false;
        return;
    }
    if (!p.work->rolled || (b->transport->jumped && !b->transport->retimed)) {
        end_all(&p);
        find_cursor(&p);
        if (p.score->chases)
            chase(&p);
    } else if (p.work->serial != p.score->serial) {
        go_on_with(&p);
    }
    p.work->rolled = true;
    p.work->serial = p.score->serial;
    play_slice(&p);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Work) / 4 + 1, .event_outs = 1u << EVENTS)
