/* Readings: words of a lane's memory that any thread may look at while the audio thread goes on. Audio thread. */
#ifndef GD_DSP_PUBLISH_H
#define GD_DSP_PUBLISH_H

#include "../block.h"

INLINE void publish_one(const GdMemory *memory, uint32_t reading, float value)
{
    __atomic_store(memory->data + reading, &value, __ATOMIC_RELAXED);
}

/* One reading of every lane in use. */
INLINE void publish_row(const GdBlock *b, uint32_t reading, Lanes value)
{
    for (uint32_t l = 0; l < b->lanes; ++l)
        publish_one(b->memory[l], reading, LANE(value, l));
}

/* True once after a reader has put something into the word. */
INLINE bool publish_asked(const GdMemory *memory, uint32_t word)
{
    float asked, zero = 0.0f;
    __atomic_load(memory->data + word, &asked, __ATOMIC_RELAXED);
    if (asked == 0.0f)
        return false;
    __atomic_store(memory->data + word, &zero, __ATOMIC_RELAXED);
    return true;
}

#endif
