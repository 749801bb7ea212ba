/* Memory that a lane writes, of a node whose `b->memory` is a recording or was made from one: that is shared by every lane
 * and node that plays the same, and only read. Audio thread. */
#ifndef GD_DSP_WORK_H
#define GD_DSP_WORK_H

#include "../block.h"

/* A node's table of memories holds what each of its channels reads, then, this many places on, what it writes. */
enum { GD_WORK = 64 };

/* Zeroed when the lane is made; `frames` is 0 where the node asked for none, and the pointer null where it has no memory. */
INLINE const GdMemory *work_of(const GdBlock *b, uint32_t l) { return b->memory[l] ? b->memory[l] + GD_WORK : 0; }

#endif
