/* An arena: memory taken piece by piece and freed at once. Control thread. */
#ifndef GD_ARENA_H
#define GD_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attrs.h"

typedef struct GdArena {
    char *chunks[40];
    size_t chunk_bytes[40], used; /* used: of the last chunk */
    uint32_t chunk_count;
} GdArena;

/* Zeroed, 64-byte aligned and so populated; null when out of memory. */
GD_CTL void *gd_arena_take(GdArena *arena, size_t count, size_t size);
GD_CTL size_t gd_arena_bytes(const GdArena *arena);
GD_CTL void gd_arena_free(GdArena *arena);

#endif
