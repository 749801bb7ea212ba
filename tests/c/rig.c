/* A graph under test and its random edits: see rig.h. */
#include "rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node_types.h"

uint32_t rig_random(Rig *rig, uint32_t below)
{
    rig->random ^= rig->random << 13, rig->random ^= rig->random >> 17, rig->random ^= rig->random << 5;
    return below ? rig->random % below : 0;
}

static float random_unit(Rig *rig) { return (float)rig_random(rig, 1 << 20) / (float)(1 << 20); }

uint32_t rig_type(const char *name)
{
    uint32_t type = 0;
    while (type < RIG_TYPES && strcmp(rig_types[type].spec.name, name))
        ++type;
    if (type == RIG_TYPES)
        abort();
    return type;
}

const RigType *rig_kind(uint32_t type) { return &rig_types[type]; }

bool rig_open(Rig *rig, uint32_t seed, uint32_t threads)
{
    *rig = (Rig){.random = seed * 2654435761u + 1};
    if (!(rig->graph = gd_graph_new(RIG_RATE_HZ)))
        return false;
    for (uint32_t t = 0; t < RIG_TYPES; ++t)
        if ((rig->type_id[t] = gd_graph_type(rig->graph, &rig_types[t].spec)) < 0)
            return false;
    int32_t output = rig_add(rig, rig_type("output"));
    if (output < 0 || gd_graph_wire(rig->graph, rig->nodes[output].index, 0, gd_graph_device(rig->graph), 0, 1.0f, 0) < 0)
        return false;
    rig->nodes[output].fixed = true;
    rig->nodes[output].rank = UINT32_MAX;
    return (rig->engine = gd_engine_new(rig->graph, threads)) != NULL;
}

void rig_close(Rig *rig)
{
    if (rig->engine)
        gd_engine_free(rig->engine);
    if (rig->graph)
        gd_graph_free(rig->graph);
}

/* Values that keep loops and long chains far from infinity. */
static float random_value(Rig *rig, const GdParamSpec *param)
{
    float lo = param->lo, hi = param->hi;
    size_t length = strlen(param->name);
    if (length > 3 && !strcmp(param->name + length - 3, "_db"))
        lo = -40.0f, hi = -6.0f;
    else if (!strcmp(param->name, "level"))
        lo = -0.5f, hi = 0.5f;
    return lo + (hi - lo) * random_unit(rig);
}

static bool fill(Rig *rig, const RigType *type, int32_t index)
{
    if (type->data && !gd_graph_data(rig->graph, index, type->data, type->data_bytes, NULL, 0))
        return false;
    if (type->streamed) {
        if (!gd_graph_stream(rig->graph, index, 2, RIG_RING))
            return false;
    } else if (type->media) {
        GdMedia *media = gd_media_new(type->media, type->planes, type->frames, type->rate_hz, type->loop_start,
                                      type->loop_end);
        if (!media)
            return false;
        bool lent = gd_graph_media(rig->graph, index, media, type->memory_frames);
        gd_media_release(media);
        if (!lent)
            return false;
    } else {
        return true;
    }
    gd_graph_channels(rig->graph, index, type->streamed ? 2 : type->planes ? type->planes : 1);
    return true;
}

/* The first choice is at random where it is negative. */
static int32_t add(Rig *rig, uint32_t type, int32_t choice)
{
    const RigType *kind = &rig_types[type];
    uint8_t choices[4] = {0};
    float values[64];
    for (uint32_t i = 0; i < 4; ++i)
        choices[i] = (uint8_t)rig_random(rig, kind->choices[i]);
    if (choice >= 0)
        choices[0] = (uint8_t)choice;
    memcpy(values, kind->defaults, kind->spec.param_count * sizeof(float));
    for (uint32_t i = 0; i < kind->spec.param_count; ++i)
        if (type != rig_type("output") && rig_random(rig, 2))
            values[i] = random_value(rig, &kind->spec.params[i]);
    uint32_t rank = rig->next_rank++;
    int32_t index = gd_graph_add(rig->graph, rig->type_id[type], rank, rig_random(rig, 1 << 30), choices, 4, values);
    if (index < 0)
        return -1;
    if (kind->memory_frames && !kind->media)
        gd_graph_memory(rig->graph, index, kind->memory_frames);
    if (!fill(rig, kind, index)) {
        gd_graph_remove(rig->graph, index);
        return -1;
    }
    rig->nodes[rig->node_count] = (RigNode){.index = index, .type = type, .rank = rank};
    return (int32_t)rig->node_count++;
}

