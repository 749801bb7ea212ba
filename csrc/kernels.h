/* Finding the compiled form of a kernel. Control thread chooses; the choice never changes what a plan already holds. */
#ifndef GD_KERNELS_H
#define GD_KERNELS_H
#include "block.h"
#include "steps.h"

enum { GD_WIDTHS = 4, GD_MAX_LEVELS = 3 };

typedef struct GdKernelForms {
    const char *name;
    const GdKernel *form[GD_MAX_LEVELS][GD_WIDTHS]; /* [processor level][width 1, 4, 8, 16]; null beyond the level's widest pack */
} GdKernelForms;

extern const GdKernelForms gd_kernel_table[]; /* generated at build time */
extern const uint32_t gd_kernel_table_size;
extern const GdSteps *const gd_steps_table[GD_MAX_LEVELS][GD_WIDTHS];
extern const char *const gd_cpu_levels[];
extern const uint32_t gd_cpu_level_count;
extern const uint32_t gd_widest_packs[]; /* [processor level] */

/* The widest pack that pays at the processor level in use: as wide as its registers. */
GD_CTL uint32_t gd_widest_pack(void);
/* The form of kernel `index` for `lanes` lanes, at the processor level in use; null for more than its widest pack. */
GD_CTL const GdKernel *gd_kernel_form(uint32_t index, uint32_t lanes);
/* Index of the kernel of that name, or -1. */
GD_CTL int32_t gd_kernel_index(const char *name);

#endif
