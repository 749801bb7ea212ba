/* Mixing and moving parameters at width W. Audio thread. The summation rule stands in steps.h. */
#include "dsp/transpose.h"
#include "steps.h"

typedef float Slots __attribute__((vector_size(4 * GD_TREE)));

INLINE void read_term(const GdTerm *term, uint32_t frames, float *restrict out)
{
    const float *restrict source = term->source;
    if (term->step == 1)
        for (uint32_t i = 0; i < frames; ++i)
            out[i] = source[i];
    else
        for (uint32_t i = 0; i < frames; ++i)
            out[i] = source[i * term->step];
    if (term->gain != 1.0f)
        for (uint32_t i = 0; i < frames; ++i)
            out[i] *= term->gain;
    if (term->fade)
        for (uint32_t i = 0; i < frames; ++i)
            out[i] *= term->fade[i];
}

INLINE uint32_t power_of_two(uint32_t count)
{
    uint32_t power = 1;
    while (power < count)
        power *= 2;
    return power;
}

/* Up to 16 terms into one plane. */
static void add_tree(const GdTerm *terms, uint32_t count, uint32_t frames, float slot[GD_TREE][GD_SLICE])
{
    for (uint32_t k = 0; k < count; ++k)
        read_term(&terms[k], frames, slot[k]);
    for (uint32_t half = power_of_two(count) / 2; half; half /= 2)
        for (uint32_t k = 0; k < half; ++k)
            if (k + half < count) {
                const float *restrict from = slot[k + half];
                float *restrict to = slot[k];
                for (uint32_t i = 0; i < frames; ++i)
                    to[i] += from[i];
            }
}

