/* The box of csrc/box.h, in which the control thread leaves values for a kernel that plays: only the newest counts, and what
 * was replaced is freed by the control thread. The tempo map goes the same way (csrc/transport.c). What acquire and release
 * forbid is seeded as `-DBUG_...`, as the program written in that order. */
#define VALUES 4
#define NONE 0

typedef Value { bool written, freed };
Value values[VALUES + 1]; /* 0 is no value */
byte next, retired, live, put;
bool all_put;

inline free_value(v)
{
    if
    :: v != NONE -> assert(!values[v].freed); values[v].freed = true
    :: else
    fi
}

inline exchange(box, with, was) { d_step { was = box; box = with } }

active proctype control_puts() /* gd_box_put */
{
    byte copy, old;
    do
    :: put < VALUES ->
        copy = put + 1;
#ifdef BUG_PUBLISHED_BEFORE_IT_IS_WRITTEN
        exchange(retired, NONE, old);
        free_value(old);
        exchange(next, copy, old);
        values[copy].written = true;
        free_value(old);
#else
        values[copy].written = true;
#ifdef BUG_RETIRED_IS_NOT_TAKEN_OUT
        old = retired;
#else
        exchange(retired, NONE, old);
#endif
        free_value(old);
#ifdef BUG_NEXT_IS_LOOKED_AT_AND_THEN_REPLACED
        old = next;
        next = copy;
#else
        exchange(next, copy, old);
#endif
        free_value(old);
#ifdef BUG_FREES_THE_ONE_BEFORE_AT_ONCE
        if
        :: put > 0 && !values[put].freed -> values[put].freed = true
        :: else
        fi;
#endif
#endif
        put = copy
    :: else -> break
    od;
    all_put = true
}

active proctype audio_looks() /* gd_box_look, and then a slice that reads what lies there */
{
    byte before, last, reads; bool ends;
    do
    :: ends = all_put;
        if
#ifdef BUG_TAKES_WHILE_RETIRED_IS_FULL
        :: next != NONE ->
#else
        :: next != NONE && retired == NONE ->
#endif
            before = live;
#ifdef BUG_NEXT_IS_TAKEN_IN_TWO_STEPS
            live = next;
            next = NONE;
#else
            exchange(next, NONE, live);
#endif
#ifdef BUG_READS_WHAT_IT_PUT_AWAY
            reads = before;
            retired = before;
            goto slice;
#else
            retired = before;
#endif
        :: else
        fi;
        reads = live;
slice:
        if
        :: reads != NONE ->
            assert(values[reads].written && !values[reads].freed);
            assert(reads >= last);
            last = reads;
            assert(!values[reads].freed)
        :: else
        fi;
        if
        :: ends && (next == NONE || retired != NONE) -> break
        :: else
        fi
    od;
    /* gd_box_empty: each value is freed once, and none is forgotten */
    byte v;
    for (v : 1 .. VALUES) {
        assert(values[v].freed + (v == next) + (v == retired) + (v == live) == 1)
    }
}
