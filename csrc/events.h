/* Event wires: what a slice of one carries is a list of events in order, in a buffer of its own shape. Audio thread. */
#ifndef GD_EVENTS_H
#define GD_EVENTS_H

#include <string.h>

#include "block.h"
#include "graphdaw.h"

enum {
    GD_EVENT_WIDTH = 32,   /* floats a frame that such a buffer takes: what tells it from a signal's in the compiler */
    GD_EVENT_ROOM = 680,   /* events in a slice of one wire */
    GD_EVENT_SPARE = 192,  /* of them, the last ones are for ends of notes, which must not be lost */
    GD_HELD = 192,         /* notes that can sound at once through one wire */
};

typedef struct GdEvents {
    uint32_t count, unused;
    GdEvent item[GD_EVENT_ROOM];
} GdEvents;

_Static_assert(sizeof(GdEvents) <= GD_SLICE * GD_EVENT_WIDTH * sizeof(float), "a slice's events fit into their buffer");

/* Whether an event ends notes: it is never dropped. */
GD_RT static inline bool gd_event_ends(const GdEvent *event)
{
    return event->kind == GD_NOTE_OFF || event->kind == GD_ALL_OFF || event->kind == GD_VOICE_STOP || event->kind == GD_VOICE_KILL;
}

/* Add an event at or after the last one's frame; false if it was dropped, which only happens to what ends nothing. Where no
 * room is left even for an end, all notes are ended in its place. */
GD_RT static inline bool gd_events_put(GdEvents *events, GdEvent event)
{
    const uint32_t room = gd_event_ends(&event) ? GD_EVENT_ROOM : GD_EVENT_ROOM - GD_EVENT_SPARE;
    if (events->count < room) {
        events->item[events->count++] = event;
        return true;
    }
    if (!gd_event_ends(&event))
        return false;
    events->item[GD_EVENT_ROOM - 1] = (GdEvent){.frame = event.frame, .kind = GD_ALL_OFF, .channel = GD_ANY_CHANNEL};
    return true;
}

/* --- for kernels --- */
GD_RT static inline const GdEvents *events_in(const GdBlock *b, uint32_t port) { return (const GdEvents *)b->in[port]; }

/* An outlet's list, empty. */
GD_RT static inline GdEvents *events_out(const GdBlock *b, uint32_t port)
{
    GdEvents *events = (GdEvents *)b->out[port];
    events->count = 0;
    return events;
}

/* --- cable.c: what flows into an event inlet --- */
/* A wire's memory: the notes that are on through it, so that they end when it goes; and what waits for latency elsewhere. */
typedef struct GdHeldNote {
    uint32_t note;
    float key;
    uint8_t channel;
} GdHeldNote;

enum { GD_WAITING = 256 };
typedef struct GdCable {
    uint32_t held_count;
    GdHeldNote held[GD_HELD];
    uint32_t waiting_read, waiting_written;
    GdTimedEvent waiting[GD_WAITING];
} GdCable;

typedef struct GdPlug {
    const GdEvents *source;
    GdCable *cable;
    uint32_t delay_frames;
    bool falls;            /* the wire is going: all its notes end, and nothing more comes */
    uint32_t next;         /* audio: of the source's events */
} GdPlug;

typedef struct GdMerge {
    uint32_t count;
    GdPlug *plugs;         /* in the order of their wires */
} GdMerge;

/* [audio] A step: events of all plugs in order of frames, then of wires. */
GD_RT void gd_merge_run(void *merge, const GdBlock *b);

#endif
