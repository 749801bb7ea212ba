/* wavetable: cycles in versions of fewer and fewer harmonics, read with a cubic B-spline. `prepare/wavetable.py` draws
 * the versions and names the sources. */
#define NODE wavetable
#define INS P(PM, "pm")
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz") P(POSITION, "position")
#define CHOICES P(TABLE, "table")
#include "kernel.h"
#include "dsp/phase.h"
#include "dsp/transpose.h"

#include <string.h>

/* Version k of a cycle has harmonics up to 2^(9.5 - k / 2) in 2^bits[k] samples, and MARGIN more; all cycles of a
 * version lie side by side. */
enum { VERSIONS = 20, MARGIN = 4, CYCLE_FRAMES = 20688 };
static const uint8_t bits[VERSIONS] = {12, 12, 11, 11, 11, 11, 10, 10, 9, 9, 8, 8, 7, 7, 6, 6, 6, 6, 6, 6};
static const uint16_t begins[VERSIONS] = {0,     4100,  8200,  10252, 12304, 14356, 16408, 17436, 18464, 18980,
                                          19496, 19756, 20016, 20148, 20280, 20348, 20416, 20484, 20552, 20620};

#define FADE 0.25f /* half octaves below the limit within which a version fades into the next */

typedef struct { /* what is read at one pitch: a version, and the next one fading in near the limit */
    Words from[2], bits[2]; /* place of a version in the table; size of its cycles */
    Lanes far;              /* part of the second version */
} Pick;

typedef struct {
    Words phase, step;
    Pick pick;
} State;

typedef struct {
    const float *data[W];
    Words count, there; /* cycles, at least 1; bits that are all set where a lane has a table */
} Tables;

GD_RT INLINE Tables tables_of(const GdBlock *b)
{
    static const float silence[MARGIN];
    Tables tables;
    for (uint32_t l = 0; l < W; ++l) {
        const GdMemory *memory = l < b->lanes ? b->memory[l] : 0;
        bool good = memory && memory->frames && memory->frames % CYCLE_FRAMES == 0;
        tables.data[l] = good ? memory->data : silence;
        LANE(tables.count, l) = good ? memory->frames / CYCLE_FRAMES : 1;
        LANE(tables.there, l) = good ? ~0u : 0u;
    }
    return tables;
}

/* The brightest version whose harmonics stay below half the rate. The float's own exponent and mantissa are log2 but for
 * up to 0.0861, which is added: never too bright, and the same bits everywhere. */
GD_RT INLINE Pick pick_of(Lanes frequency_hz, float seconds_per_frame, Words count)
{
    Lanes turns = lanes_max(2.0f * seconds_per_frame * frequency_hz, lanes(0x1p-12f));
    Lanes octaves = lanes_from_ints(lanes_to_bits(turns) - 0x3f800000) * 0x1p-23f + 0.0861f;
    Lanes wanted = lanes_clamp(2.0f * octaves + 20.0f, lanes(0.0f), lanes(VERSIONS));
    Ints version = lanes_truncate(wanted);
    Lanes below = lanes_from_ints(version + 1) - wanted; /* half octaves below its limit, above 0 */
    uint32_t from[2][W], size[2][W];
    for (uint32_t l = 0; l < W; ++l)
        for (uint32_t k = 0; k < 2; ++k) {
            uint32_t v = (uint32_t)LANE(version, l) + k;
            v = v < VERSIONS ? v : VERSIONS - 1;
            from[k][l] = begins[v];
            size[k][l] = bits[v];
        }
    Pick pick;
    memcpy(pick.from, from, sizeof from);
    memcpy(pick.bits, size, sizeof size);
    pick.from[0] *= count;
    pick.from[1] *= count;
    pick.far = lanes_max(1.0f - below * (1.0f / FADE), lanes(0.0f));
    return pick;
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->step = phase_step(b->param[FREQUENCY_HZ][0], b->seconds_per_frame);
    s->pick = pick_of(b->param[FREQUENCY_HZ][0], b->seconds_per_frame, tables_of(b).count);
}

typedef struct { /* what a slice reads of one version */
    Words at[GD_SLICE], next[GD_SLICE]; /* place of the first of four samples; how much later the next cycle has them */
    Lanes part[GD_SLICE];               /* of the way between the middle two */
} Places;

