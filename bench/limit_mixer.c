/* limit_mixer: how fast this processor can go on W4 when the mixer is written by hand: channels side by side, eight
 * players to a vector of sixteen, so that a lane pair is a bus. A program of its own, as limit.c is. */
#include "limit.h"

enum { PLAYERS = 64, PACKS = 2 * PLAYERS / LANES, BANDS = 4, LOOP_FRAMES = 4 * RATE_HZ };
enum { TANKS = 16, TANK_FRAMES = 8192 };

typedef float T __attribute__((vector_size(4 * TANKS)));
typedef int32_t TI __attribute__((vector_size(4 * TANKS)));
typedef double D __attribute__((vector_size(4 * LANES)));
typedef int64_t J __attribute__((vector_size(4 * LANES)));
typedef struct Band { V b0, b1, b2, a1, a2, s1, s2; } Band;
typedef struct Strip { /* the channels of LANES / 2 players */
    Band band[BANDS];
    V level; /* gain and place */
    uint32_t at[LANES / 2];
} Strip;

static Strip strips[PACKS];
static V reductions[PACKS / 2]; /* in octaves of amplitude, of the players of two strips in turn */
static float loop_data[LOOP_FRAMES + BLOCK][2]; /* goes on at its end as it begins */
static V mixed[BLOCK];
static float tank[TANKS][TANK_FRAMES];
static T damped;
static uint32_t tank_frame;
static float attack, release;

/* Peak and shelf after the Audio EQ Cookbook. */
static void set_band(Band *band, int lane, int kind, double hz, double db)
{
    double a = pow(10.0, db / 40.0), w = 2.0 * M_PI * hz / RATE_HZ, c = cos(w), alpha = sin(w) / 2.0, s = kind == 3 ? -1.0 : 1.0;
    double root = 2.0 * sqrt(a) * alpha, a0, b[3], f[2];
    if (kind == 1) {
        a0 = 1.0 + alpha / a;
        b[0] = 1.0 + alpha * a, b[1] = -2.0 * c, b[2] = 1.0 - alpha * a, f[0] = -2.0 * c, f[1] = 1.0 - alpha / a;
    } else {
        double up = a + 1.0, down = (a - 1.0) * s;
        a0 = up + down * c + root;
        b[0] = a * (up - down * c + root), b[1] = 2.0 * a * s * ((a - 1.0) - s * up * c * s), b[2] = a * (up - down * c - root);
        f[0] = -2.0 * s * ((a - 1.0) + s * up * c * s), f[1] = up + down * c - root;
    }
    band->b0[lane] = (float)(b[0] / a0), band->b1[lane] = (float)(b[1] / a0), band->b2[lane] = (float)(b[2] / a0);
    band->a1[lane] = (float)(f[0] / a0), band->a2[lane] = (float)(f[1] / a0);
}

static void start_mixer(int count)
{
    static const int kinds[BANDS] = {2, 1, 1, 3};
    start_noise();
    memset(strips, 0, sizeof strips);
    memset(reductions, 0, sizeof reductions);
    memset(tank, 0, sizeof tank);
    for (int i = 0; i < LOOP_FRAMES; ++i)
        for (int c = 0; c < 2; ++c)
            loop_data[i][c] = 0.5f * noise()[0];
    memcpy(loop_data[LOOP_FRAMES], loop_data[0], BLOCK * sizeof *loop_data);
    attack = 1.0f - expf(-1.0f / (0.005f * RATE_HZ));
    release = 1.0f - expf(-1.0f / (0.1f * RATE_HZ));
    for (int n = 0; n < count; ++n) {
        double hz[BANDS] = {80.0 + n, 250.0 + 10.0 * n, 2000.0 + 30.0 * n, 8000.0 + 20.0 * n};
        double db[BANDS] = {3.0, -4.0, 2.0 + n / 32.0, -3.0}, pan = 2.0 * n / (count - 1) - 1.0;
        Strip *strip = &strips[2 * n / LANES];
        strip->at[n % (LANES / 2)] = (uint32_t)n * 1000u;
        for (int c = 0; c < 2; ++c) {
            int lane = 2 * n % LANES + c;
            double side = c ? 1.0 + pan : 1.0 - pan;
            strip->level[lane] = (float)(pow(10.0, (-12.0 - n / 16.0) / 20.0) * (side < 1.0 ? side : 1.0));
            for (int b = 0; b < BANDS; ++b)
                set_band(&strip->band[b], lane, kinds[b], hz[b], db[b]);
        }
    }
}