int32_t rig_add(Rig *rig, uint32_t type) { return add(rig, type, -1); }

void rig_unwire(Rig *rig, uint32_t place)
{
    gd_graph_unwire(rig->graph, rig->wires[place].index);
    rig->wires[place] = rig->wires[--rig->wire_count];
}

void rig_remove(Rig *rig, uint32_t place)
{
    for (uint32_t w = 0; w < rig->wire_count;)
        if (rig->wires[w].source == place || rig->wires[w].target == place)
            rig_unwire(rig, w);
        else
            ++w;
    gd_graph_remove(rig->graph, rig->nodes[place].index);
    uint32_t last = --rig->node_count;
    rig->nodes[place] = rig->nodes[last];
    for (uint32_t w = 0; w < rig->wire_count; ++w) {
        if (rig->wires[w].source == last)
            rig->wires[w].source = place;
        if (rig->wires[w].target == last)
            rig->wires[w].target = place;
    }
}

bool rig_wire(Rig *rig, uint32_t source, uint32_t source_port, uint32_t target, uint32_t target_port, float depth)
{
    int32_t index = gd_graph_wire(rig->graph, rig->nodes[source].index, source_port, rig->nodes[target].index, target_port,
                                  depth, rig->next_rank++);
    if (index < 0)
        return false;
    rig->wires[rig->wire_count++] = (RigWire){.index = index, .source = source, .target = target};
    return true;
}

static bool can_close_loop(const Rig *rig, uint32_t place) { return rig_types[rig->nodes[place].type].spec.loop_read; }

static bool is_event(uint32_t ports, uint32_t port) { return port < 32 && ports >> port & 1u; }

static bool wire_at_random(Rig *rig)
{
    if (rig->wire_count + 1 >= RIG_WIRES)
        return true;
    uint32_t source = rig_random(rig, rig->node_count), target = rig_random(rig, rig->node_count);
    const GdTypeSpec *from = &rig_types[rig->nodes[source].type].spec, *to = &rig_types[rig->nodes[target].type].spec;
    bool ahead = rig->nodes[source].rank < rig->nodes[target].rank;
    uint32_t ports = to->in_count + to->param_count;
    if (!from->out_count || !ports || (!ahead && !(can_close_loop(rig, target) && to->in_count)))
        return true;
    uint32_t port = rig_random(rig, ahead && !rig_random(rig, 4) ? ports : to->in_count ? to->in_count : ports);
    uint32_t outlet = rig_random(rig, from->out_count);
    if (is_event(rig_types[rig->nodes[source].type].event_outs, outlet) != is_event(rig_types[rig->nodes[target].type].event_ins, port))
        return true;
    return rig_wire(rig, source, outlet, target, port, port < to->in_count ? 1.0f : 0.1f);
}

bool rig_chains(Rig *rig, uint32_t chains, uint32_t length)
{
    for (uint32_t c = 0; c < chains; ++c) {
        int32_t before = rig_add(rig, rig_type(c % 2 ? "saw" : "noise"));
        if (before < 0)
            return false;
        rig->nodes[before].fixed = true;
        for (uint32_t k = 0; k < length; ++k) {
            int32_t filter = add(rig, rig_type("filter"), (int32_t)c % 6);
            if (filter < 0)
                return false;
            rig->nodes[filter].fixed = true;
            if (!rig_wire(rig, (uint32_t)before, 0, (uint32_t)filter, 0, 1.0f))
                return false;
            before = filter;
        }
        int32_t gain = rig_add(rig, rig_type("gain"));
        if (gain < 0 || !rig_wire(rig, (uint32_t)before, 0, (uint32_t)gain, 0, 1.0f)
            || !rig_wire(rig, (uint32_t)gain, 0, 0, 0, 1.0f))
            return false;
        rig->nodes[gain].fixed = true;
    }
    return true;
}

