/* Helper threads. They sleep between calls and spin only inside one; a slice whose helpers are not there yet is run by the
 * audio thread alone, so that it never waits for a thread to wake up. */
#include <stdlib.h>

#include "engine.h"

enum { REST_SLICES = 1024 };

typedef struct Helper {
    GdEngine *engine;
    uint32_t worker;
} Helper;

/* Spin inside one call, sharing every slice that is offered. */
GD_RT static void take_part(GdEngine *engine, uint32_t worker, uint32_t call)
{
    GdCrew *crew = &engine->crew;
    uint64_t ticket = atomic_load_explicit(&crew->ticket, memory_order_acquire);
    atomic_store_explicit(&crew->progress[worker].joined, call, memory_order_release);
    for (uint32_t spins = 0; atomic_load_explicit(&crew->call, memory_order_acquire) == call; ++spins) {
        uint64_t offered = atomic_load_explicit(&crew->ticket, memory_order_acquire);
        if (offered == ticket) {
            if (spins < GD_PATIENCE)
                gd_pause();
            else
                gd_give_way();
            continue;
        }
        spins = 0;
        ticket = offered;
        if (worker < crew->plan->worker_count)
            gd_run_share(crew->plan, &engine->audio, crew, worker, ticket);
    }
}

static void *helper_main(void *argument)
{
    Helper helper = *(Helper *)argument;
    free(argument);
    GdCrew *crew = &helper.engine->crew;
    gd_flush_denormals();
    uint32_t last = 0;
    for (;;) {
        uint32_t call = atomic_load_explicit(&crew->call, memory_order_acquire);
        if (atomic_load(&crew->quit)) /* after the call: what ends the crew changes the call last, so it ends the sleep */
            return NULL;
        if ((call & 1) && call != last) {
            last = call;
            take_part(helper.engine, helper.worker, call);
        } else {
            gd_sleep_while(&crew->call, call);
        }
    }
}

bool gd_crew_start(GdEngine *engine)
{
    GdCrew *crew = &engine->crew;
    for (uint32_t worker = 1; worker < engine->threads; ++worker) {
        Helper *helper = malloc(sizeof *helper);
        if (!helper)
            return false;
        *helper = (Helper){.engine = engine, .worker = worker};
        if (pthread_create(&crew->threads[worker], NULL, helper_main, helper)) {
            free(helper);
            return false;
        }
        ++crew->count;
    }
    return true;
}

void gd_crew_stop(GdEngine *engine)
{
    GdCrew *crew = &engine->crew;
    atomic_store(&crew->quit, 1);
    atomic_fetch_add(&crew->call, 2); /* still even: nobody starts work */
    gd_wake_all(&crew->call);
    for (uint32_t worker = 1; worker <= crew->count; ++worker)
        pthread_join(crew->threads[worker], NULL);
}

void gd_crew_priority(GdEngine *engine, int priority)
{
    for (uint32_t worker = 1; worker <= engine->crew.count; ++worker)
        gd_set_priority(engine->crew.threads[worker], priority);
}

bool gd_crew_call(GdEngine *engine)
{
    GdCrew *crew = &engine->crew;
    const GdProgram *live = engine->audio.live;
    bool here = atomic_load_explicit(&crew->call, memory_order_relaxed) & 1;
    if (!crew->count || here || !live || live->stages[engine->audio.stage].plan->worker_count == 1)
        return false;
    atomic_fetch_add_explicit(&crew->call, 1, memory_order_release);
    gd_wake_all(&crew->call);
    return true;
}

void gd_crew_end_call(GdCrew *crew) { atomic_fetch_add_explicit(&crew->call, 1, memory_order_release); }

bool gd_crew_run(GdEngine *engine, GdPlan *plan, uint32_t frames, bool profile)
{
    GdCrew *crew = &engine->crew;
    uint32_t call = atomic_load_explicit(&crew->call, memory_order_relaxed);
    if (!(call & 1))
        return false;
    if (crew->rest) {
        --crew->rest;
        return false;
    }
    for (uint32_t worker = 1; worker < plan->worker_count; ++worker)
        if (atomic_load_explicit(&crew->progress[worker].joined, memory_order_acquire) != call)
            return false;
    crew->plan = plan, crew->frames = frames, crew->time = engine->audio.time, crew->profile = profile;
    uint64_t ticket = atomic_load_explicit(&crew->ticket, memory_order_relaxed) + 1;
    atomic_store_explicit(&crew->ticket, ticket, memory_order_release);
    bool late = gd_run_share(plan, &engine->audio, crew, 0, ticket);
    for (uint32_t worker = 1; worker < plan->worker_count; ++worker)
        late |= gd_wait_for_worker(crew, worker, ticket << 32 | plan->worker_step_count[worker]);
    if (late)
        crew->rest = REST_SLICES;
    return true;
}
