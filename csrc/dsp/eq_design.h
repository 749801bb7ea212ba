/* The bands of an equaliser: digital sections whose magnitude follows the analogue prototype to 0.45 of the rate. Any
 * thread. The squared magnitude of a section of second order is a quotient of two quadratics in y, the square of
 * tan(pi f / rate) in units of the band's own; so five of its values fix it, by linear equations. Here those are the
 * prototype's at 0 Hz and at four frequencies around the band and below 0.45 of the rate, and factors of the quadratics
 * give the section. That is Martin Vicanek's way to "Matched Second Order Digital Filters" (2016), with the poles
 * matched too. tests/nodes/test_eq.py measures how far the result is off. */
#ifndef GD_DSP_EQ_DESIGN_H
#define GD_DSP_EQ_DESIGN_H

#include "doubles.h"
#include "section.h"

/* The order of the stepped parameter `type`. */
enum { BAND_OFF, BAND_BELL, BAND_LOW_SHELF, BAND_HIGH_SHELF, BAND_LOW_CUT, BAND_LOW_CUT_24, BAND_HIGH_CUT,
       BAND_HIGH_CUT_24, BAND_NOTCH, BAND_TYPES };

/* What to design, lane by lane. Gains are designed as boosts: a cut is the boost's inverse. */
typedef struct {
    Ints bell, shelf, low_cut, high_cut, notch; /* masks, one of which is set */
    Lanes frequency; /* cycles a frame */
    Lanes root;      /* square root of the gain as a factor, at least 1 */
    Lanes q;
} Prototype;

/* (n0 + n1 x + n2 x^2) / (d0 + d1 x + d2 x^2) is the prototype's squared magnitude at x = (f / f0)^2. */
typedef struct { Doubles n0, n1, n2, d0, d1, d2; } Squared;

INLINE Squared prototype_squared(const Prototype *p)
{
    const Doubles a = doubles_of(p->root), q = doubles_of(p->q), one = doubles(1.0), zero = doubles(0.0), aa = a * a;
    const Doubles damping = 1.0 / (q * q), bend = damping - 2.0, slope = a * damping - 2.0 * a;
    const Longs bell = longs_of(p->bell), shelf = longs_of(p->shelf), notch = longs_of(p->notch);
    const Longs low_cut = longs_of(p->low_cut), high_cut = longs_of(p->high_cut);
    Squared s = {doubles_where(low_cut, zero, one), doubles_where(notch, doubles(-2.0), zero),
                 doubles_where(high_cut, zero, one), one, bend, one};
    s.n1 = doubles_where(bell, aa * damping - 2.0, s.n1);
    s.d1 = doubles_where(bell, damping / aa - 2.0, s.d1);
    s.n0 = doubles_where(shelf, aa * aa, s.n0);
    s.n1 = doubles_where(shelf, aa * slope, s.n1);
    s.n2 = doubles_where(shelf, aa, s.n2);
    s.d1 = doubles_where(shelf, slope, s.d1);
    s.d2 = doubles_where(shelf, aa, s.d2);
    return s;
}

/* Four frequencies to meet the prototype at, in cycles a frame: below the band, at it and above it, pushed together
 * towards the fourth, which is near 0.44. The numbers were found by trying. */
INLINE void meeting_points(Doubles f[4], const Prototype *p)
{
    const Longs bell = longs_of(p->bell), shelf = longs_of(p->shelf), high_cut = longs_of(p->high_cut);
    const Doubles f0 = doubles_of(p->frequency), q = doubles_of(p->q), held = doubles_max(q, doubles(1.0));
    Doubles width = doubles_where(longs_of(p->notch), doubles(0.4), doubles(0.8));
    width = doubles_where(bell, doubles(0.375), width) / q;
    width = doubles_where(shelf, 1.47 / (held * doubles_sqrt(held)), doubles_where(high_cut, 1.0 / q, width));
    const Doubles ratio = doubles_sqrt(1.0 + width * width) + width;
    const Doubles near = doubles_where(shelf, doubles(0.54), doubles(0.64));
    const Doubles far = doubles_where(shelf, doubles(0.71), doubles(0.64));
    f[0] = f0 / ratio;
    const Doubles part = f[0] * (1.0 / 0.43);
    f[3] = doubles_where(high_cut, 0.4285 + 0.0165 * part * part,
                         doubles_where(shelf, 0.4403 + 0.0115 * part * part, 0.437 + 0.011 * part * part));
    Doubles room = near * (f[3] - f[0]), way = f0 - f[0];
    f[1] = f[0] + room * way / (room + way);
    room = far * (f[3] - f[1]);
    way = f0 * ratio - f[1];
    f[2] = f[1] + room * way / (room + way);
}

/* tan(pi f) for f below a half: the quotient of `svf_coefs`. */
INLINE Doubles tangent_of(Doubles f)
{
    const Doubles x = f * 3.14159265358979324, z = x * x;
    return x * (890.53947 + z * (z - 99.7648562)) / (890.539457 + z * (z * 14.4642264 - 396.61106));
}

/* An equation m[0] N2 + m[1] N1 + m[2] D1 + m[3] D0 = m[4] for the digital section's squared magnitude
 * (N2 y^2 + N1 y + N0) / (y^2 + D1 y + D0), where N0 is D0 times the value at 0 Hz. */
