/* Steps and bends of a wave between frames, without the harmonics that would come back as aliases. Audio thread.
 * A wave of straight pieces is drawn as it is, and each of its edges then gets what smoothing by a short low-pass adds
 * to it, over 16 frames (a linear-phase BLEP and its integral; Eli Brandt, "Hard Sync Without Aliasing", 2001). The
 * low-pass is a sinc of 0.465 of the rate in a Kaiser window (beta 6.25): within 0.15 dB to 0.363 of the rate, 16 kHz
 * at 44.1, and -66 dB from 0.592 on. Each tap is a polynomial in the edge's place between two frames, good to 1e-5. */
#ifndef GD_DSP_EDGES_H
#define GD_DSP_EDGES_H

#include <string.h>

#include "../block.h"

enum {
    EDGE_TAPS = 16, /* frames an edge is spread over */
    EDGE_LEAD = 8,  /* of them, those before it: how far ahead of what is heard a wave has to run */
    EDGE_TERMS = 6,
};

/* As many taps as one register holds: gcc makes single numbers of wider vectors. */
#if defined(__AVX512F__)
typedef float TapGroup __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float TapGroup __attribute__((vector_size(32)));
#else
typedef float TapGroup __attribute__((vector_size(16)));
#endif
enum { TAP_GROUP = sizeof(TapGroup) / sizeof(float) };

typedef float EdgeTerms[EDGE_TERMS][EDGE_TAPS];

/* What smoothing adds to a step up of 1, for each tap a row of its polynomial. */
__attribute__((unused, aligned(64))) static const EdgeTerms jump_terms = {
    {-0.000195969289f, 0.00170432718f, -0.00400091289f, 0.00854034908f, -0.014188855f, 0.022088116f, -0.0336073972f,
     0.0882601589f, -0.0882601589f, 0.0336073972f, -0.022088116f, 0.014188855f, -0.00854034908f, 0.00400091289f,
     -0.00170432718f, 0.000195969289f},
    {0.000102570593f, 0.000677775475f, -0.00437296601f, 0.0145319775f, -0.0367638245f, 0.0815140456f, -0.18132551f,
     0.625546634f, 0.625546634f, -0.18132551f, 0.0815140456f, -0.0367638245f, 0.0145319775f, -0.00437296601f,
     0.000677775475f, 0.000102570593f},
    {0.00198208587f, -0.00661984738f, 0.0151060503f, -0.0272899829f, 0.0406317413f, -0.0476532355f, 0.0191376079f,
     0.536718011f, -0.536718011f, -0.0191376079f, 0.0476532355f, -0.0406317413f, 0.0272899829f, -0.0151060503f,
     0.00661984738f, -0.00198208587f},
    {0.00194630842f, -0.00582427718f, 0.0151238441f, -0.0345694199f, 0.071586512f, -0.140054658f, 0.275916666f,
     -0.183676228f, -0.183676228f, 0.275916666f, -0.140054658f, 0.071586512f, -0.0345694199f, 0.0151238441f,
     -0.00582427718f, 0.00194630842f},
    {-0.000810010359f, 0.00283685583f, -0.00608147774f, 0.00950802211f, -0.00956941396f, -0.00475199288f,
     0.086260505f, -0.212701038f, 0.212701038f, -0.086260505f, 0.00475199288f, 0.00956941396f, -0.00950802211f,
     0.00608147774f, -0.00283685583f, 0.000810010359f},
    {-0.00146300707f, 0.0037806863f, -0.00845680758f, 0.0170354974f, -0.0315454453f, 0.0537516586f, -0.0664260462f,
     0.0329576544f, 0.0329576544f, -0.0664260462f, 0.0537516586f, -0.0315454453f, 0.0170354974f, -0.00845680758f,
     0.0037806863f, -0.00146300707f},
};
/* The same for a slope that grows by 1 a frame. */
__attribute__((unused, aligned(64))) static const EdgeTerms bend_terms = {
    {-6.00429812e-05f, 0.000549997261f, 6.95737181e-05f, 0.000202789553f, 0.0028085392f, -0.00531452335f,
     0.0149022983f, -0.029326709f, -0.029326709f, 0.0149022983f, -0.00531452335f, 0.0028085392f, 0.000202789553f,
     6.95737181e-05f, 0.000549997261f, -6.00429812e-05f},
    {-0.000195891058f, 0.00170427724f, -0.00400086399f, 0.00854007434f, -0.0141876023f, 0.0220838077f,
     -0.0335969515f, 0.0882437304f, -0.0882437304f, 0.0335969515f, -0.0220838077f, 0.0141876023f, -0.00854007434f,
     0.00400086399f, -0.00170427724f, 0.000195891058f},
    {6.13238881e-05f, 0.000312945689f, -0.00212845276f, 0.00714908727f, -0.0181654319f, 0.0403881222f,
     -0.0902068391f, 0.312547088f, 0.312547088f, -0.0902068391f, 0.0403881222f, -0.0181654319f, 0.00714908727f,
     -0.00212845276f, 0.000312945689f, 6.13238881e-05f},
    {0.000659615907f, -0.00220592925f, 0.00503468281f, -0.00909287669f, 0.0135266352f, -0.0158249475f,
     0.00623502955f, 0.179133117f, -0.179133117f, -0.00623502955f, 0.0158249475f, -0.0135266352f, 0.00909287669f,
     -0.00503468281f, 0.00220592925f, -0.000659615907f},
    {0.000388927932f, -0.0012037236f, 0.00321649457f, -0.00750526693f, 0.015790984f, -0.0314256512f, 0.0645449907f,
     -0.0437189825f, -0.0437189825f, 0.0645449907f, -0.0314256512f, 0.015790984f, -0.00750526693f, 0.00321649457f,
     -0.0012037236f, 0.000388927932f},
    {-0.00015887589f, 0.00056538207f, -0.00121436256f, 0.0018906428f, -0.00186384527f, -0.0011225997f, 0.0176696088f,
     -0.043197915f, 0.043197915f, -0.0176696088f, 0.0011225997f, 0.00186384527f, -0.0018906428f, 0.00121436256f,
     -0.00056538207f, 0.00015887589f},
};

