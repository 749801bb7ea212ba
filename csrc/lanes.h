/* Lanes: W floats that are worked on together, and the few operations that C lacks for them.
 * Any thread. The build compiles this file at W = 1, 4, 8 and 16. At W = 1 everything is a plain float,
 * and every operation gives each lane the same bits at every width: only IEEE basic operations are used. */
#ifndef GD_LANES_H
#define GD_LANES_H

#include <stdint.h>

#ifndef W
#error "compile with -DW=1, 4, 8 or 16"
#endif
#if W == 4 && defined(__SSE2__)
#include <emmintrin.h>
#elif W > 4 && defined(__AVX__)
#include <immintrin.h> /* reading it takes longer than most kernels take to compile */
#endif

#if W == 1
typedef float Lanes;
typedef int32_t Ints;   /* also masks: 0 is false, -1 is true */
typedef uint32_t Words;
#define LANE(v, l) (*((void)(l), &(v)))
#define MASK(condition) (-(int32_t)(condition))
#else
typedef float Lanes __attribute__((vector_size(4 * W)));
typedef int32_t Ints __attribute__((vector_size(4 * W)));
typedef uint32_t Words __attribute__((vector_size(4 * W)));
#define LANE(v, l) ((v)[l])
#define MASK(condition) (condition)
#endif

#define INLINE static inline __attribute__((always_inline, unused))

INLINE Lanes lanes(float x)
{
#if W == 1
    return x;
#else
    return x - (Lanes){0};
#endif
}

INLINE Ints lanes_less(Lanes a, Lanes b) { return MASK(a < b); }
INLINE Ints lanes_at_least(Lanes a, Lanes b) { return MASK(a >= b); }
INLINE Ints lanes_to_bits(Lanes x)
{
#if W == 1
    union { float f; int32_t i; } u = {.f = x};
    return u.i;
#else
    return (Ints)x;
#endif
}
INLINE Lanes lanes_from_bits(Ints x)
{
#if W == 1
    union { int32_t i; float f; } u = {.i = x};
    return u.f;
#else
    return (Lanes)x;
#endif
}

/* where mask ? a : b, lane by lane */
INLINE Lanes lanes_where(Ints mask, Lanes a, Lanes b)
{
#if W == 1
    return mask ? a : b;
#else
    return lanes_from_bits((mask & lanes_to_bits(a)) | (~mask & lanes_to_bits(b)));
#endif
}
/* a < b ? a : b and a < b ? b : a. x86 has one instruction with exactly these bits (zeros of either sign included),
 * which compilers do not find from the general form. */
#if defined(__AVX512F__) && W == 16
INLINE Lanes lanes_min(Lanes a, Lanes b) { return (Lanes)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE Lanes lanes_max(Lanes a, Lanes b) { return (Lanes)_mm512_max_ps((__m512)b, (__m512)a); }
#elif defined(__AVX__) && W == 8
INLINE Lanes lanes_min(Lanes a, Lanes b) { return (Lanes)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE Lanes lanes_max(Lanes a, Lanes b) { return (Lanes)_mm256_max_ps((__m256)b, (__m256)a); }
#elif defined(__SSE2__) && W == 4
INLINE Lanes lanes_min(Lanes a, Lanes b) { return (Lanes)_mm_min_ps((__m128)a, (__m128)b); }
INLINE Lanes lanes_max(Lanes a, Lanes b) { return (Lanes)_mm_max_ps((__m128)b, (__m128)a); }
#else
INLINE Lanes lanes_min(Lanes a, Lanes b) { return lanes_where(lanes_less(a, b), a, b); }
INLINE Lanes lanes_max(Lanes a, Lanes b) { return lanes_where(lanes_less(a, b), b, a); }
#endif
/* Size of a whole number; the smallest one stays as it is. */
INLINE Ints ints_abs(Ints x)
{
#if defined(__AVX512F__) && W == 16
    return (Ints)_mm512_abs_epi32((__m512i)x);
#elif defined(__AVX2__) && W == 8
    return (Ints)_mm256_abs_epi32((__m256i)x);
#else
    Words sign = (Words)(x >> 31);
    return (Ints)(((Words)x ^ sign) - sign);
#endif
}
INLINE Lanes lanes_clamp(Lanes x, Lanes lo, Lanes hi) { return lanes_min(lanes_max(x, lo), hi); }
INLINE Lanes lanes_abs(Lanes x) { return lanes_from_bits(lanes_to_bits(x) & 0x7fffffff); }

INLINE Ints lanes_truncate(Lanes x)
{
#if W == 1
    return (int32_t)x;
#else
    return __builtin_convertvector(x, Ints);
#endif
}
INLINE Lanes lanes_from_ints(Ints x)
{
#if W == 1
    return (float)x;
#else
    return __builtin_convertvector(x, Lanes);
#endif
}
/* Largest whole number not above x, for |x| < 2^31. */
INLINE Lanes lanes_floor(Lanes x)
{
    Lanes whole = lanes_from_ints(lanes_truncate(x));
    return whole - lanes_where(lanes_less(x, whole), lanes(1.0f), lanes(0.0f));
}
INLINE Lanes lanes_sqrt(Lanes x)
{
#if W == 1
    return __builtin_sqrtf(x);
#else
    Lanes y;
    for (int l = 0; l < W; ++l)
        y[l] = __builtin_sqrtf(x[l]);
    return y;
#endif
}

#endif
