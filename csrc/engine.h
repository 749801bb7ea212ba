/* The engine: what the control thread owns, what the audio threads own, and the few words they share. */
#ifndef GD_ENGINE_H
#define GD_ENGINE_H

#include <pthread.h>

#include "accounting.h"
#include "message.h"
#include "plan.h"
#include "platform.h"
#include "timeline.h"

/* Everything the audio thread may touch hangs off this struct. */
typedef struct GdAudio {
    GdProgram *live;
    uint32_t stage, fade_frame;
    uint64_t time, cells;
    GdTiming timing;            /* of the last call */
    GdDevice device;            /* where this slice's samples come from and go to */
    GdTransport transport;      /* of this slice */
    GdTimeline *timeline;       /* what it points to */
    const float *in[GD_MAX_CHANNELS];
    float *out[GD_MAX_CHANNELS];
    float fade[GD_FADE];        /* a raised cosine, rising; set once */
    float silence[GD_SLICE];    /* never written */
    float *glides[GD_MAX_WORKERS]; /* [worker] planes for parameters that glide: [GD_MAX_PARAMS][GD_SLICE x 16] */
    uint32_t not_finite;
} GdAudio;

/* Helper threads for plans with more than one worker. */
typedef struct GdCrew {
    pthread_t threads[GD_MAX_WORKERS];
    uint32_t count;             /* helpers; set once */
    _Atomic uint32_t call;      /* odd while the audio thread is inside a call that wants help; helpers sleep on it */
    _Atomic uint32_t quit;
    _Atomic uint64_t ticket;    /* counts slices that are shared out */
    struct {
        _Alignas(64) _Atomic uint64_t steps; /* ticket << 32 | steps of it that this worker has run */
        _Atomic uint32_t joined;             /* the call that this helper is spinning in */
    } progress[GD_MAX_WORKERS];
    uint32_t rest;              /* audio: slices to run alone, after a helper was kept away by other programs */
    GdPlan *plan;               /* of the slice; published by the ticket */
    uint32_t frames;
    uint64_t time;
    bool profile;
} GdCrew;

struct GdEngine {
    /* set once */
    GdGraph *graph;
    uint32_t threads;
    /* control thread only */
    GdProgram *newest;          /* last one published */
    uint32_t committed;         /* the graph's epoch in it */
    bool locates;               /* the next program moves the transport, to `position` */
    uint64_t position;
    bool newest_settled;
    /* shared: a box holds at most one program */
    _Atomic(GdProgram *) next;      /* control puts, audio takes */
    _Atomic(GdProgram *) retired;   /* audio puts, control takes */
    _Atomic(GdProgram *) settled;   /* audio: the program whose last stage runs */
    _Atomic uint64_t time, position_now; /* of the next frame: absolute, and in the piece */
    _Atomic(GdTimeline *) next_timeline, retired_timeline; /* boxes as for programs */
    _Atomic uint64_t wanted_roll;   /* control: see transport.c; GD_NO_ROLL once the audio thread has taken it */
    _Atomic uint32_t rolls;         /* audio: whether the transport rolls */
    _Atomic uint32_t profile;
    _Atomic uint32_t inside;        /* calls under way: never more than one */
    GdToAudio to_audio;
    GdFromAudio from_audio;
    GdCounters counters;
    /* audio threads only */
    GdAudio audio;
    GdCrew crew;
};

/* --- engine_setup.c --- */
/* Every program, wherever it is; nobody runs one. */
GD_CTL void gd_engine_free_programs(GdEngine *engine);
/* --- engine.c: a call without its accounting --- */
GD_RT void gd_engine_run(GdEngine *engine, const float *const *in, uint32_t in_channels, float *const *out,
                         uint32_t out_channels, uint32_t frames);

/* What the audio thread has to tell. */
GD_RT void gd_tell(GdEngine *engine, uint32_t kind, uint32_t count);

/* --- transport.c --- */
GD_CTL bool gd_transport_start(GdEngine *engine); /* of a new engine; false when out of memory */
GD_CTL void gd_transport_free(GdEngine *engine);
/* Between two cells: a new tempo map, and whether to roll. */
GD_RT void gd_transport_turn(GdEngine *engine);
/* Frames of a slice that may be run before the transport jumps or begins to roll. */
GD_RT uint32_t gd_transport_reach(const GdTransport *transport, uint32_t frames);
/* After a slice of so many frames. */
GD_RT void gd_transport_go(GdEngine *engine, uint32_t frames);

/* --- run.c: one slice of a plan --- */
GD_RT void gd_run_steps(GdPlan *plan, GdAudio *audio, uint32_t frames, bool profile);
/* The steps of one worker, waiting for the others where they must; true if it had to wait unreasonably long. */
GD_RT bool gd_run_share(GdPlan *plan, GdAudio *audio, GdCrew *crew, uint32_t worker, uint64_t ticket);

/* Spin until that worker has come so far (ticket << 32 | steps); true if that took longer than GD_PATIENCE. */
enum { GD_PATIENCE = 20000 }; /* spins, near half a millisecond, after which the other thread cannot be running */
GD_RT bool gd_wait_for_worker(const GdCrew *crew, uint32_t worker, uint64_t needed);

/* --- crew.c --- */
GD_CTL bool gd_crew_start(GdEngine *engine);
GD_CTL void gd_crew_stop(GdEngine *engine);
/* Helpers run just below the device's thread while there is one; in a render they are ordinary threads like their caller,
 * which they would starve otherwise. */
GD_CTL void gd_crew_priority(GdEngine *engine, int priority);
/* Wake the helpers if the live plan has work for them and they are not here already; true if this woke them. */
GD_RT bool gd_crew_call(GdEngine *engine);
GD_RT void gd_crew_end_call(GdCrew *crew);
/* Run the slice with all workers; false if a helper has not arrived, and nothing was done. */
GD_RT bool gd_crew_run(GdEngine *engine, GdPlan *plan, uint32_t frames, bool profile);

#endif