/* An edge of some size that lies `late` frames before the frame at hand. */
INLINE void edge_taps(float taps[EDGE_TAPS], const EdgeTerms terms, float size, float late)
{
    const float u = late - 0.5f;
    for (int k = 0; k < EDGE_TAPS; k += TAP_GROUP) {
        TapGroup sum, term;
        memcpy(&sum, terms[EDGE_TERMS - 1] + k, sizeof sum);
        for (int i = EDGE_TERMS - 2; i >= 0; --i) {
            memcpy(&term, terms[i] + k, sizeof term);
            sum = sum * u + term;
        }
        sum *= size;
        memcpy(taps + k, &sum, sizeof sum);
    }
}

/* Add `size` times an edge that lies `late` frames before the frame at hand, 0 to 1, to 16 rows that begin EDGE_LEAD
 * frames before that frame; `to` is the lane's word in the first of them. */
GD_RT static __attribute__((noinline, unused)) void edge_add(float *to, const EdgeTerms terms, float size, float late)
{
    float taps[EDGE_TAPS];
    edge_taps(taps, terms, size, late);
    for (uint32_t k = 0; k < EDGE_TAPS; ++k)
        to[k * W] += taps[k];
}

/* A bit for each lane whose mask is set. */
INLINE uint32_t mask_bits(Ints mask)
{
#if defined(__AVX512DQ__) && W == 16
    return _mm512_movepi32_mask((__m512i)mask);
#elif defined(__AVX__) && W == 8
    return (uint32_t)_mm256_movemask_ps((__m256)mask);
#elif defined(__SSE2__) && W == 4
    return (uint32_t)_mm_movemask_ps((__m128)mask);
#else
    uint32_t bits = 0;
    for (uint32_t l = 0; l < W; ++l)
        bits |= (uint32_t)(LANE(mask, l) & 1) << l;
    return bits;
#endif
}

#endif
