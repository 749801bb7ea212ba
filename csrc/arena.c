/* An arena: each new chunk is twice as large as the last. Control thread. */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK = 1 << 16, LINE = 64 };

void *gd_arena_take(GdArena *arena, size_t count, size_t size)
{
    size_t bytes = (count * size + LINE - 1) / LINE * LINE;
    if (!arena->chunk_count || arena->used + bytes > arena->chunk_bytes[arena->chunk_count - 1]) {
        size_t room = arena->chunk_count ? arena->chunk_bytes[arena->chunk_count - 1] * 2 : FIRST_CHUNK;
        while (room < bytes)
            room *= 2;
        if (arena->chunk_count == sizeof arena->chunks / sizeof *arena->chunks)
            return NULL;
        char *chunk = aligned_alloc(LINE, room);
        if (!chunk)
            return NULL;
        arena->chunks[arena->chunk_count] = chunk;
        arena->chunk_bytes[arena->chunk_count++] = room;
        arena->used = 0;
    }
    void *memory = arena->chunks[arena->chunk_count - 1] + arena->used;
    arena->used += bytes;
    return memset(memory, 0, bytes);
}

size_t gd_arena_bytes(const GdArena *arena)
{
    size_t bytes = arena->used;
    for (uint32_t i = 0; i + 1 < arena->chunk_count; ++i)
        bytes += arena->chunk_bytes[i];
    return bytes;
}

void gd_arena_free(GdArena *arena)
{
    for (uint32_t i = 0; i < arena->chunk_count; ++i)
        free(arena->chunks[i]);
    arena->chunk_count = 0;
    arena->used = 0;
}
