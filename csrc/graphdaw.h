/* The public interface of the core: the only header the Python binding reads. Threads stand in brackets. */
#ifndef GRAPHDAW_H
#define GRAPHDAW_H
#ifndef GD_CFFI
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* --- kernels --- */
uint32_t gd_kernel_count(void);                        /* [any] node kernels built in */
const char *gd_kernel_name(uint32_t index);            /* [any] */
const char *gd_cpu_level(void);                        /* [any] "base", "v3" or "v4": the level in use */
bool gd_cpu_use_level(const char *level);              /* [control] choose a level the processor has; false if it has not */

/* --- the flat graph: what is to sound, without groups --- */
typedef struct GdGraph GdGraph;

/* One inlet or outlet as the user sees it: `channels` 0 repeats the kernel for every channel that is wired in. */
typedef struct GdPortSpec {
    const char *name;
    uint32_t channels;
} GdPortSpec;

typedef struct GdParamSpec {
    const char *name;
    float lo, hi;
    float ramp_s;          /* how long a set value takes to be reached */
} GdParamSpec;

typedef struct GdTypeSpec {
    const char *name;
    const char *kernel;                    /* null: the node has only loop halves */
    const char *loop_read, *loop_write;    /* null: cannot close a cycle */
    bool always_loop;
    const GdPortSpec *ins, *outs;
    const GdParamSpec *params;
    uint32_t in_count, out_count, param_count;
} GdTypeSpec;

GdGraph *gd_graph_new(float sample_rate_hz);                              /* [control] */
void gd_graph_free(GdGraph *graph);                                       /* [control] after the engine that uses it */
int32_t gd_graph_type(GdGraph *graph, const GdTypeSpec *spec);            /* [control] id of a new type; -1: no such kernel or port */
const char *gd_graph_error(const GdGraph *graph);                         /* [control] what the last failed call here was about */

/* [control] A new node, -1 when out of memory. `order` is its place in the document; `values` holds every parameter. */
int32_t gd_graph_add(GdGraph *graph, int32_t type, uint64_t order, uint32_t seed, const uint8_t *choices,
                     uint32_t choice_count, const float *values);
void gd_graph_remove(GdGraph *graph, int32_t node);                       /* [control] its wires must be gone already */
void gd_graph_set(GdGraph *graph, int32_t node, uint32_t param, float value); /* [control] for plans made from now on */
void gd_graph_channels(GdGraph *graph, int32_t node, uint32_t channels);  /* [control] at least this many */
void gd_graph_latency(GdGraph *graph, int32_t node, uint32_t frames);     /* [control] own delay, to be compensated */
void gd_graph_memory(GdGraph *graph, int32_t node, uint32_t frames);      /* [control] per lane, zeroed when a lane is made */
/* [control] A recording or what was made from one, one plane after the other; copied, and kept while somebody uses it, at
 * first the caller. Null when out of memory. */
typedef struct GdMedia GdMedia;
GdMedia *gd_media_new(const float *planes, uint32_t count, uint32_t frames, float rate_hz, uint32_t loop_start,
                      uint32_t loop_end);
void gd_media_release(GdMedia *media);                                    /* [control] the caller uses it no more */
uint32_t gd_media_users(const GdMedia *media);                            /* [control] nodes, and the caller */
/* [control] Let a new node's lanes read it, plane by plane and then from the first again, and let each write
 * `work_frames` of its own. False when out of memory. */
bool gd_graph_media(GdGraph *graph, int32_t node, GdMedia *media, uint32_t work_frames);
/* [control] A recording read from disk as it plays: makes rings of `frames` (a power of two) a channel. */
bool gd_graph_stream(GdGraph *graph, int32_t node, uint32_t channels, uint32_t frames);
/* [disk, while no control call is under way] Frames that fit into the node's rings now, 0 where it has none; and put some
 * there, planes of `frames` each. */
