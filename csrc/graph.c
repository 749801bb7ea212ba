/* The flat graph: types, nodes and wires. Control thread. */
#include "graph.h"
#include "ring.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gd_grow(void *array_pointer, uint32_t *room, uint32_t count, size_t item)
{
    if (count <= *room)
        return true;
    uint32_t more = *room ? *room * 2 : 64;
    if (more < count)
        more = count;
    void **array = array_pointer;
    void *grown = realloc(*array, more * item);
    if (!grown)
        return false;
    memset((char *)grown + *room * item, 0, (more - *room) * item);
    *array = grown;
    *room = more;
    return true;
}

static int32_t fail(GdGraph *graph, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(graph->error, sizeof graph->error, format, arguments);
    va_end(arguments);
    return -1;
}

const char *gd_graph_error(const GdGraph *graph) { return graph->error; }

/* --- types --- */

/* First place of `name` among a kernel's names, -1 if it is not there. */
static int8_t place(const char *const *names, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; ++i)
        if (!strcmp(names[i], name))
            return (int8_t)i;
    return -1;
}

static bool map_to_kernel(GdGraph *graph, GdType *type, const GdTypeSpec *spec, uint32_t part, const char *name)
{
    memset(type->in_port[part], -1, GD_MAX_PORTS);
    memset(type->out_port[part], -1, GD_MAX_PORTS);
    memset(type->param[part], -1, GD_MAX_PARAMS);
    int32_t *index = part == 0 ? &type->kernel : &type->loop_kernel[part - 1];
    *index = name ? gd_kernel_index(name) : -1;
    if (!name)
        return true;
    if (*index < 0)
        return fail(graph, "node type %s needs the kernel '%s', which this build does not have", spec->name, name) == 0;
    const GdKernel *kernel = gd_kernel_table[*index].form[0][0];
    for (uint32_t i = 0; i < spec->in_count; ++i)
        type->in_port[part][i] = place(kernel->in_names, kernel->ins, spec->ins[i].name);
    for (uint32_t i = 0; i < spec->out_count; ++i)
        type->out_port[part][i] = place(kernel->out_names, kernel->outs, spec->outs[i].name);
    for (uint32_t i = 0; i < spec->param_count; ++i)
        type->param[part][i] = place(kernel->param_names, kernel->params, spec->params[i].name);
    return true;
}

static int32_t add_type(GdGraph *graph, const GdTypeSpec *spec)
{
    if (spec->in_count > GD_MAX_PORTS || spec->out_count > GD_MAX_PORTS || spec->param_count > GD_MAX_PARAMS)
        return fail(graph, "node type %s has more ports or parameters than a node can have", spec->name);
    if (graph->type_count == GD_MAX_TYPES)
        return fail(graph, "too many node types: %d at most", GD_MAX_TYPES);
    GdType *type = &graph->types[graph->type_count];
    snprintf(type->name, sizeof type->name, "%s", spec->name);
    type->ins = spec->in_count, type->outs = spec->out_count, type->params = spec->param_count;
    type->always_loop = spec->always_loop;
    for (uint32_t i = 0; i < spec->in_count; ++i)
        type->in_channels[i] = (uint8_t)spec->ins[i].channels, type->linked |= spec->ins[i].channels > 0;
    for (uint32_t i = 0; i < spec->out_count; ++i)
        type->out_channels[i] = (uint8_t)spec->outs[i].channels, type->linked |= spec->outs[i].channels > 0;
    for (uint32_t i = 0; i < spec->param_count; ++i)
        type->lo[i] = spec->params[i].lo, type->hi[i] = spec->params[i].hi, type->ramp_s[i] = spec->params[i].ramp_s;
    if (!map_to_kernel(graph, type, spec, 0, spec->kernel) || !map_to_kernel(graph, type, spec, 1, spec->loop_read)
        || !map_to_kernel(graph, type, spec, 2, spec->loop_write))
        return -1;
    const GdKernel *write = type->loop_kernel[1] < 0 ? NULL : gd_kernel_table[type->loop_kernel[1]].form[0][0];
    type->wet_port = write ? place(write->in_names, write->ins, "wet") : -1;
    return (int32_t)graph->type_count++;
}

