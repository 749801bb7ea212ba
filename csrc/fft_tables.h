/* Roots of unity for dsp/fft.h, made once when the library is loaded. Any thread reads. */
#ifndef GD_FFT_TABLES_H
#define GD_FFT_TABLES_H

#include <stdint.h>

/* A kernel uses one or two of these functions, and a copy in every caller would be large. */
#define GD_FFT_BODY static __attribute__((noinline, unused))

enum { GD_FFT_LARGEST = 8192 }; /* complex numbers */

/* Of block i among m, at index m + i: re and im of r, r^2 and r^3, where the block is modulo z^L - r^4. */
typedef float GdFftRoots[6];

/* The same for the 4 blocks of 16 in a unit of 64, each given four times, and for its 16 blocks of 4. */
typedef struct GdFftTile { float sixteens[6][16], fours[6][16]; } GdFftTile;

typedef struct GdFftTables {
    GdFftTile tiles[2 * GD_FFT_LARGEST / 64];       /* of unit t in a transform of size B: at B / 64 + t */
    GdFftRoots blocks[2 * GD_FFT_LARGEST / 64];
    uint16_t places[2 * GD_FFT_LARGEST];            /* of bin k in a transform of size B: at B + k */
} GdFftTables;

extern GdFftTables gd_fft_tables __attribute__((aligned(64)));

#endif