uint32_t gd_stream_room(GdGraph *graph, int32_t node);
void gd_stream_write(GdGraph *graph, int32_t node, const float *planes, uint32_t frames);
void gd_stream_end(GdGraph *graph, int32_t node);                         /* [disk] nothing more will come */
uint32_t gd_stream_underruns(GdGraph *graph, int32_t node);               /* [any] */
/* [control] A node that is recorded: every lane writes a ring of `frames` (a power of two), the first one also its gate. */
bool gd_graph_tape(GdGraph *graph, int32_t node, uint32_t frames);
/* --- events --- */
enum {
    GD_NOTE_ON = 1, GD_NOTE_OFF = 2, GD_BEND = 3, GD_PRESSURE = 4, GD_TIMBRE = 5, GD_CC = 6, GD_PROGRAM = 7,
    GD_ALL_OFF = 8,             /* every note of a channel ends */
    GD_VOICE_START = 16, GD_VOICE_GLIDE = 17, GD_VOICE_STOP = 18, GD_VOICE_KILL = 19, /* from `voices` to its voices */
    GD_VOICE_BEND = 20, GD_VOICE_PRESSURE = 21, GD_VOICE_TIMBRE = 22,
    GD_ANY_CHANNEL = 255,
};
typedef struct GdEvent {
    uint16_t frame;             /* within its slice */
    uint8_t kind, channel;      /* channel: 0 to 15, or any */
    uint16_t number;            /* of a controller or program */
    uint16_t voice;
    uint32_t note;              /* which note, from its beginning to its end; 0: all of the channel */
    float key;                  /* 60 is middle C; to a voice: octaves above 1 Hz */
    float value;                /* velocity, pressure, timbre and controllers: 0 to 1; bend: semitones */
    float more;                 /* to a voice that starts: the pitch that it glides from */
} GdEvent;
typedef struct GdTimedEvent {
    uint64_t time;              /* absolute frame; what is late happens at once */
    GdEvent event;
} GdTimedEvent;
/* A ring of them between a node and one other thread at a time. */
typedef struct GdEventRing GdEventRing;
GdEventRing *gd_ring_new(void);                                           /* [control] null when out of memory */
void gd_ring_release(GdEventRing *ring);                                  /* [any] */
void gd_graph_ring(GdGraph *graph, int32_t node, GdEventRing *ring);      /* [control] a new node reads or writes it */
bool gd_ring_put(GdEventRing *ring, const GdTimedEvent *item);            /* [any, one at a time] false: full, and counted */
uint32_t gd_ring_take(GdEventRing *ring, GdTimedEvent *items, uint32_t count); /* [any, one at a time] how many there were */
uint32_t gd_ring_lost(GdEventRing *ring);                                 /* [any] */

/* [control] Give a node that plays a value of its kernel's form, in place of the one it has; false when out of memory. The
 * recordings that it names by number are used as long as anybody may read them. */
bool gd_graph_data(GdGraph *graph, int32_t node, const void *bytes, uint32_t size, GdMedia *const *media,
                   uint32_t media_count);
void gd_graph_sweep(GdGraph *graph);                                      /* [control] let go of values that are read no more */

