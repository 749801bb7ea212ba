/* limit: how fast this processor can go on each workload when one loop is written for it by hand.
 * A program of its own, one thread, 48 kHz, blocks of 128 frames; prints one JSON object a workload.
 * No graph, no parameters, no smoothing: only the arithmetic, at the quality that the nodes have. */
#include "limit.h"

enum { MOST_SINES = 10000, VOICES = 64, LINES = 100, CHAIN = 1000, LINE_FRAMES = 2048, GATE_FRAMES = RATE_HZ / 4 };

/* --- W1, S1: oscillators of free frequency, side by side --- */

static U sine_phase[MOST_SINES / LANES + 1], sine_step[MOST_SINES / LANES + 1];
static V sine_gain[MOST_SINES / LANES + 1];

static void start_sines(int count)
{
    for (int n = 0; n < (count + LANES - 1) / LANES * LANES; ++n) {
        sine_phase[n / LANES][n % LANES] = (uint32_t)n * 2654435769u;
        sine_step[n / LANES][n % LANES] = phase_step(100.0 + n * 3000.0 / count);
        sine_gain[n / LANES][n % LANES] = n < count ? 0.5f / (float)count : 0.0f;
    }
}

INLINE void add_sines(V *sum, int first, int packs)
{
    U phase[4], step[4];
    V gain[4];
    for (int p = 0; p < packs; ++p)
        phase[p] = sine_phase[first + p], step[p] = sine_step[first + p], gain[p] = sine_gain[first + p];
    for (int i = 0; i < BLOCK; ++i) {
        V all = sum[i];
        for (int p = 0; p < packs; ++p) {
            all += gain[p] * cosine_of_phase(phase[p]);
            phase[p] += step[p];
        }
        sum[i] = all;
    }
    for (int p = 0; p < packs; ++p)
        sine_phase[first + p] = phase[p];
}

static void run_sines(int count)
{
    static V sum[BLOCK];
    memset(sum, 0, sizeof sum);
    int packs = (count + LANES - 1) / LANES, p = 0;
    for (; p + 4 <= packs; p += 4)
        add_sines(sum, p, 4);
    for (; p + 2 <= packs; p += 2)
        add_sines(sum, p, 2);
    for (; p < packs; ++p)
        add_sines(sum, p, 1);
    sums_of_rows(left, sum);
    memcpy(right, left, sizeof right);
}

/* --- W2: nothing to pack; one call a gain node, through a table as a plan would make it --- */

typedef void GainCall(const float *restrict in, float *restrict out, float level);
static __attribute__((noinline)) void gain_call(const float *restrict in, float *restrict out, float level)
{
    for (int i = 0; i < BLOCK; i += LANES)
        *(V *)(out + i) = *(const V *)(in + i) * level;
}
static GainCall *chain_call[CHAIN];
static float chain_level[CHAIN];
static void start_chain(int count)
{
    start_noise();
    for (int n = 0; n < count; ++n) {
        chain_call[n] = gain_call;
        chain_level[n] = n % 2 ? 1.25f : 0.8f;
    }
}

static void run_chain(int count)
{
    static float buffer[2][BLOCK] __attribute__((aligned(64)));
    for (int i = 0; i < BLOCK; i += LANES)
        *(V *)(buffer[0] + i) = noise();
    for (int n = 0; n < count; ++n)
        chain_call[n](buffer[n & 1], buffer[~n & 1], chain_level[n]);
    memcpy(left, buffer[count & 1], sizeof left);
}

/* --- W3, W3a: saw, resonant low-pass, envelope, pan; voices side by side --- */

typedef struct Voices {
    U phase, step, lfo_phase, lfo_step;
    V per_step;                     /* one over the phase step, in turns */
    V low, band, level, cutoff_hz;  /* integrators of the filter, level of the envelope */
    I attacking;
    V pan_left, pan_right;
} Voices;
static Voices voices[VOICES / LANES];
static uint32_t voice_frame; /* since the envelopes were last triggered */
static const float damping = 0.25f;          /* 1 / q */
static float attack_rate, decay_rate, release_rate;

