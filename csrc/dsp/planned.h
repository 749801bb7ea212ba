/* Notes that a kernel plays of its own accord or late: each with its beginning and its end in absolute time, so that nothing
 * depends on how time is cut, and none is forgotten. Audio thread. */
#ifndef GD_DSP_PLANNED_H
#define GD_DSP_PLANNED_H

#include "../events.h"
#include "hash.h"

enum { PLANNED = 512 };
#define NOT_YET UINT64_MAX

typedef struct PlannedNote {
    uint64_t begins, ends;  /* absolute frames; ends: NOT_YET while nobody knows */
    uint64_t late;          /* frames behind the note that it comes from */
    uint32_t source, note;  /* the note it comes from, and as everybody else knows it */
    float key, value, release;
    uint8_t channel;
    bool on;
} PlannedNote;

typedef struct Planned {
    uint32_t count;
    PlannedNote item[PLANNED];
} Planned;

/* A name for note `k` of those that one note becomes, or of those that a kernel makes. */
GD_RT static inline uint32_t planned_name(uint32_t source, uint32_t k) { return hash_word(source ^ hash_word(k * 0x9e3779b1u + 1u)) | 1u; }

GD_RT static inline void planned_drop(Planned *p, uint32_t k) { p->item[k] = p->item[--p->count]; }

GD_RT static inline uint16_t planned_frame(const GdBlock *b, uint64_t time) { return (uint16_t)(time > b->time ? time - b->time : 0); }

GD_RT static inline void planned_end(Planned *p, uint32_t k, uint16_t frame, GdEvents *out)
{
    const PlannedNote *n = &p->item[k];
    if (n->on)
        gd_events_put(out, (GdEvent){.frame = frame, .kind = GD_NOTE_OFF, .channel = n->channel, .note = n->note, .key = n->key,
                                     .value = n->release});
    planned_drop(p, k);
}

GD_RT static inline void planned_begin(Planned *p, uint32_t k, uint16_t frame, GdEvents *out)
{
    PlannedNote *n = &p->item[k];
    n->on = gd_events_put(out, (GdEvent){.frame = frame, .kind = GD_NOTE_ON, .channel = n->channel, .note = n->note, .key = n->key,
                                         .value = n->value});
    if (!n->on)
        planned_drop(p, k);
}

/* Add a note, which begins at once where its time has come. Where there is no room, it is left out. */
GD_RT static inline void planned_add(Planned *p, PlannedNote note, uint64_t now, uint16_t frame, GdEvents *out)
{
    if (p->count == PLANNED)
        return;
    p->item[p->count++] = note;
    if (note.begins <= now)
        planned_begin(p, p->count - 1, frame, out);
}

/* Where something stands in the order of all: twice its time, and one more for a beginning, so that of one frame ends come
 * first. */
GD_RT static inline uint64_t planned_order(const PlannedNote *n)
{
    return n->on ? (n->ends == NOT_YET ? NOT_YET : 2 * n->ends) : 2 * n->begins + 1;
}

/* What comes first, before a place in that order; -1: nothing. */
GD_RT static inline int32_t planned_next(const Planned *p, uint64_t before)
{
    int32_t first = -1;
    for (uint32_t k = 0; k < p->count; ++k) {
        const uint64_t order = planned_order(&p->item[k]);
        if (order < before)
            before = order, first = (int32_t)k;
    }
    return first;
}

GD_RT static inline void planned_play(Planned *p, const GdBlock *b, uint64_t before, GdEvents *out)
{
    for (int32_t k; (k = planned_next(p, before)) >= 0;) {
        const uint16_t frame = planned_frame(b, planned_order(&p->item[k]) / 2);
        if (p->item[k].on)
            planned_end(p, (uint32_t)k, frame, out);
        else
            planned_begin(p, (uint32_t)k, frame, out);
    }
}

/* Play all that comes before an absolute frame, and the ends that fall on it: before an event is looked at that comes there. */
GD_RT static inline void planned_until(Planned *p, const GdBlock *b, uint64_t time, GdEvents *out) { planned_play(p, b, 2 * time + 1, out); }

/* Play what is left of the slice. */
GD_RT static inline void planned_close(Planned *p, const GdBlock *b, GdEvents *out)
{
    planned_play(p, b, 2 * (b->time + b->frames), out);
}

/* The note that some come from has ended: they do, each as late as it began; one that would end before it begins never does. */
GD_RT static inline void planned_release(Planned *p, uint32_t source, uint64_t time, float release)
{
    for (uint32_t k = p->count; k-- > 0;) {
        PlannedNote *n = &p->item[k];
        if (n->source != source || n->ends != NOT_YET)
            continue;
        n->ends = time + n->late;
        n->release = release;
        if (!n->on && n->ends <= n->begins)
            planned_drop(p, k);
    }
}

/* All that come from a note end at once. */
GD_RT static inline void planned_stop(Planned *p, uint32_t source, uint16_t frame, GdEvents *out)
{
    for (uint32_t k = p->count; k-- > 0;)
        if (p->item[k].source == source)
            planned_end(p, k, frame, out);
}

/* All notes of a channel end, and what has not begun never does. */
GD_RT static inline void planned_cut(Planned *p, uint8_t channel, uint16_t frame, GdEvents *out)
{
    for (uint32_t k = p->count; k-- > 0;)
        if (channel == GD_ANY_CHANNEL || p->item[k].channel == channel)
            planned_end(p, k, frame, out);
}

/* A change reaches those that sound of the note that it is for, and what is for a channel passes. */
GD_RT static inline void planned_express(const Planned *p, const GdEvent *event, GdEvents *out)
{
    GdEvent own = *event;
    if (!event->note)
        gd_events_put(out, own);
    for (uint32_t k = 0; event->note && k < p->count; ++k)
        if (p->item[k].on && p->item[k].source == event->note) {
            own.note = p->item[k].note;
            own.key = p->item[k].key;
            gd_events_put(out, own);
        }
}

/* Anything but the beginning of a note, which reaches all that come from the note it is for. */
GD_RT static inline void planned_follow(Planned *p, const GdBlock *b, const GdEvent *event, GdEvents *out)
{
    switch (event->kind) {
    case GD_NOTE_OFF: planned_release(p, event->note, b->time + event->frame, event->value); break;
    case GD_ALL_OFF:
        planned_cut(p, event->channel, event->frame, out);
        gd_events_put(out, *event);
        break;
    default: planned_express(p, event, out);
    }
}

#endif