/* Such values. A score, for the kernel `notes`: a header and that many items, by their beginnings. */
typedef struct GdScore {
    uint32_t count, serial;     /* serial: another one for each that a node is given */
    double loop_ticks;          /* over and over from the start of the piece; 0: once */
    double longest_ticks;       /* of its notes */
    uint32_t chases, unused;    /* chases: what began before the place where playing begins is taken up there */
} GdScore;
typedef struct GdScoreItem {
    double at, end;             /* ticks */
    float key, value, release, probability;
    uint32_t note;              /* which of its notes; 0: a change for the whole channel */
    uint16_t number;
    uint8_t kind, channel;      /* GD_NOTE_ON, or a change */
} GdScoreItem;
/* A curve, for the kernel `automation`: that many points, ascending. */
enum { GD_LINE = 0, GD_HOLD = 1, GD_CURVE = 2, GD_SMOOTH = 3 };
typedef struct GdCurve {
    uint32_t count, unused;
} GdCurve;
typedef struct GdCurvePoint {
    double at;                  /* ticks */
    float value, curve;
    uint32_t shape, unused;
} GdCurvePoint;
/* Pieces of recordings, for the kernel `audio_clips`: a header and that many pieces, by their beginnings. */
enum { GD_PIECE_REVERSED = 1, GD_PIECE_COPIES = 2 };
typedef struct GdPieces {
    uint32_t count, serial;     /* serial: another one for each that a node is given */
    double longest_ticks;       /* of them */
} GdPieces;
typedef struct GdPiece {
    double at, end;             /* ticks between which it sounds */
    double origin;              /* the tick where what it plays has its beginning, in or before it */
    double start_s;             /* the place in the recording that belongs there */
    double speed;               /* seconds of the recording a second */
    double clip_at, clip_end;   /* ticks: fades are those of the whole clip */
    float fade_in_s, fade_out_s, gain;
    uint32_t media;             /* which of the value's recordings, whose rate is the engine's */
    uint32_t flags, unused;     /* reversed: counted from its end; copies: in the form of dsp/media.h, for speeds above 1 */
} GdPiece;
/* What the kernel `voices` goes by. */
enum { GD_VOICES = 72, GD_KEYS = 128, GD_UNTUNED = -1000 };
enum { GD_POLY = 0, GD_MONO = 1, GD_LEGATO = 2 };
enum { GD_STEAL_OLDEST = 0, GD_STEAL_QUIETEST = 1, GD_STEAL_LOWEST = 2, GD_STEAL_HIGHEST = 3, GD_STEAL_NOBODY = 4 };
typedef struct GdVoicing {
    uint32_t voices, spares;    /* that may sound, and that let stolen ones fade */
    uint32_t mode, steal;
    float pitch[GD_KEYS];       /* octaves above 1 Hz, a key; GD_UNTUNED for one that plays nothing */
    uint8_t choke[GD_KEYS];     /* which group a key belongs to, of whose keys only one sounds at once; 0: none */
} GdVoicing;
/* [control] A node is voice `voice` of the node `voices`, whose kernel is `voices`: it begins anew with each note. */
void gd_graph_voice(GdGraph *graph, int32_t node, int32_t voices, uint32_t voice);

/* A tap: what flows into a node of the kernel `tap`, kept in rings of `frames` (a power of two) a channel. [control] Made for a
 * reader, and kept as long as that or a node has it. */
typedef struct GdTap GdTap;
typedef struct GdTapPlace {      /* what a reader has had; zeros at first */
    uint64_t next, missed;      /* the next absolute frame; frames that were written over before they were read */
    uint64_t first;             /* that the tap has heard, since it began */
    uint32_t begun;
} GdTapPlace;
GdTap *gd_tap_new(uint32_t frames);                                       /* [control] null when out of memory */
void gd_tap_release(GdTap *tap);                                          /* [any] */
void gd_graph_tap(GdGraph *graph, int32_t node, GdTap *tap);              /* [control] a new node writes it */
uint32_t gd_tap_channels(GdTap *tap);                                     /* [any] that it has heard so far */
uint64_t gd_tap_time(GdTap *tap);                                         /* [any] absolute frame up to which it has heard */
/* [any, one at a time] Up to `frames` frames that this reader has not had, planes of `frames` each; returns how many. It waits
 * for nobody, and a tap that has begun again goes on from there. */
uint32_t gd_tap_read(GdTap *tap, GdTapPlace *place, float *planes, uint32_t channels, uint32_t frames);
/* [any] The first `count` words of a lane's memory (a meter's readings); false where there is no such lane. */
bool gd_graph_peek(GdGraph *graph, int32_t node, uint32_t lane, float *words, uint32_t count);

/* [control] A wire from an outlet to an inlet, or to parameter `target_port - in_count` scaled by `depth`. */
int32_t gd_graph_wire(GdGraph *graph, int32_t source, uint32_t source_port, int32_t target, uint32_t target_port,
                      float depth, uint64_t order);
void gd_graph_unwire(GdGraph *graph, int32_t wire);                       /* [control] */
/* The node that stands for the device: wire what is to be heard into its only inlet. */
int32_t gd_graph_device(GdGraph *graph);                                  /* [control] */

/* --- the engine: runs plans made from one graph --- */
typedef struct GdEngine GdEngine;

enum { GD_OK = 0, GD_BUSY = 1, GD_NO_MEMORY = 2, GD_CYCLE = 3, GD_BAD_PLAN = 4, GD_TOO_LARGE = 5 };