int32_t gd_graph_type(GdGraph *graph, const GdTypeSpec *spec) { return add_type(graph, spec); }

/* --- life and death of slots --- */

static int32_t take_slot(void *items, uint32_t *count, uint32_t *room, size_t size, int32_t *free_stack, uint32_t *free_count)
{
    if (*free_count)
        return free_stack[--*free_count];
    return gd_grow(items, room, *count + 1, size) ? (int32_t)(*count)++ : -1;
}

static void release_spots_and_memory(GdNode *node)
{
    gd_node_free_memory(node);
    free(node->values);
    for (uint32_t part = 0; part < GD_PARTS; ++part)
        free(node->spots[part]);
}

static void free_node(GdGraph *graph, int32_t index)
{
    release_spots_and_memory(&graph->nodes[index]);
    memset(&graph->nodes[index], 0, sizeof(GdNode));
    if (gd_grow(&graph->free_nodes, &graph->free_node_room, graph->free_node_count + 1, sizeof(int32_t)))
        graph->free_nodes[graph->free_node_count++] = index;
}

static void free_wire(GdGraph *graph, int32_t index)
{
    if (graph->wires[index].align >= 0)
        free_node(graph, graph->wires[index].align);
    free(graph->wires[index].cable);
    memset(&graph->wires[index], 0, sizeof(GdWire));
    if (gd_grow(&graph->free_wires, &graph->free_wire_room, graph->free_wire_count + 1, sizeof(int32_t)))
        graph->free_wires[graph->free_wire_count++] = index;
}

/* Room to note that everything came and went between two fades: taken when something comes, so that nothing fails to go. */
static bool reserve_nodes(GdGraph *graph)
{
    return gd_grow(&graph->changed_nodes, &graph->changed_node_room, 2 * graph->node_count, sizeof(int32_t));
}

static bool reserve_wires(GdGraph *graph)
{
    return gd_grow(&graph->changed_wires, &graph->changed_wire_room, 2 * graph->wire_count, sizeof(int32_t));
}

static void note_node(GdGraph *graph, int32_t index)
{
    ++graph->epoch;
    graph->changed_nodes[graph->changed_node_count++] = index;
}

static void note_wire(GdGraph *graph, int32_t index)
{
    ++graph->epoch;
    graph->changed_wires[graph->changed_wire_count++] = index;
}

static void forget_node(GdGraph *graph, int32_t index)
{
    for (uint32_t i = 0; i < graph->changed_node_count; ++i)
        if (graph->changed_nodes[i] == index)
            graph->changed_nodes[i--] = graph->changed_nodes[--graph->changed_node_count];
}

static void forget_wire(GdGraph *graph, int32_t index)
{
    for (uint32_t i = 0; i < graph->changed_wire_count; ++i)
        if (graph->changed_wires[i] == index)
            graph->changed_wires[i--] = graph->changed_wires[--graph->changed_wire_count];
    if (graph->wires[index].align >= 0)
        forget_node(graph, graph->wires[index].align);
}

static uint8_t after_commit(uint8_t life) { return life == GD_ENTERING ? GD_STEADY : life == GD_LEAVING ? GD_GONE : life; }

void gd_graph_committed(GdGraph *graph)
{
    for (uint32_t i = 0; i < graph->changed_node_count; ++i)
        graph->nodes[graph->changed_nodes[i]].life = after_commit(graph->nodes[graph->changed_nodes[i]].life);
    for (uint32_t i = 0; i < graph->changed_wire_count; ++i)
        graph->wires[graph->changed_wires[i]].life = after_commit(graph->wires[graph->changed_wires[i]].life);
}

void gd_graph_settle(GdGraph *graph)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < graph->changed_wire_count; ++i) {
        int32_t wire = graph->changed_wires[i];
        if (graph->wires[wire].life == GD_GONE)
            free_wire(graph, wire);
        else if (graph->wires[wire].life == GD_ENTERING || graph->wires[wire].life == GD_LEAVING)
            graph->changed_wires[kept++] = wire;
    }
    graph->changed_wire_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < graph->changed_node_count; ++i) {
        int32_t node = graph->changed_nodes[i];
        if (graph->nodes[node].life == GD_GONE)
            free_node(graph, node);
        else if (graph->nodes[node].life == GD_ENTERING || graph->nodes[node].life == GD_LEAVING)
            graph->changed_nodes[kept++] = node;
    }
    graph->changed_node_count = kept;
}