/* The upper two levels of the tree over one frame's 16 slots. */
INLINE Quad add_slots(const GdTerm *chunks, uint32_t count, uint32_t frame)
{
    const Quad *row = (const Quad *)chunks[0].source + 4 * frame;
    Quad s[4] = {row[0], row[1], row[2], row[3]};
    for (uint32_t k = 1; k < count; ++k) {
        row = (const Quad *)chunks[k].source + 4 * frame;
        for (uint32_t j = 0; j < 4; ++j)
            s[j] += row[j];
    }
    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* Chunk sums into one plane, four frames at a time, the last ones perhaps of rubbish. */
INLINE void add_chunks(const GdTerm *chunks, uint32_t count, uint32_t frames, float plane[GD_SLICE])
{
    for (uint32_t i = 0; i < frames; i += 4) {
        Quad s[4];
#pragma GCC unroll 4
        for (uint32_t k = 0; k < 4; ++k)
            s[k] = add_slots(chunks, count, i + k);
        transpose_quads(s);
        s[0] = (s[0] + s[2]) + (s[1] + s[3]);
        __builtin_memcpy(plane + i, &s[0], sizeof s[0]);
    }
}

static void mix_lanes(const GdMix *mix, uint32_t frames, float *restrict out)
{
    float slot[GD_TREE][GD_SLICE];
    for (uint32_t l = 0; l < W; ++l) {
        uint32_t count = l < mix->lanes ? mix->lane[l].count : 0;
        const GdTerm *terms = mix->terms + (count ? mix->lane[l].first : 0);
        if (l && count && mix->lane[l - 1].count && mix->lane[l].first == mix->lane[l - 1].first) {
            /* the same wires as the lane before: slot 0 still holds the sum */
        } else if (count == 1 && mix->lane[l].chunks) {
            add_chunks(terms, 1, frames, slot[0]);
        } else if (count && mix->lane[l].chunks) {
            add_chunks(terms, count, frames, slot[0]);
        } else if (count) {
            add_tree(terms, count, frames, slot);
        }
        for (uint32_t i = 0; i < frames; ++i)
            out[i * W + l] = count ? slot[0][i] : 0.0f;
    }
}

#if W > 1
/* Term k of every lane, out of two buffers as wide as this mix: what joins and parts the channels of linked nodes. */
typedef struct Pick {
    const Lanes *one, *other;
    Ints lane; /* of `one`, or W and more of `other` */
    Lanes gain;
} Pick;

static bool find_pick(Pick *pick, const GdMix *mix, uint32_t k)
{
    *pick = (Pick){.gain = lanes(1.0f)};
    for (uint32_t l = 0; l < mix->lanes; ++l) {
        const GdTerm *term = &mix->terms[mix->lane[l].first + k];
        const uint32_t lane = (uint32_t)((uintptr_t)term->source / sizeof(float) % W);
        const Lanes *buffer = (const Lanes *)(term->source - lane);
        if (term->step != W || term->fade)
            return false;
        if (!pick->one)
            pick->one = pick->other = buffer;
        if (buffer != pick->one && pick->other == pick->one)
            pick->other = buffer;
        if (buffer != pick->one && buffer != pick->other)
            return false;
        pick->lane[l] = (int32_t)(buffer == pick->one ? lane : lane + W);
        pick->gain[l] = term->gain;
    }
    return true;
}

INLINE Lanes pick_lanes(const Pick *pick, uint32_t frame)
{
    return __builtin_shuffle(pick->one[frame], pick->other[frame], pick->lane) * pick->gain;
}

static bool mix_picked(const GdMix *mix, uint32_t frames, Lanes *restrict out)
{
    Pick pick[GD_TREE];
    const uint32_t count = mix->lane[0].count;
    for (uint32_t l = 0; l < mix->lanes; ++l)
        if (mix->lane[l].count != count || mix->lane[l].chunks || count < 1 || count > GD_TREE)
            return false;
    for (uint32_t k = 0; k < count; ++k)
        if (!find_pick(&pick[k], mix, k))
            return false;
    if (count == 1) {
        for (uint32_t i = 0; i < frames; ++i)
            out[i] = pick_lanes(pick, i);
        return true;
    }
    for (uint32_t i = 0; i < frames; ++i) {
        Lanes slot[GD_TREE];
        for (uint32_t k = 0; k < count; ++k)
            slot[k] = pick_lanes(&pick[k], i);
        for (uint32_t half = power_of_two(count) / 2; half; half /= 2)
            for (uint32_t k = 0; k < half && k + half < count; ++k)
                slot[k] += slot[k + half];
        out[i] = slot[0];
    }
    return true;
}
#else
static bool mix_picked(const GdMix *mix, uint32_t frames, Lanes *restrict out)
{
    (void)mix, (void)frames, (void)out;
    return false;
}
#endif

/* Term k of every lane lies in the same buffer, lane for lane. */
static void mix_vector(const GdMix *mix, uint32_t frames, Lanes *restrict out)
{
    for (uint32_t i = 0; i < frames; ++i) {
        Lanes slot[GD_TREE];
        slot[0] = lanes(0.0f);
        for (uint32_t k = 0; k < mix->count; ++k) {
            const GdTerm *term = &mix->terms[k];
            slot[k] = ((const Lanes *)term->source)[i];
            if (term->gain != 1.0f)
                slot[k] *= term->gain;
            if (term->fade)
                slot[k] *= term->fade[i];
        }
        for (uint32_t half = power_of_two(mix->count) / 2; half; half /= 2)
            for (uint32_t k = 0; k < half && k + half < mix->count; ++k)
                slot[k] += slot[k + half];
        out[i] = slot[0];
    }
}

GD_RT static void mix_run(void *state, const GdBlock *b)
{
    const GdMix *mix = state;
    Lanes *restrict out = b->out[0];
    if (mix->form == GD_MIX_VECTOR) {
        mix_vector(mix, b->frames, out);
    } else if (mix->form == GD_MIX_BROADCAST) {
        float plane[GD_SLICE];
        read_term(mix->terms, b->frames, plane);
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = lanes(plane[i]);
    } else if (!mix_picked(mix, b->frames, out)) {
        mix_lanes(mix, b->frames, (float *)out);
    }
}

/* --- chunks --- */

typedef float Eight __attribute__((vector_size(32)));

typedef int32_t SlotInts __attribute__((vector_size(4 * GD_TREE)));

/* Lanes brought to their slots; the other slots get zeros, which change no sum. */
static void add_picked(const GdRun *run, uint32_t frames, Slots *restrict out)
{
    const Slots *restrict source = (const Slots *)run->term.source;
    const SlotInts lane = *(const SlotInts *)run->pick->lane, keep = *(const SlotInts *)run->pick->keep;
    for (uint32_t i = 0; i < frames; ++i)
        out[i] += (Slots)((SlotInts)__builtin_shuffle(source[i], lane) & keep);
}

static void add_run(const GdRun *run, uint32_t frames, float *restrict out)
{
    if (run->pick) {
        add_picked(run, frames, (Slots *)out);
        return;
    }
    out += run->slot;
    const float *restrict source = run->term.source;
    float plane[GD_SLICE];
    switch (run->width) {
    case 16:
        for (uint32_t i = 0; i < frames; ++i)
            ((Slots *)out)[i] += ((const Slots *)source)[i];
        break;
    case 8:
        for (uint32_t i = 0; i < frames; ++i)
            ((Eight *)out)[2 * i] += ((const Eight *)source)[i];
        break;
    case 4:
        for (uint32_t i = 0; i < frames; ++i)
            ((Quad *)out)[4 * i] += ((const Quad *)source)[i];
        break;
    default:
        read_term(&run->term, frames, plane);
        for (uint32_t i = 0; i < frames; ++i)
            out[i * GD_TREE] += plane[i];
    }
}

/* Runs of all 16 slots into `frames` rows together, so that their additions need not wait for each other. */
INLINE void add_whole_runs(const GdChunk *chunk, Slots *restrict out, uint32_t from, uint32_t frames)
{
    Slots v[4] = {{0}};
    for (uint32_t r = 0; r < chunk->whole; ++r)
        for (uint32_t i = 0; i < frames; ++i)
            v[i] += ((const Slots *)chunk->runs[r].term.source)[from + i];
    for (uint32_t i = 0; i < frames; ++i)
        out[from + i] = v[i];
}

GD_RT static void chunk_run(void *state, const GdBlock *b)
{
    const GdChunk *chunk = state;
    Slots *restrict out = (Slots *)b->out[0];
    uint32_t i = 0;
    for (; i + 4 <= b->frames; i += 4)
        add_whole_runs(chunk, out, i, 4);
    for (; i < b->frames; ++i)
        add_whole_runs(chunk, out, i, 1);
    for (uint32_t r = chunk->whole; r < chunk->count; ++r)
        add_run(&chunk->runs[r], b->frames, (float *)out);
}

/* --- parameters --- */

INLINE bool any_moves(const GdGlide *glide)
{
    Ints left = glide->cells_left;
    int32_t any = 0;
    for (uint32_t l = 0; l < W; ++l)
        any |= LANE(left, l);
    return any != 0;
}

/* How much of its way a glide has made at the start of the cell, 0 to 1; 1 where nothing moves. */
INLINE Lanes cells_done(const GdGlide *glide)
{
    return 1.0f - lanes_from_ints(glide->cells_left) * glide->step * (float)GD_SLICE;
}

/* A way begun and ended at rest, so that no corner is heard: 3u^2 - 2u^3. */
INLINE Lanes eased(Lanes u) { return u * u * (3.0f - 2.0f * u); }

GD_RT static bool glide_run(void *state, const GdBlock *b, void *plane)
{
    const GdGlide *glide = state;
    if (!any_moves(glide))
        return false;
    Lanes *restrict out = plane;
    const Lanes value = glide->value, way = glide->target - value, done = cells_done(glide);
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = value + way * eased(done + glide->step * (float)(b->offset + i + 1));
    return true;
}

GD_RT static void end_cell(void *state)
{
    GdGlide *glide = state;
    if (!any_moves(glide))
        return;
    const Ints last = MASK(glide->cells_left == 1), goes_on = last & MASK(glide->next != glide->target);
    const Lanes cells = lanes_floor(1.0f / (glide->step * (float)GD_SLICE) + 0.5f);
    glide->value = lanes_where(last, glide->target, glide->value);
    glide->target = lanes_where(goes_on, glide->next, glide->target);
    glide->cells_left += MASK(glide->cells_left > 0); /* a mask of -1 takes one away */
    glide->cells_left = (goes_on & lanes_truncate(cells)) | (~goes_on & glide->cells_left);
}

GD_RT static void aim(void *state, uint32_t lane, float target, uint32_t cells)
{
    GdGlide *glide = state;
    int32_t *cells_left = (int32_t *)&glide->cells_left + lane;
    ((float *)&glide->next)[lane] = target;
    if (*cells_left && cells)
        return;
    ((float *)&glide->target)[lane] = target;
    ((float *)&glide->step)[lane] = cells ? 1.0f / (float)(cells * GD_SLICE) : 1.0f;
    *cells_left = (int32_t)cells;
    if (!cells)
        ((float *)&glide->value)[lane] = target;
}

static void add_modulation(const GdModulationTerm *m, uint32_t frames, Lanes *restrict out)
{
    Lanes depth = *(const Lanes *)m->depth;
    const GdTerm *term = &m->term;
    if (m->form == GD_MIX_VECTOR && !term->fade) {
        const Lanes *restrict source = (const Lanes *)term->source;
        for (uint32_t i = 0; i < frames; ++i)
            out[i] += source[term->step ? i : 0] * depth;
        return;
    }
    if (m->form == GD_MIX_VECTOR) {
        const Lanes *restrict source = (const Lanes *)term->source;
        for (uint32_t i = 0; i < frames; ++i)
            out[i] += source[term->step ? i : 0] * depth * term->fade[i];
        return;
    }
    float plane[GD_SLICE];
    GdTerm plain = {.source = term->source, .step = term->step, .gain = 1.0f};
    read_term(&plain, frames, plane);
    const float *restrict fade = term->fade;
    for (uint32_t i = 0; i < frames; ++i) {
        float level = fade ? fade[i] : 1.0f;
        if (m->form == GD_MIX_BROADCAST)
            out[i] += fade ? plane[i] * depth * level : plane[i] * depth;
        else
            ((float *)&out[i])[m->lane] += fade ? plane[i] * m->depth[m->lane] * level : plane[i] * m->depth[m->lane];
    }
}

/* By far the most modulations: one source, lane for lane, of a value that stands. */
INLINE bool is_plain(const GdModulate *m)
{
    return m->count == 1 && m->terms->form == GD_MIX_VECTOR && !m->terms->term.fade && !any_moves(m->glide);
}

INLINE void modulate_plain(const GdModulate *m, uint32_t frames, Lanes *restrict out)
{
    const Lanes value = ((const GdGlide *)m->glide)->value, depth = *(const Lanes *)m->terms->depth;
    const Lanes *restrict source = (const Lanes *)m->terms->term.source;
    const Lanes lo = lanes(m->lo), hi = lanes(m->hi);
    const uint32_t stride = m->terms->term.step ? 1 : 0;
    for (uint32_t i = 0; i < frames; ++i)
        out[i] = lanes_clamp(value + source[i * stride] * depth, lo, hi);
}

INLINE void modulate_any(const GdModulate *m, const GdBlock *b, uint32_t frames, Lanes *restrict out)
{
    const Lanes value = ((const GdGlide *)m->glide)->value;
    const Lanes lo = lanes(m->lo), hi = lanes(m->hi);
    if (!glide_run(m->glide, b, out))
        for (uint32_t i = 0; i < frames; ++i)
            out[i] = value;
    for (uint32_t k = 0; k < m->count; ++k)
        add_modulation(&m->terms[k], frames, out);
    for (uint32_t i = 0; i < frames; ++i)
        out[i] = lanes_clamp(out[i], lo, hi);
}

/* Whether no source moves within this slice, and no wire fades. */
INLINE bool stands(const GdModulate *m)
{
    for (uint32_t k = 0; k < m->count; ++k)
        if (m->terms[k].term.fade || (m->terms[k].term.step && !*m->terms[k].term.steady))
            return false;
    return true;
}

GD_RT static void modulate_run(void *state, const GdBlock *b)
{
    const GdModulate *m = state;
    const bool row = m->per_cell && stands(m) && !any_moves(m->glide);
    const uint32_t frames = row ? 1 : b->frames;
    *m->stride = !row;
    if (is_plain(m))
        modulate_plain(m, frames, b->out[0]);
    else
        modulate_any(m, b, frames, b->out[0]);
    if (b->offset + b->frames == GD_SLICE)
        end_cell(m->glide);
}

#define GD_STEPS_NAME__(width, level) gd_steps_w##width##_##level
#define GD_STEPS_NAME_(width, level) GD_STEPS_NAME__(width, level)
extern const GdSteps GD_STEPS_NAME_(W, LEVEL);
const GdSteps GD_STEPS_NAME_(W, LEVEL) = {.mix = mix_run, .chunk = chunk_run, .modulate = modulate_run, .glide = glide_run,
                                          .end_cell = end_cell, .aim = aim};