GdEngine *gd_engine_new(GdGraph *graph, uint32_t threads);   /* [control] threads: 1 to 8, the audio thread included */
void gd_engine_free(GdEngine *engine);                       /* [control] when nothing calls process any more */
/* [control] Compile the graph as it is now and hand it to the audio thread; GD_BUSY while it still fades to the last one. */
int gd_engine_commit(GdEngine *engine);
bool gd_engine_settled(GdEngine *engine);                    /* [control] no plan waits and no fade is under way; frees the old */
bool gd_engine_set(GdEngine *engine, int32_t node, uint32_t param, float value); /* [control] smoothed; false: ring full */
/* [audio] Run `frames` frames: planes in and out, one pointer a channel. */
void gd_engine_process(GdEngine *engine, const float *const *in, uint32_t in_channels, float *const *out,
                       uint32_t out_channels, uint32_t frames);
/* [control, offline] Run `frames` frames in blocks of `block`, into planes one after the other; no input. */
void gd_engine_render(GdEngine *engine, float *planes, uint32_t channels, uint64_t frames, uint32_t block);
uint32_t gd_engine_channels(GdEngine *engine);               /* [control] channels wired into the device in the last plan */
uint64_t gd_engine_time(GdEngine *engine);                   /* [any] absolute frame: counts what was played, evenly */
/* [any] The transport: the next frame's place in the piece. */
uint64_t gd_engine_position(GdEngine *engine);
/* [control] The next commit goes out with the transport at that frame. The program that carries it begins there exactly: what
 * has been put into the graph for that place fades in as time goes on from it, and clocks jump. */
void gd_engine_locate(GdEngine *engine, uint64_t position);
/* The tempo map, bars and the loop: copied, and in force from the next cell on. A changed tempo leaves the transport at the
 * tick where it is. */
typedef struct GdTempoSpan {
    double tick, frame;         /* where it begins */
    double bpm, slope;          /* quarter notes a minute there, and how much more each tick */
} GdTempoSpan;
typedef struct GdBars {
    double tick, bar_ticks, beat_ticks;
} GdBars;
typedef struct GdTimelineSpec {
    const GdTempoSpan *spans;   /* the first at 0 */
    const GdBars *bars;         /* the first at 0 */
    uint32_t span_count, bar_count;
    uint64_t loop_start, loop_end; /* frames; equal: no loop */
} GdTimelineSpec;
bool gd_engine_timeline(GdEngine *engine, const GdTimelineSpec *spec);    /* [control] false when out of memory */
/* [control] Let the transport roll, after so many frames of counting in, or stand. It rolls at first. */
void gd_engine_roll(GdEngine *engine, bool rolling, uint64_t count_in_frames);
bool gd_engine_rolls(GdEngine *engine);                                   /* [any] as of the last slice */
/* [control, while nothing calls process] Forget all that has sounded: time is 0 again, what nodes remember is
 * as if they were new, and nothing is left of what is fading. The next commit begins at that position, without a fade. */
void gd_engine_restart(GdEngine *engine, uint64_t position);

/* Calls of the engine and whose fault late ones were. Percentiles are of the calls since the last reset, at most 1/8 too
 * long. */
typedef struct GdStats {
    uint64_t callbacks, frames;
    uint64_t over_budget;       /* OWN: calls whose own work took more than 80 % of their time */
    uint64_t host_late;         /* HOST: calls that came more than 1.5 periods after the one before, which was in budget */
    uint64_t driver_xruns;      /* DRIVER: calls that the driver said came after samples were lost */
    uint64_t foreign_misses;    /* FOREIGN: blocks that somebody else's work came too late for; none before bridges */
    uint64_t gaps;              /* calls more than 1.5 periods after the one before, whoever is to blame */
    uint64_t overlaps;          /* calls while another one was under way; never */
    uint64_t not_finite;        /* output samples that were not numbers and were silenced */
    uint64_t swaps, messages;
    double work_mean_s, work_p50_s, work_p99_s, work_p999_s, work_peak_s;
    double gap_p50_s, gap_p99_s, gap_p999_s, gap_peak_s; /* from start to start */
    double swap_peak_s, load;   /* load: work / time available */
} GdStats;
enum { GD_CALL_XRUN = 1 };      /* the driver says that samples were lost before this call */
/* [audio] Count a call that ran from `start_ns` to `end_ns` for `frames` frames; gd_engine_process does by itself. */
void gd_engine_account(GdEngine *engine, uint64_t start_ns, uint64_t end_ns, uint32_t frames, uint32_t flags);
/* What the audio thread has to tell, oldest first; when nobody listens the newest is dropped and counted. */
enum { GD_NEWS_SWAPPED = 1, GD_NEWS_SETTLED = 2, GD_NEWS_NOT_FINITE = 3, GD_NEWS_OVER_BUDGET = 4, GD_NEWS_LOCATED = 5,
       GD_NEWS_LOOPED = 6, GD_NEWS_ROLLING = 7, GD_NEWS_STANDING = 8 };