bool rig_sum(Rig *rig, uint32_t count)
{
    for (uint32_t k = 0; k < count; ++k) {
        int32_t sine = rig_add(rig, rig_type("sine"));
        if (sine < 0 || !rig_wire(rig, (uint32_t)sine, 0, 0, 0, 1.0f))
            return false;
        rig->nodes[sine].fixed = k % 8 != 0;
    }
    return true;
}

static void set_at_random(Rig *rig)
{
    const RigNode *node = &rig->nodes[rig_random(rig, rig->node_count)];
    const GdTypeSpec *spec = &rig_types[node->type].spec;
    if (!spec->param_count || node->rank == UINT32_MAX)
        return;
    uint32_t param = rig_random(rig, spec->param_count);
    gd_engine_set(rig->engine, node->index, param, random_value(rig, &spec->params[param]));
}

static bool add_at_random(Rig *rig)
{
    uint32_t type = rig_random(rig, RIG_TYPES);
    if (type == rig_type("output"))
        return true;
    int32_t place = rig_add(rig, type);
    if (place < 0)
        return false;
    bool fine = true;
    for (uint32_t k = 0; k < 3; ++k)
        fine &= wire_at_random(rig);
    if (rig_random(rig, 3) == 0 && rig_types[type].spec.out_count && !is_event(rig_types[type].event_outs, 0))
        fine &= rig_wire(rig, (uint32_t)place, 0, 0, 0, 1.0f);
    return fine;
}

void rig_edit(Rig *rig, uint32_t nodes)
{
    float words[3];
    uint32_t place = rig_random(rig, rig->node_count), roll = rig_random(rig, 100);
    bool fine = true, room = rig->node_count < RIG_NODES - 8 && rig->wire_count < RIG_WIRES - 8;
    ++rig->edits;
    if (roll < (rig->node_count < nodes ? 40u : 15u) && room)
        fine = add_at_random(rig);
    else if (roll < 45 && !rig->nodes[place].fixed)
        rig_remove(rig, place);
    else if (roll < 65)
        fine = wire_at_random(rig);
    else if (roll < 75 && rig->wire_count)
        rig_unwire(rig, rig_random(rig, rig->wire_count));
    else if (roll < 80 && rig->nodes[place].type == rig_type("gain"))
        gd_graph_latency(rig->graph, rig->nodes[place].index, rig_random(rig, 300));
    else if (roll < 83 && rig->nodes[place].type == rig_type("meter"))
        gd_graph_peek(rig->graph, rig->nodes[place].index, 0, words, 3);
    else if (roll < 85 && rig_types[rig->nodes[place].type].data)
        fine = fill(rig, &rig_types[rig->nodes[place].type], rig->nodes[place].index);
    else
        set_at_random(rig);
    rig->failed |= !fine;
}

int rig_commit(Rig *rig)
{
    int status = gd_engine_commit(rig->engine);
    rig->worst_status = status > GD_BUSY ? status : rig->worst_status;
    return status;
}

void rig_feed(Rig *rig)
{
    float planes[2 * 512];
    for (uint32_t n = 0; n < rig->node_count; ++n) {
        if (!rig_types[rig->nodes[n].type].streamed)
            continue;
        while (gd_stream_room(rig->graph, rig->nodes[n].index) >= 512) {
            for (uint32_t i = 0; i < 1024; ++i)
                planes[i] = 0.2f * sinf((float)i * 0.0245436926f);
            gd_stream_write(rig->graph, rig->nodes[n].index, planes, 512);
        }
    }
}

bool rig_play(Rig *rig, uint32_t frames, uint32_t block, uint64_t *hash, float *last)
{
    static _Thread_local float planes[4][4096];
    float *out[2] = {planes[0], planes[1]};
    const float *in[2] = {planes[2], planes[3]};
    bool finite = true;
    for (uint32_t done = 0; done < frames;) {
        uint32_t count = frames - done < block ? frames - done : block;
        gd_engine_process(rig->engine, in, 2, out, 2, count);
        for (uint32_t i = 0; i < count; ++i)
            for (uint32_t c = 0; c < 2; ++c) {
                uint32_t bits;
                memcpy(&bits, &out[c][i], sizeof bits);
                finite &= isfinite(out[c][i]);
                if (hash)
                    *hash = (*hash ^ bits) * 1099511628211u;
                if (last)
                    last[2 * (done + i) + c] = out[c][i];
            }
        done += count;
    }
    return finite;
}
