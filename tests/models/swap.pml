/* The plan swap, as csrc/engine.c (audio thread) and csrc/engine_setup.c (control thread) do it; names are theirs.
 * Shared words are read and written one at a time; what only one thread sees is done in one step. `-DBUG_...` seeds
 * a mistake; `-DLIVENESS` asks whether every commit is heard, instead of what memory is used. */
#define ADDRESSES 3 /* that the allocator hands out, again and again, as malloc does: 1 to 3; 0 is null */
#define COMMITS 4

typedef Program {
    bool allocated, built;
    byte count;          /* stages: 1 at the start, 2 with a union, 3 where the union would be a circle */
    bool held[3]         /* the stage's plan is there */
};
Program programs[ADDRESSES + 1];

byte next, retired, settled;      /* the shared boxes */
byte live, stage, fade;           /* GdAudio */
byte newest; bool newest_settled; /* control */
byte published, freed, settlings;
bool quit, audio_left;

#define uses(p, s) assert(programs[p].allocated && programs[p].built && programs[p].held[s])

/* plan.c */
inline gd_stage_free(p, s)
{
    programs[p].held[s] = false
}

inline gd_program_free(p)
{
    d_step {
        if
        :: p ->
            assert(programs[p].allocated); /* not twice */
            programs[p].allocated = false; programs[p].built = false;
            programs[p].held[0] = false; programs[p].held[1] = false; programs[p].held[2] = false;
            freed++
        :: else
        fi
    }
}

/* --- engine.c --- */

/* Reads the moves of the stage and the states they come from: those of the plan that ran until now. */
inline enter_stage(index, from, from_stage)
{
    uses(live, index);
    if
    :: from -> uses(from, from_stage)
    :: else
    fi;
    stage = index; fade = 0
}

inline settle()
{
    if
#ifdef BUG_SETTLED_WHILE_IT_FADES
    :: true ->
#else
    :: stage + 1 == programs[live].count ->
#endif
        settled = live
    :: else
    fi
}

inline take_program()
{
    if
    :: retired
    :: else ->
        atomic { program = next; next = 0; }
        before = live;
        if
        :: program ->
#ifdef BUG_RETIRED_AND_SETTLED_BEFORE_THE_MOVES
            retired = before; settled = program;
            live = program;
            enter_stage(0, before, programs[before].count - 1);
#else
            live = program;
            enter_stage(0, before, programs[before].count - 1);
            retired = before;
#endif
            settle()
        :: else
        fi
    fi
}

inline boundary()
{
    if
    :: live && stage + 1 < programs[live].count ->
        if
        :: fade == 2 ->
#ifdef BUG_SETTLED_BEFORE_THE_LAST_STAGE
            if :: stage + 2 == programs[live].count -> settled = live :: else fi;
#endif
            enter_stage(stage + 1, live, stage);
            settle()
        :: else
        fi
    :: else -> take_program()
    fi
}

inline run_slice()
{
    if
    :: live ->
        uses(live, stage);
        if :: stage + 1 < programs[live].count && fade < 2 -> fade++ :: else fi
    :: else
    fi
}

active proctype audio()
{
    byte program, before;
    do
    :: !quit -> boundary(); run_slice()
    :: quit -> break
    od;
    audio_left = true
}

/* --- engine_setup.c --- */

inline gd_engine_settled()
{
    if
    :: !newest || newest_settled -> answer = true
    :: else ->
        if
#ifdef BUG_ANY_SETTLED_WILL_DO
        :: !settled -> answer = false
#else
        :: settled != newest -> answer = false
#endif
        :: else ->
#ifndef BUG_RETIRED_BOX_IS_NOT_EMPTIED
            atomic { old = retired; retired = 0 }
            gd_program_free(old);
#endif
            d_step {
                k = 0;
                do
                :: k + 1 < programs[newest].count -> gd_stage_free(newest, k); k++
                :: else -> break
                od;
                k = 0; old = 0
            }
            newest_settled = true; settlings++;
            answer = true
        fi
    fi
}

inline allocate(p)
{
    atomic {
        if
        :: !programs[1].allocated -> p = 1
        :: !programs[2].allocated -> p = 2
        :: !programs[3].allocated -> p = 3
        fi;
        programs[p].allocated = true;
        if
        :: !newest -> programs[p].count = 1
        :: newest -> programs[p].count = 2
        :: newest -> programs[p].count = 3
        fi
    }
}

inline build(p)
{
    d_step {
        programs[p].built = true;
        programs[p].held[0] = true; programs[p].held[1] = programs[p].count > 1; programs[p].held[2] = programs[p].count > 2
    }
}

inline gd_engine_commit()
{
#ifdef BUG_COMMITS_WHILE_BUSY
    gd_engine_settled(); answer = true;
#else
    gd_engine_settled();
#endif
    if
    :: answer ->
        allocate(fresh);
        if
        :: published < COMMITS -> /* it compiles */
#ifdef BUG_PUBLISHED_BEFORE_IT_IS_BUILT
            newest = fresh; newest_settled = false; published++;
            next = fresh;
            build(fresh)
#else
            build(fresh);
            newest = fresh; newest_settled = false; published++;
#ifdef BUG_FREES_RIGHT_AFTER_PUBLISHING
            old = live;
            next = fresh;
            gd_program_free(old); old = 0;
#else
            assert(!next); /* nobody has put a program there that was never taken */
            next = fresh
#endif
#endif
#ifndef LIVENESS
        :: programs[fresh].allocated = false /* it does not */
#endif
        fi
    :: else
    fi
}

inline gd_engine_free_programs()
{
    gd_program_free(next); gd_program_free(retired); gd_program_free(live)
}

active proctype control()
{
    byte old, k, fresh; bool answer;
    do
    :: published < COMMITS -> gd_engine_commit()
    :: published == COMMITS && !newest_settled -> gd_engine_settled()
#ifdef LIVENESS
    :: published == COMMITS && newest_settled -> break
#else
    :: break /* closed at any time */
#endif
    od;
    quit = true;
    audio_left;
    gd_engine_free_programs();
    assert(freed == published);
    assert(!programs[1].allocated && !programs[2].allocated && !programs[3].allocated)
}

#ifdef LIVENESS
ltl every_commit_is_heard { <> (settlings == COMMITS) }
#endif