typedef struct GdNews {
    uint32_t kind;
    uint32_t count;             /* samples, for GD_NEWS_NOT_FINITE */
    uint64_t time;              /* absolute frame */
    uint64_t position;          /* of the transport */
} GdNews;
bool gd_engine_news(GdEngine *engine, GdNews *news);         /* [control] false: nothing new */
void gd_engine_stats(GdEngine *engine, GdStats *stats);      /* [any] */
void gd_engine_stats_reset(GdEngine *engine);                /* [control] peaks start again */
void gd_engine_profile(GdEngine *engine, bool on);           /* [control] time every step of every 16th cell */
bool gd_engine_node_cost(GdEngine *engine, int32_t node, double *mean_s, double *peak_s); /* [control] its share of a slice */

/* --- tapes: what a recorded node hears, written to disk by a thread of the tape's own, a file a take --- */
typedef struct GdTape GdTape;
enum { GD_LATE_UNKNOWN = -1 }; /* nothing is written before gd_tape_late has said it; the ring keeps it meanwhile */

typedef struct GdTapeSpec {
    const char *parts;          /* takes are written to PARTS-1.part.wav, PARTS-2.part.wav and so on */
    uint32_t bits;              /* 16, 24, or 32 for floating point */
    uint32_t preroll_frames;    /* a take begins so much before its gate opens, as far as the ring reaches */
    int32_t late_frames;        /* what is heard is so much later than the gate, and than the time it belongs to */
    uint64_t from;              /* absolute frame from which the gate counts */
} GdTapeSpec;

/* `error` is 0 where a take is complete, else the system's number of why the tape stopped. */
typedef struct GdTake {
    uint32_t number, channels;
    int32_t error;
    int32_t file;               /* open and locked until the caller closes it; -1: it could not be made */
    uint64_t start, opened;     /* absolute frames: of its first sample, and at which its gate opened */
    uint64_t frames, lost;      /* lost: that were written over before they could be read, and are silent */
    float peak;
} GdTake;

typedef struct GdTapeState {
    bool ended, writing, orphaned;                       /* orphaned: its node is gone */
    uint32_t ring_frames, held_frames, held_peak_frames; /* held: heard, and not yet on its way to disk */
    uint64_t start, frames, lost;                        /* of the take that is being written */
    float peak;
} GdTapeState;

/* [control] Record a node, one tape at a time; null when out of memory or threads. The engine outlives the tape's stop. */
GdTape *gd_tape_new(GdEngine *engine, int32_t node, const GdTapeSpec *spec);
void gd_tape_late(GdTape *tape, int32_t late_frames); /* [any] where it was unknown; afterwards it stays as it is */
void gd_tape_stop(GdTape *tape, uint64_t at);  /* [control] it ends at that absolute frame; what it lags behind is written */
bool gd_tape_next(GdTape *tape, GdTake *take); /* [any] wait for the next finished take; false: it has ended, that was all */
void gd_tape_catch_up(GdTape *tape, uint32_t held_frames); /* [any] wait until it holds no more: for time that runs at will */
void gd_tape_state(GdTape *tape, GdTapeState *state);      /* [any] */
void gd_tape_free(GdTape *tape);               /* [control] after its last take */
/* [any] Make a take that a crash left whole; 0 or an error number: EWOULDBLOCK while somebody writes it, EILSEQ: no take. */
int gd_tape_repair(const char *path, GdTake *take, uint32_t *sample_rate_hz, uint32_t *bits);

