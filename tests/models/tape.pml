/* A tape: csrc/nodes/record.c (audio thread) writes a ring by absolute time and never waits; gd_tape_read in csrc/memory.c
 * (disk thread) reads it, may be late, and must then know exactly what it lost. One cell here is one slice of the C.
 * `-DBUG_...` seeds a mistake. */
#define RING 4
#ifdef BUG_THE_SLICE_UNDER_WAY_IS_FORGOTTEN
#define ROOM RING
#else
#define ROOM (RING - 1) /* the C leaves out two, for processors that store out of order */
#endif
#define SLICES 9
#define CHUNK 2      /* slices that are read at a time */

byte ring[RING], again[RING]; /* what lies there: the slice's number, and its second half */
byte written, consumed;       /* GdStream */
byte time;                    /* the slice under way in the audio thread */
byte kept, lost;              /* by the disk side */
bool stopped;

/* run: slice `time`, whose number is what it sounds like. Slices are numbered from 1, so that 0 is nothing. */
active proctype audio()
{
    do
    :: time < SLICES ->
#ifdef BUG_WRITTEN_BEFORE_IT_IS_THERE
        written = time + 1;
#else
        written = time;
#endif
        ring[time % RING] = time + 1;
        again[time % RING] = time + 1;
        time++
    :: else -> break
    od;
    stopped = true
}

inline copy_from_tape()
{
    k = 0;
    do
    :: k < count ->
        chunk[k] = ring[(from + k) % RING];
        chunk_again[k] = again[(from + k) % RING];
        k++
    :: else -> break
    od;
    k = 0
}

inline gd_tape_read()
{
    end = written; /* acquire */
    from = consumed;
    missed = 0;
    do
    ::
        if
        :: stopped -> end = time /* `until`: nothing runs any more */
        :: else
        fi;
        if
        :: end > from + ROOM -> missed = missed + end - ROOM - from; from = end - ROOM
        :: else
        fi;
        count = (end - from < CHUNK -> end - from : CHUNK);
#ifdef BUG_LOOKS_AGAIN_TOO_EARLY
        end = written;
        copy_from_tape();
#else
        copy_from_tape();
        end = written; /* not before the copies */
#endif
        if
#ifdef BUG_DOES_NOT_LOOK_AGAIN
        :: true -> break
#else
        :: end <= from + ROOM -> break
#endif
        :: else /* overtaken */
        fi
    od;
#ifdef BUG_LOST_IS_NOT_COUNTED
    missed = 0;
#endif
    atomic {
        lost = lost + missed;
        do
        :: k < count ->
            assert(chunk[k] == from + k + 1 && chunk_again[k] == from + k + 1); /* whole, and from its own time */
            k++; kept++
        :: else -> k = 0; break
        od
    }
#ifdef BUG_WHAT_WAS_MISSED_IS_READ_AGAIN
    consumed = consumed + count
#else
    consumed = from + count
#endif
}

active proctype disk()
{
    byte from, end, count, missed, k;
    byte chunk[CHUNK], chunk_again[CHUNK];
    do
    :: gd_tape_read();
        if
        :: stopped && consumed >= SLICES -> break
        :: else
        fi
    od;
    assert(kept + lost == SLICES)
}
