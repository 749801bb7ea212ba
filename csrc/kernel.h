/* What a node file includes, after naming itself and its ports:
 *
 *     #define NODE gain
 *     #define INS P(IN, "in")              enumerators IN, ... and the port names, in order
 *     #define OUTS P(OUT, "out")
 *     #define PARAMS P(GAIN_DB, "gain_db")
 *     #define CHOICES P(MODE, "mode")      leave out what there is none of
 *     #include "kernel.h"
 *     typedef struct { Lanes level; } State;   words only: float, int32_t or uint32_t lanes
 *     GD_RT static void prepare(void *state, const GdBlock *b) { ... }
 *     GD_RT static void run(void *state, const GdBlock *b) { ... }
 *     KERNEL(.prepare = prepare, .flags = GD_STATELESS)
 *
 * The build compiles each file once for every width W and processor level LEVEL. A port name given twice is a
 * linked port: its first entry is channel 0, its second channel 1. */
#include "block.h"

#ifndef INS
#define INS
#endif
#ifndef OUTS
#define OUTS
#endif
#ifndef PARAMS
#define PARAMS
#endif
#ifndef CHOICES
#define CHOICES
#endif

#define P(symbol, name) symbol,
enum { INS IN_COUNT };
enum { OUTS OUT_COUNT };
enum { PARAMS PARAM_COUNT };
enum { CHOICES CHOICE_COUNT };
#undef P
#define P(symbol, name) name,
static const char *const in_names[] = {INS 0}, *const out_names[] = {OUTS 0};
static const char *const param_names[] = {PARAMS 0}, *const choice_names[] = {CHOICES 0};

#define GD_TEXT_(x) #x
#define GD_TEXT(x) GD_TEXT_(x)
#define GD_SYMBOL_(node, width, level) gd_kernel_##node##_w##width##_##level
#define GD_SYMBOL(node, width, level) GD_SYMBOL_(node, width, level)

/* True where a parameter moves within this slice. */
#define MOVES(b, parameter) ((b)->stride[parameter] != 0)

/* True where an input is known to be all zeros in this slice. */
#define SILENT(b, port) ((b)->in_silent && (b)->in_silent[port])

/* The public entry runs a full slice with a length the compiler knows, and any other length as it comes. */
#define KERNEL(...)                                                                                      \
    GD_RT static void run_slice(void *state, const GdBlock *b)                                           \
    {                                                                                                    \
        if (b->frames == GD_SLICE)                                                                       \
            run(state, b);                                                                               \
        else                                                                                             \
            run(state, b);                                                                               \
    }                                                                                                    \
    extern const GdKernel GD_SYMBOL(NODE, W, LEVEL);                                                     \
    const GdKernel GD_SYMBOL(NODE, W, LEVEL) = {                                                         \
        .name = GD_TEXT(NODE), .width = W, .state_rows = sizeof(State) / sizeof(Lanes),                  \
        .ins = IN_COUNT, .outs = OUT_COUNT, .params = PARAM_COUNT, .choices = CHOICE_COUNT,              \
        .in_names = in_names, .out_names = out_names, .param_names = param_names,                        \
        .choice_names = choice_names, .run = run_slice, __VA_ARGS__};