typedef struct { Doubles m[5]; } Equation;

INLINE Equation equation_at(const Squared *s, Doubles at_zero, Doubles f, Doubles f0, Doubles tangent)
{
    const Doubles ratio = f / f0, x = ratio * ratio, part = tangent / tangent_of(f), u = part * part;
    const Doubles value = (s->n0 + x * (s->n1 + x * s->n2)) / (s->d0 + x * (s->d1 + x * s->d2));
    return (Equation){{doubles(1.0), u, -value * u, (at_zero - value) * u * u, value}};
}

/* In place of an equation, one that says what a zero needs. */
INLINE void equation_instead(Equation *e, Longs where, double n2, double n1, double d0)
{
    const double m[5] = {n2, n1, 0.0, d0, 0.0};
    for (int k = 0; k < 5; ++k)
        e->m[k] = doubles_where(where, doubles(m[k]), e->m[k]);
}

INLINE void equation_less(Equation *e, const Equation *from, Doubles times, int first)
{
    for (int k = first; k < 5; ++k)
        e->m[k] = e->m[k] - times * from->m[k];
}

/* Four equations in four unknowns, by elimination; the second pivot is a difference of two distinct places. */
INLINE void solve(Equation e[4], Doubles *n2, Doubles *n1, Doubles *d1, Doubles *d0)
{
    for (int i = 0; i < 3; ++i)
        equation_less(&e[i], &e[3], e[i].m[0], 0);
    for (int i = 0; i < 2; ++i)
        equation_less(&e[i], &e[2], e[i].m[1] / e[2].m[1], 1);
    const Doubles *a = e[0].m, *b = e[1].m, *c = e[2].m, *d = e[3].m;
    const Doubles found = a[2] * b[3] - a[3] * b[2];
    const Doubles det = doubles_where(LONG_MASK(found == 0.0), doubles(1e-300), found);
    *d1 = (a[4] * b[3] - a[3] * b[4]) / det;
    *d0 = (a[2] * b[4] - a[4] * b[2]) / det;
    *n1 = (c[4] - c[2] * *d1 - c[3] * *d0) / c[1];
    *n2 = d[4] - d[1] * *n1 - d[2] * *d1 - d[3] * *d0;
}

/* The section of least phase with that squared magnitude. Where a pole and a zero nearly cancel, the equations may put
 * both on the wrong side; then both are mirrored. */
INLINE SectionShape section_from(Doubles n2, Doubles n1, Doubles d1, Doubles d0, Doubles at_zero, Doubles tangent,
                                 Longs no_middle)
{
    const Longs wrong = LONG_MASK(d0 < 0.0);
    const Doubles zero = doubles(0.0);
    n2 = doubles_max(n2, zero);
    d1 = doubles_where(wrong, doubles_sqrt(doubles_max(d1 * d1 - 4.0 * d0, zero)), d1);
    n1 = doubles_where(wrong, doubles_sqrt(doubles_max(n1 * n1 - 4.0 * n2 * at_zero * d0, zero)), n1);
    d0 = doubles_max(doubles_where(wrong, -d0, d0), doubles(1e-9));
    const Doubles gg = doubles_sqrt(d0), g = doubles_sqrt(gg), bottom = doubles_sqrt(at_zero), top = doubles_sqrt(n2);
    const Doubles k = doubles_sqrt(doubles_max(d1 + 2.0 * gg, 1e-8 * gg)) / g;
    Doubles middle = doubles_sqrt(doubles_max(n1 + 2.0 * bottom * top * gg, zero)) / g;
    middle = doubles_where(no_middle, zero, middle);
    return (SectionShape){lanes_of(g * tangent), lanes_of(k), lanes_of(bottom), lanes_of(middle), lanes_of(top)};
}

INLINE SectionShape prototype_section(const Prototype *p)
{
    const Longs low_cut = longs_of(p->low_cut), notch = longs_of(p->notch);
    const Squared s = prototype_squared(p);
    const Doubles f0 = doubles_of(p->frequency), tangent = tangent_of(f0), at_zero = s.n0 / s.d0;
    Doubles f[4], n2, n1, d1, d0;
    Equation e[4];
    meeting_points(f, p);
    for (int i = 0; i < 4; ++i)
        e[i] = equation_at(&s, at_zero, f[i], f0, tangent);
    equation_instead(&e[2], low_cut, 0.0, 1.0, 0.0); /* two zeros at 0 Hz */
    equation_instead(&e[0], notch, 2.0, 1.0, 0.0);   /* two at the band */
    equation_instead(&e[2], notch, 1.0, 0.0, -1.0);
    solve(e, &n2, &n1, &d1, &d0);
    return section_from(n2, n1, d1, d0, at_zero, tangent, low_cut | notch);
}

/* The section that undoes another one. */
INLINE SectionShape section_inverse(SectionShape s)
{
    const Lanes g = s.g * lanes_sqrt(s.bottom / s.top), scale = s.g / (s.top * g);
    return (SectionShape){g, lanes_max(s.middle, lanes(1e-4f)) * scale, 1.0f / s.bottom, s.k * scale, 1.0f / s.top};
}

#endif
