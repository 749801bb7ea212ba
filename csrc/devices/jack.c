/* A client of a JACK server through libjack, which is looked for when it is wanted: nothing of JACK is needed to build. The
 * process callback is on JACK's own real-time thread, what it says of itself on others; the rest is control.
 *
 * The declarations follow the JACK API (jack/jack.h, jack/types.h), which is the same in JACK 1, JACK 2 and PipeWire. */
#include "devices.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef struct JackClient JackClient;
typedef struct JackPort JackPort;
typedef struct JackRange {
    uint32_t min, max;
} JackRange;

enum { NO_START_SERVER = 1, SERVER_NAME = 4 };                  /* jack_options_t */
enum { IS_INPUT = 1, IS_OUTPUT = 2, IS_PHYSICAL = 4 };          /* JackPortFlags */
enum { CAPTURE_LATENCY = 0, PLAYBACK_LATENCY = 1 };             /* jack_latency_callback_mode_t */
#define AUDIO "32 bit float mono audio"

#define JACK_FUNCTIONS                                                                     \
    F(JackClient *, client_open, (const char *, unsigned, unsigned *, ...))                \
    F(int, client_close, (JackClient *))                                                   \
    F(int, activate, (JackClient *))                                                       \
    F(int, set_process_callback, (JackClient *, int (*)(uint32_t, void *), void *))        \
    F(int, set_xrun_callback, (JackClient *, int (*)(void *), void *))                     \
    F(void, on_shutdown, (JackClient *, void (*)(void *), void *))                         \
    F(JackPort *, port_register, (JackClient *, const char *, const char *, unsigned long, unsigned long)) \
    F(void *, port_get_buffer, (JackPort *, uint32_t))                                     \
    F(const char *, port_name, (const JackPort *))                                         \
    F(void, port_get_latency_range, (JackPort *, unsigned, JackRange *))                   \
    F(int, connect, (JackClient *, const char *, const char *))                            \
    F(const char **, get_ports, (JackClient *, const char *, const char *, unsigned long)) \
    F(void, free, (void *))                                                                \
    F(uint32_t, get_sample_rate, (JackClient *))                                           \
    F(uint32_t, get_buffer_size, (JackClient *))                                           \
    F(int, set_buffer_size, (JackClient *, uint32_t))                                      \
    F(void, set_error_function, (void (*)(const char *)))                                  \
    F(void, set_info_function, (void (*)(const char *)))

static struct {
    void *library;
#define F(result, name, arguments) result(*name) arguments;
    JACK_FUNCTIONS
#undef F
} jack;

struct GdJack {
    JackClient *client;
    GdCaller *caller;           /* set before it is activated */
    _Atomic uint32_t xruns;     /* JACK's notification thread */
    uint32_t xruns_before;      /* audio */
    JackPort *ins[GD_MAX_CHANNELS], *outs[GD_MAX_CHANNELS];
};

static void say_nothing(const char *message) { (void)message; }