static void start_voices(int count)
{
    attack_rate = 1.0f - expf(-1.0f / (0.003f * RATE_HZ));
    decay_rate = 1.0f - expf(-1.0f / (0.08f * RATE_HZ));
    release_rate = 1.0f - expf(-1.0f / (0.05f * RATE_HZ));
    memset(voices, 0, sizeof voices);
    voice_frame = 0;
    for (int n = 0; n < count; ++n) {
        Voices *v = &voices[n / LANES];
        int l = n % LANES;
        double hz = 55.0 + 7.0 * n, angle = M_PI / 2 * n / (count - 1);
        v->step[l] = phase_step(hz);
        v->per_step[l] = (float)(RATE_HZ / hz);
        v->lfo_phase[l] = (uint32_t)n * 2654435769u;
        v->lfo_step[l] = phase_step(0.3 + 0.05 * n);
        v->cutoff_hz[l] = 1200.0f + 20.0f * (float)n;
        v->pan_left[l] = (float)cos(angle) / 16.0f;
        v->pan_right[l] = (float)sin(angle) / 16.0f;
    }
}

/* The trapezoidal state-variable filter's three gains; tan is sin / cos, which leaves one division for all. */
INLINE void filter_gains(V cutoff_hz, V *a1, V *a2, V *a3)
{
    V x = cutoff_hz * (1.0f / RATE_HZ);
    V s = sine_of_quarter(x), c = sine_of_quarter(0.5f - x);
    V scale = 1.0f / (c * c + s * (s + damping * c));
    *a1 = c * c * scale;
    *a2 = s * c * scale;
    *a3 = s * s * scale;
}

INLINE V saw(Voices *v)
{
    V t = turns(v->phase);
    V after = least(t * v->per_step, everywhere(1.0f)) - 1.0f,
      before = most((t - 1.0f) * v->per_step, everywhere(-1.0f)) + 1.0f;
    v->phase += v->step;
    return 2.0f * t - 1.0f + after * after - before * before;
}

INLINE V envelope(Voices *v, I gate)
{
    V target = where(gate, where(v->attacking, everywhere(1.3f), everywhere(0.4f)), (V){0});
    V rate = where(gate, where(v->attacking, everywhere(attack_rate), everywhere(decay_rate)), everywhere(release_rate));
    v->level = least(v->level + (target - v->level) * rate, everywhere(1.0f));
    v->attacking = (v->attacking & (v->level < 1.0f)) | ~gate;
    return v->level;
}

INLINE V low_pass(Voices *v, V in, V a1, V a2, V a3)
{
    V rest = in - v->low;
    V band = a1 * v->band + a2 * rest, low = v->low + a2 * v->band + a3 * rest;
    v->band = 2.0f * band - v->band;
    v->low = 2.0f * low - v->low;
    return low;
}

enum { TOGETHER = 2 }; /* packs whose recursions run side by side, to hide their latency */

INLINE void run_some_voices(Voices *some, const I *gate, V *sum_left, V *sum_right, int every_frame)
{
    Voices v[TOGETHER];
    V a1[TOGETHER], a2[TOGETHER], a3[TOGETHER];
    for (int p = 0; p < TOGETHER; ++p) {
        v[p] = some[p];
        v[p].lfo_phase += every_frame ? (U){0} : v[p].lfo_step * BLOCK;
        filter_gains(v[p].cutoff_hz + 800.0f * cosine_of_phase(v[p].lfo_phase), &a1[p], &a2[p], &a3[p]);
    }
    for (int i = 0; i < BLOCK; ++i) {
        V to_left = sum_left[i], to_right = sum_right[i];
        for (int p = 0; p < TOGETHER; ++p) {
            if (every_frame) {
                v[p].lfo_phase += v[p].lfo_step;
                filter_gains(v[p].cutoff_hz + 800.0f * cosine_of_phase(v[p].lfo_phase), &a1[p], &a2[p], &a3[p]);
            }
            V y = low_pass(&v[p], saw(&v[p]), a1[p], a2[p], a3[p]) * envelope(&v[p], gate[i]);
            to_left += y * v[p].pan_left;
            to_right += y * v[p].pan_right;
        }
        sum_left[i] = to_left;
        sum_right[i] = to_right;
    }
    for (int p = 0; p < TOGETHER; ++p)
        some[p] = v[p];
}

INLINE void run_voices(int every_frame)
{
    static V sum_left[BLOCK], sum_right[BLOCK];
    static I gate[BLOCK];
    for (int i = 0; i < BLOCK; ++i) {
        sum_left[i] = sum_right[i] = (V){0};
        gate[i] = (I){0} - ((voice_frame + (uint32_t)i) / GATE_FRAMES % 2 == 0);
    }
    for (int p = 0; p < VOICES / LANES; p += TOGETHER)
        run_some_voices(&voices[p], gate, sum_left, sum_right, every_frame);
    voice_frame += BLOCK;
    sums_of_rows(left, sum_left);
    sums_of_rows(right, sum_right);
}
static void run_voices_by_block(int count) { (void)count; run_voices(0); }
static void run_voices_by_frame(int count) { (void)count; run_voices(1); }

