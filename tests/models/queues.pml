/* The two queues of csrc/message.h: control -> audio, which refuses when full, and audio -> control, which drops and counts.
 * An item is two words, so that one seen half would show. What acquire and release forbid is seeded as `-DBUG_...`: spin
 * knows no other order than that of the program, so a weaker order is the program written in that order. `-DNEWS` checks the
 * second queue instead of the first. */
#define SIZE 2            /* items; a power of two */
#ifdef BUG_INDEX_WRAPS_OFF_THE_SIZE
#define TURN (2 * SIZE + 1)
#else
#define TURN (2 * SIZE)   /* indices run freely and wrap, as 32 bits do */
#endif
#define AFTER(index) ((index + 1) % TURN)
#define HELD(written, read) ((written + TURN - read) % TURN)
#ifdef BUG_ONE_TOO_MANY
#define FULL(held) (held == SIZE + 1)
#else
#define FULL(held) (held == SIZE)
#endif
#define ITEMS 7

typedef Item { byte number, again };
typedef Ring { byte written, read; Item items[SIZE] };
Ring to_audio, from_audio;
byte sent, received, dropped; /* dropped: GdFromAudio */
bool sent_all;

/* gd_send_to_audio and gd_send_from_audio up to where they store */
inline send(ring, value)
{
    written = ring.written;
    read = ring.read;
    if
    :: FULL(HELD(written, read)) -> no_room = true
    :: else ->
        no_room = false;
#ifdef BUG_INDEX_RELAXED
        ring.written = AFTER(written);
#endif
        ring.items[written % SIZE].number = value;
        ring.items[written % SIZE].again = value;
#ifndef BUG_INDEX_RELAXED
        ring.written = AFTER(written)
#endif
    fi
}

/* gd_receive_in_audio and gd_receive_from_audio */
inline receive(ring)
{
    read = ring.read;
    written = ring.written;
    if
#ifdef BUG_NOTHING_IS_NOT_SEEN
    :: false -> nothing = true
#else
    :: read == written -> nothing = true
#endif
    :: else ->
        nothing = false;
#ifdef BUG_GIVEN_BACK_BEFORE_IT_IS_READ
        ring.read = AFTER(read);
#endif
        number = ring.items[read % SIZE].number;
        again = ring.items[read % SIZE].again;
#ifndef BUG_GIVEN_BACK_BEFORE_IT_IS_READ
        ring.read = AFTER(read);
#endif
        assert(number == again)
    fi
}

#ifndef NEWS

#ifdef BUG_TWO_SENDERS
active [2] proctype control_sends() /* without the lock of graphdaw/host/engine.py */
#else
active proctype control_sends()
#endif
{
    byte written, read; bool no_room;
    do
    :: sent < ITEMS ->
        send(to_audio, sent + 1);
        if
        :: !no_room -> sent++
        :: else /* gd_engine_set says so, and the next plan carries the value */
        fi
    :: else -> break
    od;
    sent_all = true
}

active proctype audio_receives()
{
    byte written, read, number, again; bool nothing;
    do
    :: receive(to_audio);
        if
        :: !nothing -> received++; assert(number == received) /* each once, in order */
        :: nothing && sent_all && to_audio.written == to_audio.read -> break
        :: else
        fi
    od;
    assert(received == sent)
}

#else

active proctype audio_tells()
{
    byte written, read, next = 1; bool no_room;
    do
    :: next <= ITEMS ->
        send(from_audio, next);
        if
#ifdef BUG_DROPPED_UNCOUNTED
        :: no_room -> skip
#else
        :: no_room -> dropped++
#endif
        :: else
        fi;
        next++
    :: else -> break
    od;
    sent_all = true
}

active proctype control_listens()
{
    byte written, read, number, again, last; bool nothing;
    do
    :: receive(from_audio);
        if
        :: !nothing -> assert(number > last); last = number; received++
        :: nothing && sent_all && from_audio.written == from_audio.read -> break
        :: else
        fi
    od;
    assert(received + dropped == ITEMS)
}

#endif