/* log2 of a positive number to 0.0003, and 2 to the power of a number from -30 to 30 to 0.0001 of itself. */
INLINE V octaves(V x)
{
    I bits = (I)x, exponent = (bits >> 23) - 127;
    V m = (V)((bits & 0x7fffff) | 0x3f800000) - 1.0f;
    return __builtin_convertvector(exponent, V) + m * (1.4416f + m * (-0.7096f + m * (0.4149f + m * (-0.1943f + m * 0.0476f))));
}
INLINE V power_of_two(V x)
{
    V shifted = x + 12582912.0f;
    V part = x - (shifted - 12582912.0f);
    I exponent = ((I)shifted - 0x4b400000) << 23;
    V m = 1.0f + part * (0.6931472f + part * (0.2402265f + part * (0.0555041f + part * 0.0096181f)));
    return (V)((I)m + exponent);
}

/* Factors for peaks, attack and release in octaves. */
INLINE V compressed(V *reduction, V peak)
{
    V over = octaves(peak) + 3.98631f; /* above -24 dBFS */
    V knee = least(most(over + 0.49829f, (V){0}), everywhere(0.99658f));
    V wanted = 0.75f * (knee * knee * 0.501716f + most(over - 0.49829f, (V){0}));
    *reduction += (wanted - *reduction) * where(wanted > *reduction, everywhere(attack), everywhere(release));
    return power_of_two(-*reduction);
}

/* What the players of a strip play: as many frames of each at a time as there are players, a frame of both channels being
 * one number of eight bytes, turned by interleaving rows of one half with those of the other, again and again. */
static void play(Strip *s, V *rows)
{
    enum { PLAYED = LANES / 2 };
    D x[PLAYED], y[PLAYED];
    J low, high;
    for (int l = 0; l < PLAYED; ++l)
        low[l] = l / 2 + l % 2 * PLAYED, high[l] = low[l] + PLAYED / 2;
    for (uint32_t i = 0; i < BLOCK; i += PLAYED) {
        for (int p = 0; p < PLAYED; ++p)
            memcpy(&x[p], loop_data[s->at[p] + i], sizeof x[p]);
        for (int turned = 1; turned < PLAYED; turned *= 2) {
            for (int p = 0; p < PLAYED / 2; ++p) {
                y[2 * p] = __builtin_shuffle(x[p], x[p + PLAYED / 2], low);
                y[2 * p + 1] = __builtin_shuffle(x[p], x[p + PLAYED / 2], high);
            }
            memcpy(x, y, sizeof x);
        }
        memcpy(rows + i, x, sizeof x);
    }
    for (int p = 0; p < PLAYED; ++p)
        s->at[p] = (s->at[p] + BLOCK) % LOOP_FRAMES;
}

/* The feedback comes last in each sum: what waits for the frame before is then two operations long. */
INLINE V filtered(Strip *s, V x)
{
    for (int b = 0; b < BANDS; ++b) {
        Band *f = &s->band[b];
        V y = f->b0 * x + f->s1;
        f->s1 = (f->b1 * x + f->s2) - f->a1 * y;
        f->s2 = f->b2 * x - f->a2 * y;
        x = y;
    }
    return x;
}

static void run_bands(Strip *strip, V *rows)
{
    play(strip, rows);
    Strip s = *strip;
    for (int i = 0; i < BLOCK; ++i)
        rows[i] = filtered(&s, rows[i]);
    *strip = s;
}

/* Two strips share one compressor, for both channels of a player are turned down alike: the players of one are its even
 * lanes, those of the other the odd ones. */