/* The library stays for good: its threads may outlive a client that could not be closed. */
static bool load(void)
{
    if (jack.library)
        return true;
    void *library = dlopen("libjack.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
    bool whole = true;
#define F(result, name, arguments)                   \
    *(void **)&jack.name = dlsym(library, "jack_" #name); \
    whole = whole && jack.name;
    JACK_FUNCTIONS
#undef F
    if (!whole)
        return false;
    jack.set_error_function(say_nothing);
    jack.set_info_function(say_nothing);
    jack.library = library;
    return true;
}

GdJack *gd_jack_open(const char *client, const char *server, int *status)
{
    *status = GD_JACK_NO_LIBRARY;
    GdJack *made = load() ? calloc(1, sizeof *made) : NULL;
    if (!made)
        return NULL;
    unsigned why = 0;
    made->client = server ? jack.client_open(client, NO_START_SERVER | SERVER_NAME, &why, server)
                          : jack.client_open(client, NO_START_SERVER, &why);
    if (!made->client) {
        *status = GD_JACK_NO_SERVER;
        free(made);
        return NULL;
    }
    *status = GD_JACK_OK;
    return made;
}

void gd_jack_close(GdJack *made)
{
    jack.client_close(made->client);
    free(made);
}

uint32_t gd_jack_rate(GdJack *made) { return jack.get_sample_rate(made->client); }
uint32_t gd_jack_block(GdJack *made) { return jack.get_buffer_size(made->client); }
bool gd_jack_set_block(GdJack *made, uint32_t frames) { return jack.set_buffer_size(made->client, frames) == 0; }

char *gd_jack_ports(GdJack *made, bool to_play_to, bool physical)
{
    unsigned long flags = (to_play_to ? IS_INPUT : IS_OUTPUT) | (physical ? IS_PHYSICAL : 0);
    const char **names = jack.get_ports(made->client, NULL, AUDIO, flags);
    size_t length = 1;
    for (uint32_t k = 0; names && names[k]; ++k)
        length += strlen(names[k]) + 1;
    char *lines = malloc(length), *end = lines;
    for (uint32_t k = 0; lines && names && names[k]; ++k) {
        size_t size = strlen(names[k]);
        memcpy(end, names[k], size);
        end[size] = '\n';
        end += size + 1;
    }
    if (lines)
        *end = 0;
    if (names)
        jack.free(names);
    return lines;
}

void gd_jack_forget(char *names) { free(names); }

GD_RT static int process(uint32_t frames, void *argument)
{
    GdJack *made = argument;
    GdCaller *caller = made->caller;
    const float *in[GD_MAX_CHANNELS];
    float *out[GD_MAX_CHANNELS];
    for (uint32_t c = 0; c < caller->device_ins; ++c)
        in[c] = jack.port_get_buffer(made->ins[c], frames);
    for (uint32_t c = 0; c < caller->device_outs; ++c)
        out[c] = jack.port_get_buffer(made->outs[c], frames);
    uint32_t xruns = atomic_load_explicit(&made->xruns, memory_order_relaxed);
    uint32_t flags = xruns != made->xruns_before ? GD_CALL_XRUN : 0;
    made->xruns_before = xruns;
    gd_caller_run(caller, in, out, frames, flags);
    return 0;
}

static int note_xrun(void *argument)
{
    atomic_fetch_add(&((GdJack *)argument)->xruns, 1);
    return 0;
}

static void note_end(void *argument) { atomic_store(&((GdJack *)argument)->caller->gone, 1); }

static JackPort *make_port(GdJack *made, const char *stem, uint32_t number, unsigned long flags)
{
    char name[16] = {0};
    strcpy(name, stem);
    char *end = name + strlen(name);
    if (number >= 10)
        *end++ = (char)('0' + number / 10 % 10);
    *end = (char)('0' + number % 10);
    return jack.port_register(made->client, name, AUDIO, flags, 0);
}

int gd_jack_start(GdJack *made, GdCaller *caller)
{
    made->caller = caller;
    if (caller->device_ins > GD_MAX_CHANNELS || caller->device_outs > GD_MAX_CHANNELS)
        return GD_JACK_REFUSED;
    bool fine = jack.set_process_callback(made->client, process, made) == 0;
    fine = fine && jack.set_xrun_callback(made->client, note_xrun, made) == 0;
    jack.on_shutdown(made->client, note_end, made);
    for (uint32_t c = 0; fine && c < caller->device_ins; ++c)
        fine = (made->ins[c] = make_port(made, "in_", c + 1, IS_INPUT)) != NULL;
    for (uint32_t c = 0; fine && c < caller->device_outs; ++c)
        fine = (made->outs[c] = make_port(made, "out_", c + 1, IS_OUTPUT)) != NULL;
    return fine && jack.activate(made->client) == 0 ? GD_JACK_OK : GD_JACK_REFUSED;
}

bool gd_jack_connect(GdJack *made, bool output, uint32_t channel, const char *port)
{
    const char *own = jack.port_name(output ? made->outs[channel] : made->ins[channel]);
    return (output ? jack.connect(made->client, own, port) : jack.connect(made->client, port, own)) == 0;
}

uint32_t gd_jack_latency(GdJack *made, bool output)
{
    JackRange range = {0, 0};
    JackPort *port = output ? made->outs[0] : made->ins[0];
    if (port)
        jack.port_get_latency_range(port, output ? PLAYBACK_LATENCY : CAPTURE_LATENCY, &range);
    return range.max;
}
