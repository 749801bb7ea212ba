/* A tape: csrc/nodes/record.c (audio thread) writes a ring by absolute time and never waits; csrc/tape.c (disk thread) reads
 * it, may be late, and must then know exactly what it lost; it ends at a moment that the control thread chooses, while the
 * node may play on. One cell here is one slice of the C. `-DBUG_...` seeds a mistake. */
#define RING 4
#ifdef BUG_THE_SLICE_UNDER_WAY_IS_FORGOTTEN
#define ROOM RING
#else
#define ROOM (RING - 1) /* the C leaves out two, for processors that store out of order */
#endif
#define SLICES 9
#define CHUNK 2         /* slices that are read at a time */
#define NEVER 255

byte ring[RING], again[RING]; /* what lies there: the slice's number, and its second half */
byte written;                 /* GdStream: the slice under way */
byte time;                    /* GdEngine: slices that are done */
byte ends_at = NEVER;         /* GdTape, under its lock as all that is atomic here */
byte kept, lost;              /* by the disk side */

/* run: slice `now`, whose number is what it sounds like. Slices are numbered from 1, so that 0 is nothing. */
active proctype audio()
{
    byte now;
    do
    :: now < SLICES ->
        written = now;
#ifdef BUG_TIME_PASSES_BEFORE_IT_IS_HEARD
        time = now + 1;
#endif
        ring[now % RING] = now + 1;
        again[now % RING] = now + 1;
        time = now + 1;
        now++
    :: else -> break
    od
}

active proctype gd_tape_stop() { atomic { ends_at = time } }

/* The oldest slice that nobody had begun to write over; where it is past `now`, all up to there is gone. */
inline see_oldest()
{
#ifdef BUG_ENDS_BY_THE_ENGINES_CLOCK
    oldest = (now > ROOM -> now - ROOM : 0);
#else
    oldest = (written > ROOM -> written - ROOM : 0);
#endif
#ifndef BUG_WHAT_COMES_AFTER_THE_END_IS_LOST_TOO
    oldest = (oldest > now -> now : oldest)
#endif
}

inline copy()
{
    k = 0;
    do
    :: k < count ->
        chunk[k] = ring[(at + k) % RING];
        chunk_again[k] = again[(at + k) % RING];
        k++
    :: else -> break
    od
}

inline write_frames()
{
    count = (now - at < CHUNK -> now - at : CHUNK);
#ifdef BUG_LOOKS_AGAIN_TOO_EARLY
    see_oldest();
    copy();
#else
    copy();
#ifndef BUG_DOES_NOT_LOOK_AGAIN
    see_oldest();
#endif
#endif
    k = (oldest > at -> oldest - at : 0); /* torn: overtaken while it was copied */
    k = (k > count -> count : k);
    atomic {
        lost = lost + k;
        do
        :: k < count ->
            assert(chunk[k] == at + k + 1 && chunk_again[k] == at + k + 1); /* whole, and from its own time */
            k++; kept++
        :: else -> break
        od;
        at = at + count
    }
}

/* go_on, over and over */
active proctype disk()
{
    byte at, now, end, oldest, count, k;
    byte chunk[CHUNK], chunk_again[CHUNK];
    do
    ::  atomic { end = ends_at; now = (end == NEVER -> time : end) };
        if
        :: at < now ->
            see_oldest();
            if
            :: oldest > at ->
#ifndef BUG_LOST_IS_NOT_COUNTED
                lost = lost + oldest - at;
#endif
                at = oldest
            :: else -> write_frames()
            fi
        :: else ->
            if
            :: end != NEVER -> break
            :: else
            fi
        fi
    od;
    assert(kept + lost == ends_at)
}