static void run_strips(Strip *two, V *reduction, V *sum)
{
    static V rows[2][BLOCK];
    I other, in_turn, even;
    run_bands(&two[0], rows[0]);
    run_bands(&two[1], rows[1]);
    for (int l = 0; l < LANES; ++l)
        other[l] = l ^ 1, in_turn[l] = l % 2 ? l + LANES : l, even[l] = l & ~1;
    V held = *reduction, level[2] = {two[0].level, two[1].level};
    for (int i = 0; i < BLOCK; ++i) {
        V a = rows[0][i], b = rows[1][i], size_a = (V)((I)a & 0x7fffffff), size_b = (V)((I)b & 0x7fffffff);
        V peak = most(__builtin_shuffle(size_a, size_b, in_turn),
                      __builtin_shuffle(__builtin_shuffle(size_a, other), __builtin_shuffle(size_b, other), in_turn));
        V gain = compressed(&held, most(peak, everywhere(1e-9f)));
        sum[i] += a * (__builtin_shuffle(gain, even) * level[0]) + b * (__builtin_shuffle(gain, even + 1) * level[1]);
    }
    *reduction = held;
}

/* A feedback delay network of sixteen lines around a Hadamard matrix, each with a damping filter. */
static void run_tank(void)
{
    static T row[BLOCK];
    static const uint32_t frames[TANKS] = {1373, 1601, 1789, 1999, 2203, 2411, 2621, 2837,
                                           3049, 3253, 3469, 3677, 3881, 4093, 4297, 4507};
    TI across[4], minus[4];
    for (int stage = 0; stage < 4; ++stage)
        for (int l = 0; l < TANKS; ++l)
            across[stage][l] = l ^ (1 << stage), minus[stage][l] = l >> stage & 1 ? INT32_MIN : 0;
    for (int t = 0; t < TANKS; ++t)
        for (uint32_t i = 0; i < BLOCK; ++i)
            row[i][t] = tank[t][(tank_frame + i - frames[t]) & (TANK_FRAMES - 1)];
    for (int i = 0; i < BLOCK; ++i) {
        T x = row[i], in;
        damped += (x - damped) * 0.6f;
        x = damped * 0.9f * 0.25f;
        for (int stage = 0; stage < 4; ++stage)
            x = __builtin_shuffle(x, across[stage]) + (T)((TI)x ^ minus[stage]);
        for (int l = 0; l < TANKS; ++l)
            in[l] = l & 1 ? right[i] : left[i];
        left[i] = 0.8f * left[i] + 0.05f * (row[i][0] + row[i][2] - row[i][4] + row[i][6]);
        right[i] = 0.8f * right[i] + 0.05f * (row[i][1] + row[i][3] - row[i][5] + row[i][7]);
        row[i] = x + in * 0.25f;
    }
    for (int t = 0; t < TANKS; ++t)
        for (uint32_t i = 0; i < BLOCK; ++i)
            tank[t][(tank_frame + i) & (TANK_FRAMES - 1)] = row[i][t];
    tank_frame += BLOCK;
}

static void run_mixer(int count)
{
    (void)count;
    memset(mixed, 0, sizeof mixed);
    for (int p = 0; p < PACKS; p += 2)
        run_strips(&strips[p], &reductions[p / 2], mixed);
    static V only[BLOCK];
    I even;
    for (int l = 0; l < LANES; ++l)
        even[l] = -(l % 2 == 0);
    for (int i = 0; i < BLOCK; ++i)
        only[i] = (V)((I)mixed[i] & even);
    sums_of_rows(left, only);
    for (int i = 0; i < BLOCK; ++i)
        only[i] = (V)((I)mixed[i] & ~even);
    sums_of_rows(right, only);
    run_tank();
}

static const Workload workloads[] = {{"W4", start_mixer, run_mixer, PLAYERS}};

int main(int argc, char **argv) { return measure_all(workloads, sizeof workloads / sizeof *workloads, argc, argv); }