void gd_graph_forget(GdGraph *graph)
{
    gd_graph_committed(graph);
    gd_graph_settle(graph);
    for (uint32_t i = 0; i < graph->wire_count; ++i) {
        if (graph->wires[i].life != GD_FREE && graph->wires[i].align >= 0) {
            forget_node(graph, graph->wires[i].align);
            free_node(graph, graph->wires[i].align);
            graph->wires[i].align = -1;
        }
        if (graph->wires[i].cable)
            memset(graph->wires[i].cable, 0, sizeof(GdCable));
    }
    for (uint32_t i = 0; i < graph->node_count; ++i) {
        graph->nodes[i].channels = 0;
        gd_node_forget_memory(&graph->nodes[i]);
    }
    ++graph->epoch;
}

/* --- nodes --- */

int32_t gd_graph_add(GdGraph *graph, int32_t type, uint64_t order, uint32_t seed, const uint8_t *choices,
                     uint32_t choice_count, const float *values)
{
    int32_t index = take_slot(&graph->nodes, &graph->node_count, &graph->node_room, sizeof(GdNode), graph->free_nodes,
                              &graph->free_node_count);
    if (index < 0)
        return fail(graph, "out of memory");
    GdNode *node = &graph->nodes[index];
    memset(node, 0, sizeof *node);
    node->type = (int16_t)type;
    node->order = order, node->seed = seed, node->min_channels = 1, node->voices = -1;
    if (graph->types[type].kernel >= 0)
        node->memory_frames = gd_kernel_table[graph->types[type].kernel].form[0][0]->work_floats;
    for (uint32_t i = 0; i < choice_count && i < GD_MAX_CHOICES; ++i)
        node->choice[i] = choices[i];
    uint32_t params = graph->types[type].params;
    node->values = malloc((params + 1) * sizeof(float));
    if (!node->values || !reserve_nodes(graph)) {
        free_node(graph, index);
        return fail(graph, "out of memory");
    }
    note_node(graph, index);
    if (params)
        memcpy(node->values, values, params * sizeof(float));
    node->life = GD_ENTERING;
    return index;
}

void gd_graph_remove(GdGraph *graph, int32_t index)
{
    GdNode *node = &graph->nodes[index];
    if (node->life == GD_ENTERING) {
        forget_node(graph, index);
        free_node(graph, index);
        ++graph->epoch;
    } else if (node->life == GD_STEADY) {
        note_node(graph, index);
        node->life = GD_LEAVING;
    }
}

void gd_graph_set(GdGraph *graph, int32_t node, uint32_t param, float value) { graph->nodes[node].values[param] = value; }

void gd_graph_channels(GdGraph *graph, int32_t node, uint32_t channels)
{
    graph->nodes[node].min_channels = (uint8_t)(channels < GD_MAX_CHANNELS ? channels : GD_MAX_CHANNELS);
    ++graph->epoch;
}

void gd_graph_latency(GdGraph *graph, int32_t node, uint32_t frames)
{
    graph->nodes[node].latency = frames;
    ++graph->epoch;
}

void gd_graph_voice(GdGraph *graph, int32_t node, int32_t voices, uint32_t voice)
{
    graph->nodes[node].voices = voices;
    graph->nodes[node].voice = (uint16_t)voice;
    ++graph->epoch;
}

bool gd_graph_data(GdGraph *graph, int32_t index, const void *bytes, uint32_t size, GdMedia *const *media,
                   uint32_t media_count)
{
    GdNode *node = &graph->nodes[index];
    if (!node->box && !(node->box = calloc(GD_MAX_CHANNELS, sizeof *node->box)))
        return false;
    GdValue *value = gd_value_new(bytes, size, media, media_count);
    if (!value)
        return false;
    gd_value_release(node->value);
    node->value = value;
    for (uint32_t lane = 0; lane < node->memory_lanes; ++lane)
        gd_box_put(&node->box[lane], value);
    return true;
}

