/* The voices of one group: what its node `voices` remembers of them, and how those that have fallen silent begin anew. A voice
 * is so many lanes, one or a few of every node in the group; together they are a choir. Audio thread. */
#ifndef GD_VOICES_H
#define GD_VOICES_H

#include "block.h"
#include "graphdaw.h"

/* Free: silent, and its lanes as if they were new. Held: its note is on. Released: its note has ended, and it rings out.
 * Stolen: it fades out, for the sake of another note. */
enum { GD_VOICE_FREE, GD_VOICE_HELD, GD_VOICE_RELEASED, GD_VOICE_STOLEN };

enum {
    GD_QUIET_CELLS = 8,     /* a released voice that was below GD_QUIET for so long is free */
    GD_LATE_NOTES = 32,     /* notes that wait until a stolen voice has faded */
    GD_STACK = 64,          /* keys that are held down while one voice plays */
};
#define GD_QUIET 1e-6f      /* -120 dB */
#define GD_STEAL_S 0.005f

typedef struct GdVoiceState {
    uint8_t state, channel;
    bool pedal;             /* its key is up, and a pedal holds it */
    uint32_t note;
    float key;
    uint64_t started, changed; /* absolute frames: of its note, and when it came into this state */
} GdVoiceState;

/* The memory of a `voices` node; zeros at first. */
typedef struct GdVoices {
    uint32_t count, sounding; /* voices there are, and those that are not free */
    uint32_t steal_frames, tail_frames;
    GdVoiceState voice[GD_VOICES];
    float last_pitch;       /* of the last note, where glides begin; 0 before the first */
    bool pedal[16];         /* a channel's sustain pedal is down */
    float bend[16], pressure[16], timbre[16]; /* of channels, for voices that begin */
    uint32_t late_count, stack_count;
    GdEvent late[GD_LATE_NOTES], stack[GD_STACK];
} GdVoices;

/* One lane of a voice in a plan. */
typedef struct GdVoiceLane {
    struct GdStep *step;
    float *memory;          /* to be zeroed with it; null: none, or too much */
    uint32_t frames;
    uint8_t lane;
    uint16_t voice;
    bool level;             /* of `voice_level`, whose memory says for how many cells it has been quiet */
} GdVoiceLane;

typedef struct GdChoir {
    GdVoices *voices;
    GdVoiceLane *lanes;
    uint32_t count;
} GdChoir;

/* --- choir.c --- */
/* Between two cells: voices that have rung out or faded are free, and begin anew. `scratch` is as large as the largest state. */
GD_RT void gd_choir_rest(const GdChoir *choir, uint64_t time, void *scratch);

#endif
