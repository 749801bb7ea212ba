/* What flows into an event inlet: the events of its wires in order, each wire watched, so that no note can hang. Audio thread. */
#include "events.h"

GD_RT static int32_t find_held(const GdCable *cable, uint32_t note)
{
    for (uint32_t k = 0; k < cable->held_count; ++k)
        if (cable->held[k].note == note)
            return (int32_t)k;
    return -1;
}

GD_RT static void end_all(GdCable *cable, uint16_t frame, uint8_t channel, GdEvents *out)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < cable->held_count; ++k) {
        const GdHeldNote held = cable->held[k];
        if (channel == GD_ANY_CHANNEL || channel == held.channel)
            gd_events_put(out, (GdEvent){.frame = frame, .kind = GD_NOTE_OFF, .channel = held.channel, .note = held.note, .key = held.key});
        else
            cable->held[kept++] = held;
    }
    cable->held_count = kept;
}

/* One event through the wire. The end of a note that did not begin through it is not for whoever listens here. */
GD_RT static void pass(GdCable *cable, const GdEvent *event, GdEvents *out)
{
    if (event->kind == GD_NOTE_ON) {
        if (cable->held_count == GD_HELD || !gd_events_put(out, *event))
            return;
        cable->held[cable->held_count++] = (GdHeldNote){.note = event->note, .key = event->key, .channel = event->channel};
    } else if (event->kind == GD_NOTE_OFF) {
        int32_t k = find_held(cable, event->note);
        if (k < 0)
            return;
        cable->held[k] = cable->held[--cable->held_count];
        gd_events_put(out, *event);
    } else {
        if (event->kind == GD_ALL_OFF)
            end_all(cable, event->frame, event->channel, out);
        gd_events_put(out, *event);
    }
}

/* All that comes in waits; where there is no room for a beginning it is dropped, and an end goes on without waiting. */
GD_RT static void store(GdPlug *plug, const GdBlock *b, GdEvents *out)
{
    GdCable *cable = plug->cable;
    for (uint32_t k = 0; k < plug->source->count; ++k) {
        const GdEvent *event = &plug->source->item[k];
        if (cable->waiting_written - cable->waiting_read < GD_WAITING)
            cable->waiting[cable->waiting_written++ % GD_WAITING] = (GdTimedEvent){
                .time = b->time + event->frame + plug->delay_frames, .event = *event};
        else if (gd_event_ends(event))
            pass(cable, event, out);
    }
}

/* The plug's next event of this slice, null: none. */
GD_RT static const GdEvent *next_of(GdPlug *plug, const GdBlock *b)
{
    GdCable *cable = plug->cable;
    if (cable->waiting_read != cable->waiting_written) {
        GdTimedEvent *first = &cable->waiting[cable->waiting_read % GD_WAITING];
        if (first->time >= b->time + b->frames)
            return NULL;
        first->event.frame = first->time > b->time ? (uint16_t)(first->time - b->time) : 0;
        return &first->event;
    }
    return plug->delay_frames || plug->next >= plug->source->count ? NULL : &plug->source->item[plug->next];
}

GD_RT static void take_next(GdPlug *plug)
{
    if (plug->cable->waiting_read != plug->cable->waiting_written)
        ++plug->cable->waiting_read;
    else
        ++plug->next;
}

void gd_merge_run(void *state, const GdBlock *b)
{
    GdMerge *merge = state;
    GdEvents *out = events_out(b, 0);
    uint32_t sources = 0;
    for (uint32_t k = 0; k < merge->count; ++k) {
        GdPlug *plug = &merge->plugs[k];
        plug->next = 0;
        if (plug->falls) {
            end_all(plug->cable, 0, GD_ANY_CHANNEL, out);
            plug->cable->waiting_read = plug->cable->waiting_written;
            plug->next = plug->source->count;
            continue;
        }
        if (plug->delay_frames)
            store(plug, b, out);
        sources += next_of(plug, b) != NULL;
    }
    while (sources) {
        GdPlug *first = NULL;
        const GdEvent *earliest = NULL;
        for (uint32_t k = 0; k < merge->count; ++k) {
            const GdEvent *event = next_of(&merge->plugs[k], b);
            if (event && (!earliest || event->frame < earliest->frame))
                earliest = event, first = &merge->plugs[k];
        }
        if (!first)
            break;
        const GdEvent event = *earliest;
        take_next(first);
        pass(first->cable, &event, out);
    }
}
