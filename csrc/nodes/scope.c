/* scope: passes a stereo source on and keeps pictures of its wave, each begun by a trigger, for a panel to draw. */
#define NODE scope
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in") P(TRIGGER, "trigger")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS P(WINDOW_S, "window_s") P(LEVEL, "level") P(WAIT_S, "wait_s")
#define CHOICES P(EDGE, "edge") P(SOURCE, "source")
#include "kernel.h"
#include "dsp/publish.h"

/* Words of a lane's memory; see scope.py. A picture is the least and the most of each point, left then right. */
enum { NUMBER, FRAMES_A_POINT, HEAD = 16, POINTS = 256, PICTURE = POINTS * 4 };
enum { RISING, FALLING, FREE };
enum { LEFT, RIGHT, TRIGGERED };
enum { EDGES = 4 }; /* least left, most left, least right, most right */

typedef struct {
    Ints drawing;       /* 1 while a picture is drawn */
    Ints point, frame;  /* of the picture, and of the point */
    Ints waited;        /* frames since the last picture */
    Ints number;        /* of pictures so far */
    Lanes last;         /* what the trigger heard */
    Lanes edge[EDGES];  /* of the point so far */
} State;

INLINE float heard_by_trigger(const GdBlock *b, uint32_t i, uint32_t l)
{
    const uint32_t port = b->choice[SOURCE] == TRIGGERED ? TRIGGER : b->choice[SOURCE] == RIGHT ? RIGHT_IN : LEFT_IN;
    return LANE(b->in[port][i], l);
}

/* Whether a picture begins with this frame. */
INLINE bool starts(State *s, const GdBlock *b, uint32_t i, uint32_t l)
{
    const float now = heard_by_trigger(b, i, l), before = LANE(s->last, l);
    const float level = LANE(b->param[LEVEL][i * b->stride[LEVEL]], l);
    const float wait = LANE(b->param[WAIT_S][i * b->stride[WAIT_S]], l) * b->sample_rate_hz;
    const bool rose = before < level && now >= level, fell = before > level && now <= level;
    LANE(s->last, l) = now;
    if (b->choice[EDGE] == FREE || (float)LANE(s->waited, l) >= wait)
        return true;
    return b->choice[EDGE] == RISING ? rose : fell;
}

/* A point is complete: into the picture that is not shown. After the last one, that is shown from now on. */
INLINE void put(State *s, const GdBlock *b, uint32_t l, uint32_t frames)
{
    const uint32_t number = (uint32_t)LANE(s->number, l), place = (uint32_t)LANE(s->point, l);
    const uint32_t base = HEAD + ((number + 1) & 1) * PICTURE;
    for (uint32_t k = 0; k < EDGES; ++k)
        publish_one(b->memory[l], base + place * EDGES + k, LANE(s->edge[k], l));
    LANE(s->point, l) += 1;
    if (place + 1 < POINTS)
        return;
    LANE(s->drawing, l) = LANE(s->point, l) = LANE(s->waited, l) = 0;
    LANE(s->number, l) = (int32_t)((number + 1) & 0xffffff); /* exact as a float */
    publish_one(b->memory[l], FRAMES_A_POINT, (float)frames);
    publish_one(b->memory[l], NUMBER, (float)LANE(s->number, l));
}

INLINE void draw(State *s, const GdBlock *b, uint32_t i, uint32_t l)
{
    const float x[] = {LANE(b->in[LEFT_IN][i], l), LANE(b->in[RIGHT_IN][i], l)};
    const float window = LANE(b->param[WINDOW_S][i * b->stride[WINDOW_S]], l) * b->sample_rate_hz;
    const float wanted = window * (1.0f / POINTS);
    const int32_t frames = wanted < 1.0f ? 1 : (int32_t)wanted;
    for (uint32_t c = 0; c < 2; ++c) {
        const float now = x[c] > -1e6f && x[c] < 1e6f ? x[c] : 0.0f; /* also of what is not a number */
        const float least = LANE(s->edge[2 * c], l), most = LANE(s->edge[2 * c + 1], l);
        const bool first = LANE(s->frame, l) == 0;
        LANE(s->edge[2 * c], l) = first || now < least ? now : least;
        LANE(s->edge[2 * c + 1], l) = first || now > most ? now : most;
    }
    LANE(s->frame, l) += 1;
    if (LANE(s->frame, l) < frames)
        return;
    LANE(s->frame, l) = 0;
    put(s, b, l, (uint32_t)frames);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    for (uint32_t i = 0; i < b->frames; ++i) {
        b->out[LEFT_OUT][i] = b->in[LEFT_IN][i];
        b->out[RIGHT_OUT][i] = b->in[RIGHT_IN][i];
    }
    for (uint32_t l = 0; l < b->lanes; ++l)
        for (uint32_t i = 0; i < b->frames; ++i) {
            const bool start = starts(&s, b, i, l);
            if (!LANE(s.drawing, l) && start)
                LANE(s.drawing, l) = 1;
            else if (!LANE(s.drawing, l))
                LANE(s.waited, l) += LANE(s.waited, l) < 0x40000000;
            if (LANE(s.drawing, l))
                draw(&s, b, i, l);
        }
    *(State *)state = s;
}

KERNEL(.effort = 780, .flags = GD_SINK)