/* --- looking into the plan, for tests and for `graphdaw bench` --- */
typedef struct GdStepInfo {
    const char *name;           /* kernel, or mix, sum, modulate, device */
    uint32_t width, lanes, worker;
    int32_t nodes[16];          /* per lane */
    uint8_t channels[16];
} GdStepInfo;
typedef struct GdPlanInfo {
    uint32_t steps, packs, buffers, workers, lanes;
    uint64_t bytes, state_bytes;
    uint32_t latency_frames, slice_frames; /* slice_frames: the longest slice it runs in */
} GdPlanInfo;
bool gd_plan_info(GdEngine *engine, GdPlanInfo *info);                    /* [control] of the last plan */
bool gd_plan_step(GdEngine *engine, uint32_t index, GdStepInfo *info);    /* [control] */
uint32_t gd_plan_latency(GdEngine *engine, int32_t node);                 /* [control] at the node's outlets */

/* --- devices: what calls the engine --- */
typedef struct GdCaller GdCaller;
typedef struct GdCallerSpec {
    const uint32_t *ins, *outs;        /* the device's channel behind each channel of the graph */
    uint32_t in_count, out_count;      /* of them, the graph's channels; one channel out gets the mean of two */
    uint32_t device_ins, device_outs;  /* channels of the device */
    uint32_t block;                    /* frames that planes of its own hold; longer blocks are run in parts */
    uint32_t fade_frames;              /* how long it takes to open and to shut; 0: at once */
} GdCallerSpec;
typedef struct GdCallerFacts {
    uint64_t calls, xruns;             /* calls of the device, whether or not it was its turn */
    uint64_t frames;                   /* that the engine has run in them */
    uint64_t last_ns, now_ns;          /* when it was called last (0: never), and now */
    bool silent;                       /* shut, and all frames of the fade have been handed out */
    bool gone;                         /* the driver has said that it will call no more */
} GdCallerFacts;
GdCaller *gd_caller_new(GdEngine *engine, const GdCallerSpec *spec);      /* [control] null when out of memory; it is shut */
void gd_caller_free(GdCaller *caller);                                    /* [control] when its device calls no more */
/* [control] Let this caller run the engine from now on; no other may have its turn. */
void gd_caller_take(GdCaller *caller);
/* [control] End its turn, waiting up to `wait_s` for a call under way; false if that goes on. Afterwards the engine may be
 * freed, and a device that calls gets silence. */
bool gd_caller_leave(GdCaller *caller, double wait_s);
void gd_caller_open(GdCaller *caller, bool open);                         /* [control] fade in and run, or fade out and rest */
void gd_caller_facts(const GdCaller *caller, GdCallerFacts *facts);       /* [any] */
/* [control, while the device is open] The real-time priority of the thread that calls, raised to `wanted` where it has none
 * and that is allowed, and of the helpers just below it; 0: ordinary, -1: it has not called yet. */
int gd_caller_priority(GdCaller *caller, int wanted);
/* [audio] One call of the device: planes of all its channels, null for the caller's own. */
void gd_caller_run(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames, uint32_t flags);
float *gd_caller_plane(GdCaller *caller, bool input, uint32_t channel);   /* [control] its own, for one who steps by hand */

/* The null device: a timer thread that plays to nowhere. It begins as if it had been there since `since_ns` (0: now), and
 * so makes up for the time, up to two seconds. */
typedef struct GdNullDevice GdNullDevice;
GdNullDevice *gd_null_start(GdCaller *caller, uint32_t block, uint64_t since_ns); /* [control] null: no thread */
void gd_null_stop(GdNullDevice *device);                                  /* [control] joins it */

/* [audio] PortAudio's stream callback; `user` is a GdCaller. */
int gd_portaudio_callback(const void *in, void *out, unsigned long frames, const void *time, unsigned long flags, void *user);