/* --- W6: feedback delay lines with a moving read position; neighbouring frames of one line side by side --- */

typedef struct Line {
    float data[LINE_FRAMES + 2 * LANES]; /* the first frames again at the end, so that a window never wraps */
    U lfo_phase;
    uint32_t lfo_step;
    float delay_frames;
} Line;
static Line lines[LINES];
static uint32_t line_frame;

static void start_lines(int count)
{
    start_noise();
    memset(lines, 0, sizeof lines);
    line_frame = 0;
    for (int n = 0; n < count; ++n) {
        lines[n].delay_frames = (0.010f + 0.0002f * (float)n) * RATE_HZ;
        lines[n].lfo_step = phase_step(0.1 + 0.03 * n);
        for (int l = 0; l < LANES; ++l)
            lines[n].lfo_phase[l] = (uint32_t)l * lines[n].lfo_step;
    }
}

/* The frames at `index` and after it, for each lane. Neighbouring frames read neighbouring places, so that one window
 * of 32 frames mostly holds them all; a read position that jumps is gathered place by place. */
INLINE void read_pairs(const float *data, I index, V *at, V *after)
{
    I base = (I){0} + (index[0] - LANES / 2), place = (index - base) & (LINE_FRAMES - 1);
#ifdef AVX512
    if (!_mm512_cmpgt_epu32_mask((__m512i)place, _mm512_set1_epi32(2 * LANES - 2))) {
        const float *window = data + (base[0] & (LINE_FRAMES - 1));
        __m512 low = _mm512_loadu_ps(window), high = _mm512_loadu_ps(window + LANES);
        *at = (V)_mm512_permutex2var_ps(low, (__m512i)place, high);
        *after = (V)_mm512_permutex2var_ps(low, (__m512i)(place + 1), high);
        return;
    }
#endif
    place = (base + place) & (LINE_FRAMES - 1);
    for (int l = 0; l < LANES; ++l) {
        (*at)[l] = data[place[l]];
        (*after)[l] = data[place[l] + 1];
    }
}

static void run_lines(int count)
{
    static V in[BLOCK / LANES], sum[BLOCK / LANES];
    I ramp;
    for (int l = 0; l < LANES; ++l)
        ramp[l] = l;
    for (int i = 0; i < BLOCK / LANES; ++i) {
        in[i] = noise() * 0.05f;
        sum[i] = (V){0};
    }
    for (int n = 0; n < count; ++n) {
        Line *line = &lines[n];
        for (int i = 0; i < BLOCK / LANES; ++i) {
            uint32_t write = (line_frame + (uint32_t)i * LANES) % LINE_FRAMES;
            V delay = line->delay_frames + 48.0f * cosine_of_phase(line->lfo_phase);
            line->lfo_phase += line->lfo_step * LANES;
            I whole = __builtin_convertvector(delay, I);
            V part = delay - __builtin_convertvector(whole, V), at, after;
            read_pairs(line->data, ((int32_t)write + ramp - whole - 1) & (LINE_FRAMES - 1), &at, &after);
            V y = after + part * (at - after);
            V back = in[i] + 0.6f * y;
            memcpy(line->data + write, &back, sizeof back);
            if (write < 2 * LANES)
                memcpy(line->data + LINE_FRAMES + write, &back, sizeof back);
            sum[i] += y;
        }
    }
    line_frame += BLOCK;
    memcpy(left, sum, sizeof left);
}

/* --- all of them --- */

static const Workload workloads[] = {
    {"W1", start_sines, run_sines, 500},
    {"W2", start_chain, run_chain, CHAIN},
    {"W3", start_voices, run_voices_by_block, VOICES},
    {"W3a", start_voices, run_voices_by_frame, VOICES},
    {"W6", start_lines, run_lines, LINES},
    {"S1-100", start_sines, run_sines, 100},
    {"S1-1000", start_sines, run_sines, 1000},
    {"S1-10000", start_sines, run_sines, 10000},
};

int main(int argc, char **argv) { return measure_all(workloads, sizeof workloads / sizeof *workloads, argc, argv); }
