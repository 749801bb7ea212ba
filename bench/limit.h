/* What the hand-written limits share: vectors, noise, sums, and the clock. Included once by each program. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#ifndef LANES
#define LANES 16
#endif
#if defined(__AVX512F__) && LANES == 16
#define AVX512
#endif
enum { BLOCK = 128, RATE_HZ = 48000 };

typedef float V __attribute__((vector_size(4 * LANES)));
typedef int32_t I __attribute__((vector_size(4 * LANES)));
typedef uint32_t U __attribute__((vector_size(4 * LANES)));
#define INLINE static inline __attribute__((always_inline))

static float left[BLOCK], right[BLOCK]; /* what the workload has rendered last */

/* What C has no operator for; the processor's own instructions where gcc does not find them. */
#ifdef AVX512
INLINE V where(I mask, V a, V b) { return (V)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)mask), (__m512)b, (__m512)a); }
INLINE V least(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE V most(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
#else
INLINE V where(I mask, V a, V b) { return (V)((mask & (I)a) | (~mask & (I)b)); }
INLINE V least(V a, V b) { return where(a < b, a, b); }
INLINE V most(V a, V b) { return where(a < b, b, a); }
#endif
INLINE V everywhere(float x) { return x - (V){0}; }
/* The size of a phase as a signed number, 0 to 2^31; and the phase in turns, 0 to 1. */
#ifdef AVX512
INLINE V size_of(U phase) { return __builtin_convertvector((U)_mm512_abs_epi32((__m512i)phase), V); }
INLINE V turns(U phase) { return __builtin_convertvector(phase, V) * 0x1p-32f; }
#else
INLINE V size_of(U phase) { return __builtin_convertvector((I)phase ^ ((I)phase >> 31), V); }
INLINE V turns(U phase) { return __builtin_convertvector((I)(phase >> 1), V) * 0x1p-31f; }
#endif

/* sin(pi x), -0.5 <= x <= 0.5, error below 1e-6: an odd minimax polynomial of degree 7, of x in a unit in which the
 * highest coefficient is -1, which saves a multiplication. */
#define UNIT 0.919241746f
INLINE V sine_of_scaled(V u)
{
    V z = u * u;
    return u * (3.41757980f + z * (-6.65213794f + z * (3.87266203f - z)));
}
INLINE V sine_of_quarter(V x) { return sine_of_scaled(x * UNIT); }

/* Cosine of a phase of 2^32 to the turn: its size folds the turn onto the quarters around a zero crossing. */
INLINE V cosine_of_phase(U phase) { return sine_of_scaled(0.5f * UNIT - size_of(phase) * (UNIT * 0x1p-31f)); }

/* Sums over the lanes of BLOCK rows: pairs of rows fold into one until as many rows as lanes have become their sums. */
INLINE V fold(V a, V b, I even) { return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, even + 1); }
__attribute__((unused)) static void sums_of_rows(float *out, const V *row)
{
    I even;
    for (int l = 0; l < LANES; ++l)
        even[l] = 2 * l;
    for (int i = 0; i < BLOCK; i += LANES) {
        V x[LANES];
        for (int n = 0; n < LANES / 2; ++n)
            x[n] = fold(row[i + 2 * n], row[i + 2 * n + 1], even);
        for (int rows = LANES / 2; rows > 1; rows /= 2)
            for (int n = 0; n < rows / 2; ++n)
                x[n] = fold(x[2 * n], x[2 * n + 1], even);
        memcpy(out + i, &x[0], sizeof x[0]);
    }
}

INLINE uint32_t phase_step(double hz) { return (uint32_t)(int64_t)(hz / RATE_HZ * 0x1p32); }

static U noise_state;

INLINE V noise(void)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 17;
    noise_state ^= noise_state << 5;
    return __builtin_convertvector((I)noise_state, V) * 0x1p-31f;
}

static void start_noise(void)
{
    for (int l = 0; l < LANES; ++l)
        noise_state[l] = 2463534242u + (uint32_t)l * 2654435769u;
}

/* --- running --- */

typedef struct Workload {
    const char *name;
    void (*start)(int count);
    void (*run)(int count);
    int count;
} Workload;

/* Time this thread has had the processor: on a shared machine the clock on the wall measures the neighbours. */
static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const Workload *w, double seconds, int repeats)
{
    double factor[99], energy = 0;
    long blocks = (long)(seconds * RATE_HZ / BLOCK);
    for (int r = 0; r < repeats; ++r) {
        w->start(w->count);
        double begin = now_s();
        for (long n = 0; n < blocks; ++n) {
            w->run(w->count);
            energy += (double)left[n % BLOCK] * (double)left[n % BLOCK];
        }
        factor[r] = (double)blocks * BLOCK / RATE_HZ / (now_s() - begin);
    }
    qsort(factor, (size_t)repeats, sizeof *factor, by_size);
    printf("{\"workload\": \"%s\", \"rtf\": %.2f, \"rms\": %.6g}\n", w->name, factor[repeats / 2],
           sqrt(energy / (double)(blocks * repeats)));
    fflush(stdout);
}

/* PROGRAM SECONDS REPEATS [WORKLOAD...] */
static int measure_all(const Workload *workloads, size_t count, int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 30.0;
    int repeats = argc > 2 ? atoi(argv[2]) : 3;
    if (seconds <= 0 || repeats < 1 || repeats > 99)
        return 2;
    for (size_t n = 0; n < count; ++n) {
        int wanted = argc < 4;
        for (int a = 3; a < argc; ++a)
            wanted |= strcmp(argv[a], workloads[n].name) == 0;
        if (wanted)
            measure(&workloads[n], seconds, repeats);
    }
    return 0;
}
