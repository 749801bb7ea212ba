/* What the two files of the linker share. Control thread. */
#ifndef GD_LINK_H
#define GD_LINK_H

#include "../ir.h"

typedef struct GdLink {
    GdIr *ir;
    GdPlan *plan;
    float **buffers; /* [buffer] */
} GdLink;

/* --- link_choirs.c: the lanes of voices; false when out of memory --- */
GD_CTL bool gd_link_choirs(const GdIr *ir, GdPlan *plan);
/* --- link_steps.c --- */
/* Step `s` of the plan from step `s` of the intermediate form; false when out of memory. */
GD_CTL bool gd_link_step(GdLink *link, uint32_t s);

#endif
