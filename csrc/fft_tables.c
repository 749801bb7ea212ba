/* The tables of dsp/fft.h, filled when the library is loaded, before there is an audio thread. */
#include "fft_tables.h"

#include <math.h>

GdFftTables gd_fft_tables __attribute__((aligned(64)));

static uint32_t reversed(uint32_t x, uint32_t bits)
{
    uint32_t y = 0;
    for (uint32_t i = 0; i < bits; ++i)
        y |= (x >> i & 1) << (bits - 1 - i);
    return y;
}

/* Block i of m = 2^bits is modulo z^L - exp(2 pi i turns): every splitting in two halves the angle, and adds half a
 * turn in the second half. */
static double turns_of_block(uint32_t bits, uint32_t i) { return (0.25 + reversed(i, bits)) / (double)(1u << bits); }

static void fill_roots(float *roots, uint32_t stride, uint32_t bits, uint32_t i)
{
    const double quarter = 1.5707963267948966 * turns_of_block(bits, i);
    for (uint32_t power = 1; power <= 3; ++power) {
        roots[(2 * power - 2) * stride] = (float)cos(power * quarter);
        roots[(2 * power - 1) * stride] = (float)sin(power * quarter);
    }
}

static void fill_tile(GdFftTile *tile, uint32_t bits, uint32_t unit)
{
    for (uint32_t k = 0; k < 16; ++k) {
        fill_roots(&tile->sixteens[0][k], 16, bits + 2, 4 * unit + k / 4);
        fill_roots(&tile->fours[0][k], 16, bits + 4, 16 * unit + k);
    }
}

/* A unit's number (block, remainder) = (k, e) lies at 16 e + k. Root m of the transform is bin 2 m, and also bin
 * 2 size - 1 - 2 m conjugated. */
static void fill_places(uint32_t bits)
{
    const uint32_t size = 1u << bits;
    for (uint32_t k = 0; k < size; ++k) {
        uint32_t root = k % 2 ? size - (k + 1) / 2 : k / 2, i = reversed(root, bits);
        gd_fft_tables.places[size + k] = (uint16_t)(i / 64 * 64 + i % 4 * 16 + i % 64 / 4);
    }
}

__attribute__((constructor)) static void fill_tables(void)
{
    for (uint32_t bits = 0; 1u << bits <= GD_FFT_LARGEST / 64; ++bits)
        for (uint32_t i = 0; i < 1u << bits; ++i) {
            fill_roots(gd_fft_tables.blocks[(1u << bits) + i], 1, bits, i);
            fill_tile(&gd_fft_tables.tiles[(1u << bits) + i], bits, i);
        }
    for (uint32_t bits = 6; 1u << bits <= GD_FFT_LARGEST; ++bits)
        fill_places(bits);
}
