/* A WAV file that can be played whenever its writer dies: its header is kept true to what is there. Disk threads. */
#ifndef GD_WAV_H
#define GD_WAV_H

#include <stdbool.h>
#include <stdint.h>

enum { GD_WAV_CHUNK = 4096 /* frames that are written at once, at most */ };

typedef struct GdWav {
    int file;                   /* locked while it is open, so that nobody takes it for one left by a crash */
    uint32_t channels, bits;    /* bits: 16, 24, or 32 for floating point */
    uint32_t sample_rate_hz;
    uint64_t start;             /* frame at which it begins, for the file's time stamp */
    uint64_t frames, told;      /* written so far; of which the header tells */
    float peak;
    unsigned char *bytes;       /* a chunk as it goes to disk */
} GdWav;

/* Make a file that is not there yet; 0, or the system's error number, and then there is none. */
int gd_wav_create(GdWav *wav, const char *path);
/* Append `count` (GD_WAV_CHUNK at most) interleaved frames; after an error `frames` counts what is whole. */
int gd_wav_write(GdWav *wav, const float *samples, uint32_t count);
/* Let the header tell of all that was written; `sync`: and wait until the disk has it. */
int gd_wav_tell(GdWav *wav, bool sync);
/* Bring the file to its final form, on disk; it stays open and locked. */
int gd_wav_finish(GdWav *wav);
/* Open and lock a file that its writer left, and let the header tell of all that is there; it stays open. The system's error
 * number: EWOULDBLOCK where it is still being written, EILSEQ where it was not made here. */
int gd_wav_repair(GdWav *wav, const char *path);
/* The chunk goes, the file stays open. */
void gd_wav_let_go(GdWav *wav);

#endif
