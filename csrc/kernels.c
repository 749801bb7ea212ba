/* Finding the compiled form of a kernel for this processor. Control thread. */
#include "kernels.h"

#include <string.h>

#include "graphdaw.h"

static int32_t level_in_use = -1;

static bool processor_has(const char *level)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (!strcmp(level, "v3"))
        return v3;
    if (!strcmp(level, "v4"))
        return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               && __builtin_cpu_supports("avx512cd");
#endif
    return !strcmp(level, "base");
}

static int32_t level(void)
{
    if (level_in_use < 0)
        for (uint32_t i = 0; i < gd_cpu_level_count; ++i)
            if (processor_has(gd_cpu_levels[i]))
                level_in_use = (int32_t)i;
    return level_in_use;
}

uint32_t gd_kernel_count(void) { return gd_kernel_table_size; }
const char *gd_kernel_name(uint32_t index) { return index < gd_kernel_table_size ? gd_kernel_table[index].name : NULL; }
const char *gd_cpu_level(void) { return gd_cpu_levels[level()]; }

bool gd_cpu_use_level(const char *name)
{
    for (uint32_t i = 0; i < gd_cpu_level_count; ++i)
        if (!strcmp(gd_cpu_levels[i], name) && processor_has(name)) {
            level_in_use = (int32_t)i;
            return true;
        }
    return false;
}

int32_t gd_kernel_index(const char *name)
{
    for (uint32_t i = 0; i < gd_kernel_table_size; ++i)
        if (!strcmp(gd_kernel_table[i].name, name))
            return (int32_t)i;
    return -1;
}

uint32_t gd_widest_pack(void) { return gd_widest_packs[level()]; }

static uint32_t width_index(uint32_t lanes) { return lanes <= 1 ? 0 : lanes <= 4 ? 1 : lanes <= 8 ? 2 : 3; }

const GdKernel *gd_kernel_form(uint32_t index, uint32_t lanes)
{
    return gd_kernel_table[index].form[level()][width_index(lanes)];
}

const GdSteps *gd_steps(uint32_t width) { return gd_steps_table[level()][width_index(width)]; }