GD_RT INLINE void locate(Places *places, uint32_t i, const Pick *pick, uint32_t k, Words phase, Ints cycle, Words there,
                         Words next)
{
    const Words one = (Words){0} + 1u, length = (one << pick->bits[k]) + MARGIN;
    places->at[i] = (pick->from[k] + (phase >> (32u - pick->bits[k])) + ints_as_words(cycle) * length) & there;
    places->next[i] = length & next;
    places->part[i] = lanes_from_ints(words_as_ints((phase << pick->bits[k]) >> 8)) * 0x1p-24f;
}

GD_RT INLINE Quad quad_at(const float *from)
{
    Quad q;
    memcpy(&q, from, sizeof q);
    return q;
}

/* The cubic B-spline through a slice's places; `between` is the part of the next cycle. */
GD_RT INLINE void read(Lanes *restrict out, const Tables *tables, const Places *places, const Lanes *between, uint32_t frames)
{
    for (uint32_t g = 0; g < W; g += GROUP)
        for (uint32_t i = 0; i < frames; ++i) {
            Quad q[GROUP];
            Group tap[4], t, value;
            for (uint32_t l = 0; l < GROUP; ++l) {
                const float *at = tables->data[g + l] + LANE(places->at[i], g + l);
                q[l] = quad_at(at);
                if (between)
                    q[l] += LANE(between[i], g + l) * (quad_at(at + LANE(places->next[i], g + l)) - q[l]);
            }
#if W == 1
            for (uint32_t k = 0; k < 4; ++k)
                tap[k] = q[0][k];
#else
            transpose_quads(q);
            memcpy(tap, q, sizeof tap);
#endif
            memcpy(&t, (const float *)(places->part + i) + g, sizeof t);
            Group u = 1.0f - t, tt = t * t, uu = u * u;
            value = tap[0] * (uu * u) + tap[3] * (tt * t) + tap[1] * (4.0f + tt * (3.0f * t - 6.0f))
                    + tap[2] * (4.0f + uu * (3.0f * u - 6.0f));
            memcpy((float *)(out + i) + g, &value, sizeof value);
        }
}

GD_RT INLINE bool any_lane(Ints bits_set)
{
    int32_t any = 0;
    for (uint32_t l = 0; l < W; ++l)
        any |= LANE(bits_set, l);
    return any != 0;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict pm = b->in[PM], *restrict frequency_hz = b->param[FREQUENCY_HZ];
    const Lanes *restrict position = b->param[POSITION];
    Lanes *restrict out = b->out[OUT];
    const bool glides = MOVES(b, FREQUENCY_HZ), silent = SILENT(b, PM);
    const Tables tables = tables_of(b);
    const Ints top = words_as_ints(tables.count) - 1;
    const Lanes span = lanes_from_ints(top);
    Places places[2];
    Lanes between[GD_SLICE], far[GD_SLICE], dark[GD_SLICE];
    Ints fades = {0}, morphs = {0};
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (glides) {
            s->step = phase_step(frequency_hz[i], b->seconds_per_frame);
            s->pick = pick_of(frequency_hz[i], b->seconds_per_frame, tables.count);
        }
        Lanes place = position[i * b->stride[POSITION]] * span;
        Ints cycle = lanes_truncate(place), inside = MASK(cycle < top);
        Words phase = silent ? s->phase : s->phase + phase_of_turns(pm[i]);
        between[i] = place - lanes_from_ints(cycle);
        far[i] = s->pick.far;
        morphs |= lanes_to_bits(between[i]);
        fades |= lanes_to_bits(far[i]);
        for (uint32_t k = 0; k < 2; ++k)
            locate(&places[k], i, &s->pick, k, phase, cycle, tables.there, ints_as_words(inside) & tables.there);
        s->phase += s->step;
    }
    const Lanes *mix = any_lane(morphs) ? between : NULL;
    read(out, &tables, &places[0], mix, b->frames);
    if (!any_lane(fades))
        return;
    read(dark, &tables, &places[1], mix, b->frames);
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] += far[i] * (dark[i] - out[i]);
}

KERNEL(.effort = 240, .prepare = prepare)
