/* The settings of kernels that are never replaced while notes are on: their choices come by their box, as numbers in the order
 * of the declaration (graphdaw/nodes/prepare/settings.py), and not as choices of a plan. Audio thread. */
#ifndef GD_DSP_SETTINGS_H
#define GD_DSP_SETTINGS_H

#include "../box.h"
#include "../block.h"

/* What lies in the node's box; null before anything does, and where it has no memory. */
GD_RT static inline const void *settings_of(const GdBlock *b)
{
    return b->memory[0] ? gd_box_look(b->memory[0]->box) : 0;
}

#endif
