/* The core as Python loads it, with an allocator that can be told to refuse: the core's own allocations pass through here
 * (ld --wrap), Python's do not. Control thread. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define PUBLIC __attribute__((visibility("default")))

static uint64_t allocations, refuse_at;
static bool and_later;

/* Refuse the `at`th allocation from now on, and all later ones; 0: none. Returns how many there were since last asked. */
PUBLIC uint64_t starve(uint64_t at, bool later)
{
    uint64_t counted = allocations;
    allocations = 0, refuse_at = at, and_later = later;
    return counted;
}

static bool refused(void)
{
    ++allocations;
    return refuse_at && (allocations == refuse_at || (and_later && allocations > refuse_at));
}

void *__real_malloc(size_t bytes), *__real_calloc(size_t count, size_t size), *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes), *__wrap_calloc(size_t count, size_t size), *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes) { return refused() ? NULL : __real_malloc(bytes); }
void *__wrap_calloc(size_t count, size_t size) { return refused() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *memory, size_t bytes) { return refused() ? NULL : __real_realloc(memory, bytes); }
void *__wrap_aligned_alloc(size_t alignment, size_t bytes) { return refused() ? NULL : __real_aligned_alloc(alignment, bytes); }
