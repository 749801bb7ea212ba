/* The transport: where in the piece the engine is. Control thread. */
#include "engine.h"

uint64_t gd_engine_position(GdEngine *engine) { return atomic_load_explicit(&engine->position_now, memory_order_relaxed); }

void gd_engine_locate(GdEngine *engine, uint64_t position)
{
    engine->locates = true;
    engine->position = position;
}

void gd_engine_restart(GdEngine *engine, uint64_t position)
{
    GdAudio *audio = &engine->audio;
    gd_engine_free_programs(engine);
    gd_graph_forget(engine->graph);
    for (GdMessage message; gd_receive_in_audio(&engine->to_audio, &message);) {
    } /* the values are in the graph, and what they went to is gone */
    audio->stage = audio->fade_frame = 0;
    audio->time = audio->cells = 0;
    audio->transport = (GdTransport){.position = position};
    atomic_store(&engine->time, 0);
    atomic_store(&engine->position_now, position);
    engine->locates = engine->newest_settled = false;
}
