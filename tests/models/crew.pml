/* Sharing a slice, as csrc/crew.c and gd_run_share in csrc/run.c do it; names are theirs. One audio thread and two helpers
 * run two calls of two slices each. A plan has six steps for three workers; which step waits for which is below. Where the C
 * spins, a process here is blocked, so that a schedule that locks up is an invalid end. `-DBUG_...` seeds a mistake. */
#define WORKERS 3
#define STEPS 2            /* of each worker */
#define CALLS 2
#define SLICES 2
#define ODD(call) (call & 1)
#define HERE(w) (joined[w] == call_)

/* GdCrew */
byte call, ticket; bool quit;
byte joined[WORKERS];
byte at_ticket[WORKERS], at_steps[WORKERS]; /* the halves of `progress`; stored and loaded as one word */
byte slice_of_plan;                         /* `plan`: what the ticket publishes */

/* what is checked */
bool done[WORKERS * STEPS];                 /* in the slice under way */
byte current;                               /* the plan of the slice under way; 0: none */

/* gd_wait_for_worker */
inline wait_for(other, steps)
{
#ifdef BUG_PROGRESS_WITHOUT_ITS_TICKET
    (at_steps[other] >= steps)
#else
    (at_ticket[other] > offered || (at_ticket[other] == offered && at_steps[other] >= steps))
#endif
}

/* A step of the serial order 0a 1a 2a 0b 1b 2b: each of the second three reads what two other workers made first. */
inline waits(w, k)
{
    if
#ifdef BUG_WAITS_AGAINST_THE_SERIAL_ORDER
    :: k == 0 && w == 1 -> wait_for(0, 2)
    :: k == 0 && w == 0 -> wait_for(1, 1)
#endif
    :: k == 1 && w == 0 -> wait_for(1, 1); wait_for(2, 1)
    :: k == 1 && w == 1 -> wait_for(0, 2); wait_for(2, 1)
    :: k == 1 && w == 2 -> wait_for(0, 1); wait_for(1, 2)
    :: k == 0 && w == 1 -> wait_for(0, 1)
    :: else
    fi
}

inline run_step(w, k)
{
    d_step {
        assert(current && slice_of_plan == current); /* the plan is live, and the one that was offered */
        assert(!done[w * STEPS + k]);                 /* once a slice */
        assert(!(k == 1 && w == 0) || (done[1 * STEPS] && done[2 * STEPS]));
        assert(!(k == 1 && w == 1) || (done[0 * STEPS + 1] && done[2 * STEPS]));
        assert(!(k == 1 && w == 2) || (done[0 * STEPS] && done[1 * STEPS + 1]));
        assert(!(k == 0 && w == 1) || done[0 * STEPS]);
        done[w * STEPS + k] = true
    }
}

inline progress(w, k)
{
    atomic { at_ticket[w] = offered; at_steps[w] = k + 1 }
}

inline gd_run_share(w)
{
    waits(w, 0);
#ifdef BUG_PROGRESS_BEFORE_THE_STEP
    progress(w, 0); run_step(w, 0);
#else
    run_step(w, 0); progress(w, 0);
#endif
    waits(w, 1);
    run_step(w, 1);
    progress(w, 1)
}

inline take_part(w)
{
#ifdef BUG_JOINED_BEFORE_THE_TICKET_IS_READ
    joined[w] = mine;
    seen = ticket;
#else
    seen = ticket;
    joined[w] = mine;
#endif
    do
    :: call == mine && ticket != seen ->
        offered = ticket; seen = offered;
        gd_run_share(w)
    :: call != mine -> break
    od
}

proctype helper(byte w)
{
    byte last, mine, seen, offered; bool stops;
    do
    ::
#ifdef BUG_QUIT_IS_READ_BEFORE_THE_CALL
        stops = quit;
        mine = call;
#else
        mine = call;
        stops = quit;
#endif
        if
        :: stops -> break
        :: else
        fi;
        if
        :: ODD(mine) && mine != last -> last = mine; take_part(w)
        :: else -> (call != mine) /* gd_sleep_while: the futex compares and sleeps in one step, and is woken after a change */
        fi
    od
}

inline gd_crew_run(number)
{
    call_ = call;
    if
#ifdef BUG_DOES_NOT_ASK_WHO_IS_HERE
    :: true ->
#else
#ifdef BUG_ANY_CALL_THEY_JOINED_WILL_DO
    :: ODD(call_) && joined[1] && joined[2] ->
#else
    :: ODD(call_) && HERE(1) && HERE(2) ->
#endif
#endif
        d_step {
            current = number;
            k = 0; do :: k < WORKERS * STEPS -> done[k] = false; k++ :: else -> k = 0; break od
        }
#ifdef BUG_TICKET_BEFORE_THE_PLAN
        offered = ticket + 1; ticket = offered;
        slice_of_plan = number;
#else
        slice_of_plan = number;
        offered = ticket + 1; ticket = offered;
#endif
        gd_run_share(0);
#ifndef BUG_DOES_NOT_WAIT_FOR_THE_LAST
        wait_for(1, STEPS); wait_for(2, STEPS);
        d_step {
            k = 0; do :: k < WORKERS * STEPS -> assert(done[k]); k++ :: else -> k = 0; break od;
            current = 0 /* it may be retired now */
        }
#else
        current = 0
#endif
    :: else /* somebody has not arrived: the audio thread runs all steps alone */
    fi
}

active proctype audio()
{
    byte calls, slices, call_, offered, k, number;
    run helper(1); run helper(2);
    do
    :: calls < CALLS ->
        call = call + 1; /* gd_crew_call, and wakes them */
        slices = 0;
        do
        :: slices < SLICES -> number++; gd_crew_run(number); slices++
        :: else -> break
        od;
        call = call + 1; /* gd_crew_end_call */
        calls++
    :: else -> break
    od;
    quit = true;
    call = call + 2 /* gd_crew_stop */
}
