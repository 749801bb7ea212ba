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

#endif
