/* Voices that have rung out begin anew, between two cells, so that what they were never shows. Audio thread. */
#include <string.h>

#include "plan.h"

/* For how many cells each voice has been quiet; where nothing measures it, it is. */
GD_RT static void look(const GdChoir *choir, uint32_t *quiet)
{
    for (uint32_t v = 0; v < GD_VOICES; ++v)
        quiet[v] = UINT32_MAX;
    for (uint32_t k = 0; k < choir->count; ++k) {
        const GdVoiceLane *lane = &choir->lanes[k];
        if (lane->level && (uint32_t)lane->memory[0] < quiet[lane->voice])
            quiet[lane->voice] = (uint32_t)lane->memory[0];
    }
}

GD_RT static bool has_ended(const GdVoices *voices, const GdVoiceState *voice, uint32_t quiet, uint64_t time)
{
    if (voice->state == GD_VOICE_STOLEN)
        return time >= voice->changed + voices->steal_frames;
    return voice->state == GD_VOICE_RELEASED && quiet >= GD_QUIET_CELLS && time >= voice->started + GD_QUIET_CELLS * GD_SLICE
           && time >= voice->changed + voices->tail_frames;
}

/* One lane as its kernel begins: columns of the state, and memory. */
GD_RT static void begin_anew(const GdVoiceLane *lane, uint32_t *scratch)
{
    const GdKernel *kernel = lane->step->pack->kernel;
    uint32_t *state = lane->step->state, words = kernel->state_rows * kernel->width;
    memset(scratch, 0, words * sizeof *scratch);
    if (kernel->reset)
        kernel->reset(scratch, &lane->step->block);
    for (uint32_t w = lane->lane; w < words; w += kernel->width)
        state[w] = scratch[w];
    if (lane->memory)
        memset(lane->memory, 0, lane->frames * sizeof(float));
    lane->step->attention = 1; /* coefficients lie in the state */
}

void gd_choir_rest(const GdChoir *choir, uint64_t time, void *scratch)
{
    GdVoices *voices = choir->voices;
    if (!voices->sounding)
        return;
    uint32_t quiet[GD_VOICES], ended = 0;
    bool anew[GD_VOICES] = {0};
    look(choir, quiet);
    for (uint32_t v = 0; v < GD_VOICES; ++v)
        if (has_ended(voices, &voices->voice[v], quiet[v], time)) {
            voices->voice[v] = (GdVoiceState){.state = GD_VOICE_FREE};
            anew[v] = true;
            ++ended;
        }
    voices->sounding -= ended;
    for (uint32_t k = 0; ended && k < choir->count; ++k)
        if (anew[choir->lanes[k].voice])
            begin_anew(&choir->lanes[k], scratch);
}
