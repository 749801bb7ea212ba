/* Handing the engine from one device to another, as csrc/devices/caller.c does it; names are theirs. Two devices call
 * whenever they like, one of them lost, perhaps, in the middle of a call; control gives them their turn. `-DBUG_...` seeds a
 * mistake; `-DLIVENESS` asks whether a device whose calls end can always be made to leave. */
#define MINE 1
#define INSIDE 2
#define CALLERS 2
#define touches_engine() assert(!engine_freed && users == 1)

byte turn[CALLERS];
byte users;             /* threads that are where only one may be: in the engine, or in what belongs to it */
bool engine_freed, closed, finished;

/* gd_caller_run: take_turn, the engine, end_turn */
inline gd_caller_run(who)
{
    if
#ifdef BUG_LOOKS_THEN_GOES_INSIDE
    :: turn[who] == MINE -> turn[who] = MINE | INSIDE;
#else
    :: atomic { turn[who] == MINE -> turn[who] = MINE | INSIDE };
#endif
        users++; touches_engine(); /* gd_engine_run */
        touches_engine();
#ifdef BUG_COUNTS_AFTER_ITS_TURN
        users--;
        atomic { turn[who] = turn[who] & MINE };
        users++; touches_engine(); /* gd_engine_account */
        users--
#else
        touches_engine();
        users--;
#ifdef BUG_ENDS_AS_IT_BEGAN
        turn[who] = MINE
#else
        atomic { turn[who] = turn[who] & MINE }
#endif
#endif
    :: else
    fi
}

active [CALLERS] proctype device()
{
    do
    :: !closed -> gd_caller_run(_pid)
    :: closed -> break /* the driver is gone; until then it calls, whoever's turn it is */
    od
}

/* Writes what belongs to the engine, so nobody may be inside. */
inline gd_caller_take(who)
{
    users++; touches_engine(); users--;
    turn[who] = MINE
}

inline gd_caller_leave(who)
{
#ifdef BUG_WAITS_BEFORE_THE_TURN_IS_OVER
    do
    :: turn[who] & INSIDE
    :: else -> if :: turn[who] == MINE :: atomic { turn[who] == MINE -> turn[who] = 0; break } fi
    od;
#endif
#ifdef BUG_LEAVING_FORGETS_WHO_IS_INSIDE
    turn[who] = 0;
#else
    atomic { turn[who] = turn[who] & INSIDE };
#endif
#ifndef BUG_DOES_NOT_WAIT
    do
    :: !(turn[who] & INSIDE) -> break
#ifdef BUG_GIVES_UP_AND_GOES_ON
    :: turn[who] & INSIDE -> break
#endif
    od
#endif
}

active proctype control()
{
    gd_caller_take(0);
#ifdef BUG_GIVEN_TO_TWO
    gd_caller_take(1);
    gd_caller_leave(0);
#else
    gd_caller_leave(0);
    gd_caller_take(1);
#endif
    gd_caller_leave(1);
    gd_caller_take(0); /* it came back */
    gd_caller_leave(0);
    engine_freed = true; /* while both drivers may still call */
    finished = true;
    closed = true
}

#ifdef LIVENESS
ltl control_is_never_kept { <> finished }
#endif
