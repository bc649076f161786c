/* The blocks that are live, and what is known of each. */
#ifndef WJ_LIVE_H
#define WJ_LIVE_H

#include <stddef.h>
#include <stdint.h>

/* Of which context a block is, how large, and whether it is a code object that has been
   given a name. All zero: nothing is known. */
struct wj_block {
    uint32_t context;
    uint32_t is_code;
    uint64_t size;
};

/* Remember every block, or the few that were sampled. 0, or -1 for want of memory. */
int wj_live_begin(int every);

#define WJ_FILTER (1u << 15)

/* How many sampled blocks there are by the hash of their address; 255 stays. */
extern uint8_t wj_live_filter[WJ_FILTER];

static inline uint32_t
wj_live_hash(uintptr_t address)
{
    return (uint32_t)((address >> 4) * 0x9E3779B97F4A7C15ull >> 40);
}

/* False where nothing is known of a block; only if blocks are sampled. */
static inline int
wj_live_is_sampled(const void *address)
{
    return __atomic_load_n(
               &wj_live_filter[wj_live_hash((uintptr_t)address) & (WJ_FILTER - 1)],
               __ATOMIC_RELAXED)
           != 0;
}

/* Remember a block, at an address of which nothing is known. 0, or -1 for want of
   memory or of room. */
int wj_live_add(const void *address, struct wj_block block);

/* Note that the block is a code object: what else is known of it stays. */
void wj_live_mark_code(const void *address);

/* Call ``visit`` with what is known of each block in [start, end). */
void wj_live_within(uintptr_t start, uintptr_t end,
                    void (*visit)(struct wj_block block, void *data), void *data);

/* Call ``visit`` with each block and what is known of it; only if every block is
   remembered. */
void wj_live_each(void (*visit)(uintptr_t address, struct wj_block block, void *data),
                  void *data);

/* Bytes in memory of what is remembered itself. */
uint64_t wj_live_resident(void);

/* Forget a block and return what was known. Before it is given back: then its address
   may be another thread's. */
struct wj_block wj_live_take(const void *address);

#endif