void gd_graph_sweep(GdGraph *graph)
{
    for (uint32_t i = 0; i < graph->node_count; ++i)
        for (uint32_t lane = 0; graph->nodes[i].box && lane < graph->nodes[i].memory_lanes; ++lane)
            gd_box_sweep(&graph->nodes[i].box[lane]);
}

void gd_graph_ring(GdGraph *graph, int32_t index, GdEventRing *ring)
{
    atomic_fetch_add(&ring->users, 1);
    graph->nodes[index].ring = ring;
}

/* --- wires --- */

int32_t gd_graph_wire(GdGraph *graph, int32_t source, uint32_t source_port, int32_t target, uint32_t target_port,
                      float depth, uint64_t order)
{
    int32_t index = take_slot(&graph->wires, &graph->wire_count, &graph->wire_room, sizeof(GdWire), graph->free_wires,
                              &graph->free_wire_count);
    if (index < 0)
        return fail(graph, "out of memory");
    graph->wires[index] = (GdWire){.source = source, .source_port = (uint16_t)source_port, .target = target,
                                   .target_port = (uint16_t)target_port, .depth = depth, .order = order, .align = -1};
    if (!reserve_wires(graph)) {
        free_wire(graph, index);
        return fail(graph, "out of memory");
    }
    note_wire(graph, index);
    graph->wires[index].life = GD_ENTERING;
    return index;
}

void gd_graph_unwire(GdGraph *graph, int32_t index)
{
    GdWire *wire = &graph->wires[index];
    if (wire->life == GD_ENTERING) {
        forget_wire(graph, index);
        free_wire(graph, index);
        ++graph->epoch;
    } else if (wire->life == GD_STEADY) {
        note_wire(graph, index);
        wire->life = GD_LEAVING;
    }
}

int32_t gd_graph_device(GdGraph *graph) { return graph->device; }

int32_t gd_graph_add_align(GdGraph *graph, uint64_t order)
{
    float no_delay = 0.0f;
    int32_t index = gd_graph_add(graph, graph->align_type, order, 0, NULL, 0, &no_delay);
    if (index >= 0) /* it lives and dies with its wire */
        graph->nodes[index].life = GD_STEADY;
    return index;
}

/* --- making and freeing --- */

static const GdPortSpec one_in = {"in", 0}, one_out = {"out", 0};
static const GdParamSpec align_param = {"delay_frames", 0.0f, 1e6f, 0.0f};

GdGraph *gd_graph_new(float sample_rate_hz)
{
    GdGraph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return NULL;
    graph->sample_rate_hz = sample_rate_hz;
    graph->types = calloc(GD_MAX_TYPES, sizeof *graph->types);
    if (!graph->types) {
        free(graph);
        return NULL;
    }
    GdTypeSpec device = {.name = "device", .ins = &one_in, .in_count = 1};
    GdTypeSpec align = {.name = "align", .kernel = "align", .ins = &one_in, .outs = &one_out, .params = &align_param,
                        .in_count = 1, .out_count = 1, .param_count = 1};
    int32_t device_type = add_type(graph, &device);
    graph->align_type = gd_kernel_index("align") < 0 ? -1 : add_type(graph, &align);
    graph->device = device_type < 0 ? -1 : gd_graph_add(graph, device_type, 0, 0, NULL, 0, NULL);
    if (graph->device < 0) {
        gd_graph_free(graph);
        return NULL;
    }
    return graph;
}

void gd_graph_free(GdGraph *graph)
{
    for (uint32_t i = 0; i < graph->node_count; ++i)
        release_spots_and_memory(&graph->nodes[i]);
    for (uint32_t i = 0; i < graph->wire_count; ++i)
        free(graph->wires[i].cable);
    free(graph->types);
    free(graph->nodes);
    free(graph->wires);
    free(graph->free_nodes);
    free(graph->free_wires);
    free(graph->changed_nodes);
    free(graph->changed_wires);
    free(graph);
}