/* A client of a JACK server, through libjack if that is installed. All of these may hang while the server does. */
typedef struct GdJack GdJack;
enum { GD_JACK_OK = 0, GD_JACK_NO_LIBRARY = 1, GD_JACK_NO_SERVER = 2, GD_JACK_REFUSED = 3 };
GdJack *gd_jack_open(const char *client, const char *server, int *status); /* [control] server null: the default one */
void gd_jack_close(GdJack *jack);                                         /* [control] */
uint32_t gd_jack_rate(GdJack *jack);                                      /* [control] Hz */
uint32_t gd_jack_block(GdJack *jack);                                     /* [control] frames */
bool gd_jack_set_block(GdJack *jack, uint32_t frames);                    /* [control] for all clients of the server */
/* [control] The names of ports of audio, one a line, to be freed with gd_jack_forget: those to play to or to hear. */
char *gd_jack_ports(GdJack *jack, bool to_play_to, bool physical);
void gd_jack_forget(char *names);                                         /* [control] */
/* [control] Make ports for every channel of the caller's device and start calling; only once. */
int gd_jack_start(GdJack *jack, GdCaller *caller);
bool gd_jack_connect(GdJack *jack, bool output, uint32_t channel, const char *port); /* [control] one of ours to that port */
uint32_t gd_jack_latency(GdJack *jack, bool output);                      /* [control] frames to or from the outside */

/* --- kernel probe --- */
typedef struct GdKernelFacts {
    uint32_t state_rows, flags; /* flags: GD_STATELESS and the others of block.h */
    uint32_t ins, outs, params, choices;
    const char *const *in_names, *const *out_names, *const *param_names, *const *choice_names;
} GdKernelFacts;

typedef struct GdProbeStream { /* copied into a real stream before the run, and back after it */
    uint64_t written, consumed, ends_at;
    uint32_t underruns;
} GdProbeStream;

typedef struct GdProbeMemory {
    float *data;           /* kept by the caller; the kernel may write it */
    uint32_t frames;
    float rate_hz;
    uint32_t loop_start, loop_end;
    GdProbeStream *stream; /* null where all of the recording is in `data` */
    float *work;           /* what the lane writes beside a recording that it reads; null for none */
    uint32_t work_frames;
} GdProbeMemory;

typedef struct GdProbe {
    const char *kernel;
    uint32_t width, lanes;       /* one pack: 1 to `width` lanes are in use */
    uint32_t frames;
    uint64_t time;               /* absolute frame of the first one */
    uint64_t position;           /* and its place in the piece */
    float sample_rate_hz;
    uint8_t choice[4];
    const float *const *in;      /* [port] -> [lane][frame]; null reads zeros */
    float *const *out;           /* [port] -> [lane][frame] */
    const float *const *param;   /* [parameter] -> [lane] or [lane][frame] */
    const uint8_t *moves;        /* [parameter]: 0 stands, 1 moves every frame, 2 changes once a cell of 128 frames */
    GdProbeMemory *const *memory; /* [lane]; null, or null entries, for none */
    const uint32_t *seed;        /* [lane]; null for zeros */
    const uint8_t *channel;      /* [lane]; null for zeros */
    const float *const *device_in; /* [channel of the device] -> [frame]; null for no device */
    uint32_t device_channels;
    const uint32_t *slices;      /* lengths to use, over and over; cut where they would cross a multiple of `grid` */
    uint32_t slice_count;        /* 0: as long as possible */
    uint32_t grid;               /* frames: 128, or 64 for the halves of a node that closes a loop */
    bool keep_state;             /* go on from `state` instead of resetting */
    void *state;                 /* 64-byte aligned, state_rows * width * 4 bytes; null: thrown away after the run */
    bool idle;                   /* set: the kernel has rung out */
} GdProbe;

enum { GD_PROBE_OK = 0, GD_PROBE_UNKNOWN = -1, GD_PROBE_BAD_SHAPE = -2, GD_PROBE_NO_MEMORY = -3 };
bool gd_kernel_facts(const char *kernel, GdKernelFacts *facts); /* [control] false for an unknown name */
int gd_kernel_probe(GdProbe *probe);                   /* [control] run one pack as an engine would */
double gd_kernel_time(GdProbe *probe, double seconds); /* [control] nanoseconds a lane and frame on the first slice's
                                                          input, over and over; negative: a GD_PROBE_ error */

#endif
