/* What the graph tells the tape of one of its nodes. */
#ifndef GD_TAPE_H
#define GD_TAPE_H

#include "graph.h"

/* The node's rings: as many as it has lanes. They may become more, never fewer. */
GD_CTL void gd_tape_lend(GdTape *tape, const GdMemory *memory, uint32_t lanes);
/* The node is freed: its memory, and the stream that the tape knows, are the tape's now, which frees them in the end. */
GD_CTL void gd_tape_inherit(GdTape *tape, GdMemory *memory, uint32_t lanes);

#endif
