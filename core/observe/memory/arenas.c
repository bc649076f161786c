/* What Python's arenas are used for, and who keeps them.
 *
 * An arena is cut into pools, each of blocks of one size, and is given back to the
 * system only when all of its pools are empty. So a few live blocks may keep a whole
 * one: what is free in it is charged to them, in proportion to their sizes.
 */
#include "arenas.h"

#include "compat.h"
#include "live.h"

/* Add up one pool. False for what cannot be one. */
static int
account_pool(const struct wj_pool *pool, struct wj_mapping *arena)
{
    if (pool->blocks == 0) {
        arena->unused += WJ_POOL_SIZE;
        return 1;
    }
    uint64_t size = ((uint64_t)pool->size_class + 1) * WJ_POOL_GRAIN;
    uint64_t room = (WJ_POOL_SIZE - sizeof *pool) / size;
    if (pool->size_class >= WJ_POOL_CLASSES || pool->blocks > room) {
        return 0;
    }
    arena->used += pool->blocks * size;
    arena->available += (room - pool->blocks) * size;
    return 1;
}

/* False where the mapping is no arena after all. */
static int
account_arena(struct wj_mapping *arena)
{
    const uint64_t mask = WJ_POOL_SIZE - 1;
    uint64_t pool = (arena->start + mask) & ~mask, end = arena->start + arena->size;
    arena->used = arena->available = arena->unused = 0;
    for (; pool + WJ_POOL_SIZE <= end; pool += WJ_POOL_SIZE) {
        if (!account_pool((const struct wj_pool *)(uintptr_t)pool, arena)) {
            arena->used = arena->available = arena->unused = 0;
            return 0;
        }
    }
    return 1;
}

struct charge {
    struct wj_context *contexts;
    double rate; /* free bytes for each live one */
    uint64_t live;
};

static void
add_up(struct wj_block block, void *data)
{
    ((struct charge *)data)->live += block.size;
}

static void
charge(struct wj_block block, void *data)
{
    const struct charge *all = data;
    all->contexts[block.context].keeping += (int64_t)((double)block.size * all->rate);
}

void
wj_arenas_account(struct wj_table *table)
{
    for (uint32_t i = 0; i < table->head->mappings; i++) {
        struct wj_mapping *arena = &table->mappings[i];
        struct charge all = {table->contexts, 0, 0};
        if (arena->size == 0 || arena->kind != WJ_MAPPED_ARENA
            || !account_arena(arena)) {
            continue;
        }
        wj_live_within(arena->start, arena->start + arena->size, add_up, &all);
        arena->known = all.live;
        if (all.live != 0) {
            all.rate = (double)(arena->available + arena->unused) / (double)all.live;
            wj_live_within(arena->start, arena->start + arena->size, charge, &all);
        }
    }
}
