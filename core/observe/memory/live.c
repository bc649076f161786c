/* The blocks that are live.
 *
 * Where every block counts, a shadow of the address space has a word for each 16 bytes:
 * no lock, because a block has one owner at a time, and as near together as the blocks
 * themselves. Where blocks are sampled there are few, and nearly all that are given
 * back are not among them: a filter of counts says so without looking further.
 */
#define _GNU_SOURCE
#include "live.h"

#include <string.h>
#include <sys/mman.h>

#include "resident.h"
#include "spin.h"

static int all; /* every block counts */

static void *
map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* ---- the shadow ----------------------------------------------------------------- */

#define ADDRESS_BITS 47
#define PART_BITS 20 /* of the address space, for which a piece of shadow is mapped */
#define GRAIN_BITS 4
#define SPAN_BITS 34 /* for whose pieces there is a list */
#define SPANS (1u << (ADDRESS_BITS - SPAN_BITS))
#define PARTS (1u << (SPAN_BITS - PART_BITS))
#define GRAINS (1u << (PART_BITS - GRAIN_BITS))

/* A word: 31 bits of size, a bit that says pages instead of bytes, 31 bits of context,
   a bit for code. */
#define SIZE_BITS 31
#define IN_PAGES (1ull << SIZE_BITS)
#define CONTEXT_SHIFT 32
#define CONTEXT_BITS 31
#define IS_CODE (1ull << 63)
#define PAGE_BITS 12

/* A piece of shadow, behind whose words lies the address of the one made before. */
#define PIECE ((GRAINS + 1) * sizeof(uint64_t))

static uint64_t *
    *spans[SPANS]; /* Owned, like the pieces: for the life of the process */
static uint64_t *newest;

static uint64_t
packed(struct wj_block block)
{
    uint64_t size = block.size < IN_PAGES
                        ? block.size
                        : IN_PAGES | ((block.size >> PAGE_BITS) & (IN_PAGES - 1));
    return size | (uint64_t)block.context << CONTEXT_SHIFT
           | (block.is_code ? IS_CODE : 0);
}

static struct wj_block
unpacked(uint64_t word)
{
    uint64_t size = word & (IN_PAGES - 1);
    struct wj_block block = {
        (uint32_t)(word >> CONTEXT_SHIFT) & ((1u << CONTEXT_BITS) - 1),
        (word & IS_CODE) != 0,
        word & IN_PAGES ? size << PAGE_BITS : size,
    };
    return block;
}

/* What lies at a place, mapped if nothing does and it is to be made. ``*is_new`` tells.
 */
static void *
at_place(void **place, size_t size, int make, int *is_new)
{
    void *there = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    *is_new = 0;
    if (there != NULL || !make) {
        return there;
    }
    void *made = map(size);
    if (made == NULL) {
        return NULL;
    }
    if (!__atomic_compare_exchange_n(place, &there, made, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        munmap(made, size); /* another thread was faster */
        return there;
    }
    *is_new = 1;
    return made;
}

/* Forget what an earlier tracking left behind. */
static void
clear_shadow(void)
{
    for (uint64_t *piece = newest; piece != NULL;) {
        uint64_t *before = (uint64_t *)(uintptr_t)piece[GRAINS];
        madvise(piece, PIECE, MADV_DONTNEED);
        piece[GRAINS] = (uintptr_t)before;
        piece = before;
    }
}

/* The word of an address; NULL where there is none and none is to be made. */
static uint64_t *
word_of(const void *address, int make)
{
    uintptr_t at = (uintptr_t)address;
    if (at >> ADDRESS_BITS) {
        return NULL;
    }
    int is_new;
    uint64_t **span =
        at_place((void **)&spans[at >> SPAN_BITS], PARTS * sizeof *span, make, &is_new);
    if (span == NULL) {
        return NULL;
    }
    uint64_t *piece =
        at_place((void **)&span[(at >> PART_BITS) & (PARTS - 1)], PIECE, make, &is_new);
    if (piece == NULL) {
        return NULL;
    }
    if (is_new) {
        piece[GRAINS] =
            (uintptr_t)__atomic_exchange_n(&newest, piece, __ATOMIC_ACQ_REL);
    }
    return &piece[(at >> GRAIN_BITS) & (GRAINS - 1)];
}

/* ---- the sampled ones ----------------------------------------------------------- */

#define ROOM (1u << 17)

struct entry {
    uintptr_t address; /* 0 for none */
    struct wj_block block;
};

uint8_t wj_live_filter[WJ_FILTER];
static struct entry *entries; /* open addressing; never more than half full */
static uint32_t count;
static wj_spin lock;

static struct entry *
find(uintptr_t address)
{
    for (uint32_t i = wj_live_hash(address);; i++) {
        struct entry *entry = &entries[i & (ROOM - 1)];
        if (entry->address == 0 || entry->address == address) {
            return entry;
        }
    }
}

/* Close the gap, so that whoever looks for an entry behind it still finds it. */
static void
remove_entry(struct entry *gap)
{
    uint32_t at = (uint32_t)(gap - entries);
    for (uint32_t i = at + 1;; i++) {
        struct entry *next = &entries[i & (ROOM - 1)];
        if (next->address == 0) {
            break;
        }
        uint32_t home = wj_live_hash(next->address) & (ROOM - 1);
        if (((i - home) & (ROOM - 1)) >= ((i - at) & (ROOM - 1))) {
            entries[at & (ROOM - 1)] = *next;
            at = i;
        }
    }
    entries[at & (ROOM - 1)].address = 0;
    count--;
}

static uint8_t *
filtered(uintptr_t address)
{
    return &wj_live_filter[wj_live_hash(address) & (WJ_FILTER - 1)];
}

/* The entry of an address, made where there was none; NULL where there is no room. */
static struct entry *
entry_for(uintptr_t address)
{
    static const struct wj_block nothing;
    struct entry *entry = find(address);
    if (entry->address == 0) {
        if (count >= ROOM / 2) {
            return NULL;
        }
        entry->address = address;
        entry->block = nothing;
        count++;
        uint8_t *counter = filtered(address);
        __atomic_store_n(counter, *counter == 255 ? 255 : *counter + 1,
                         __ATOMIC_RELAXED);
    }
    return entry;
}

static struct wj_block
take_sampled(uintptr_t address)
{
    struct wj_block block = {0, 0, 0};
    wj_spin_lock(&lock);
    struct entry *entry = find(address);
    if (entry->address != 0) {
        block = entry->block;
        remove_entry(entry);
        uint8_t *counter = filtered(address);
        __atomic_store_n(counter, *counter == 255 ? 255 : *counter - 1,
                         __ATOMIC_RELAXED);
    }
    wj_spin_unlock(&lock);
    return block;
}

/* ---- either --------------------------------------------------------------------- */

int
wj_live_begin(int every)
{
    all = every;
    if (all) {
        clear_shadow();
        return 0;
    }
    memset(wj_live_filter, 0, WJ_FILTER);
    if (entries == NULL) {
        entries = map(ROOM * sizeof *entries);
        return entries == NULL ? -1 : 0;
    }
    madvise(entries, ROOM * sizeof *entries, MADV_DONTNEED);
    count = 0;
    lock = 0;
    return 0;
}

int
wj_live_add(const void *address, struct wj_block block)
{
    if (all) {
        uint64_t *word = word_of(address, 1);
        if (word != NULL) {
            __atomic_store_n(word, packed(block), __ATOMIC_RELAXED);
        }
        return word == NULL ? -1 : 0;
    }
    wj_spin_lock(&lock);
    struct entry *entry = entry_for((uintptr_t)address);
    if (entry != NULL) {
        entry->block = block;
    }
    wj_spin_unlock(&lock);
    return entry == NULL ? -1 : 0;
}

void
wj_live_mark_code(const void *address)
{
    if (all) {
        uint64_t *word = word_of(address, 1);
        if (word != NULL) {
            __atomic_fetch_or(word, IS_CODE, __ATOMIC_RELAXED);
        }
        return;
    }
    wj_spin_lock(&lock);
    struct entry *entry = entry_for((uintptr_t)address);
    if (entry != NULL) {
        entry->block.is_code = 1;
    }
    wj_spin_unlock(&lock);
}

struct wj_block
wj_live_take(const void *address)
{
    static const struct wj_block nothing;
    if (!all) {
        return wj_live_is_sampled(address) ? take_sampled((uintptr_t)address) : nothing;
    }
    uint64_t *word = word_of(address, 0);
    uint64_t found = word == NULL ? 0 : __atomic_load_n(word, __ATOMIC_RELAXED);
    if (found == 0) {
        return nothing;
    }
    __atomic_store_n(word, 0, __ATOMIC_RELAXED);
    return unpacked(found);
}

static void
visit_shadow(uintptr_t start, uintptr_t end,
             void (*visit)(struct wj_block block, void *data), void *data)
{
    const uintptr_t grain = 1u << GRAIN_BITS;
    for (uintptr_t at = start & ~(grain - 1); at < end; at += grain) {
        const uint64_t *word = word_of((const void *)at, 0);
        uint64_t found = word == NULL ? 0 : __atomic_load_n(word, __ATOMIC_RELAXED);
        if (found != 0) {
            visit(unpacked(found), data);
        }
    }
}

void
wj_live_within(uintptr_t start, uintptr_t end,
               void (*visit)(struct wj_block block, void *data), void *data)
{
    if (all) {
        visit_shadow(start, end, visit, data);
        return;
    }
    wj_spin_lock(&lock);
    for (uint32_t i = 0; i < ROOM; i++) {
        if (entries[i].address >= start && entries[i].address < end) {
            visit(entries[i].block, data);
        }
    }
    wj_spin_unlock(&lock);
}

typedef void (*visitor)(uintptr_t address, struct wj_block block, void *data);

static void
visit_piece(uintptr_t start, const uint64_t *piece, visitor visit, void *data)
{
    for (uintptr_t i = 0; i < GRAINS; i++) {
        uint64_t found = __atomic_load_n(&piece[i], __ATOMIC_RELAXED);
        if (found != 0) {
            visit(start + (i << GRAIN_BITS), unpacked(found), data);
        }
    }
}

void
wj_live_each(visitor visit, void *data)
{
    for (uintptr_t i = 0; all && i < SPANS; i++) {
        uint64_t **span = __atomic_load_n(&spans[i], __ATOMIC_ACQUIRE);
        for (uintptr_t j = 0; span != NULL && j < PARTS; j++) {
            const uint64_t *piece = __atomic_load_n(&span[j], __ATOMIC_ACQUIRE);
            if (piece != NULL) {
                visit_piece(i << SPAN_BITS | j << PART_BITS, piece, visit, data);
            }
        }
    }
}

uint64_t
wj_live_resident(void)
{
    uint64_t found =
        entries == NULL ? 0 : wj_resident((uintptr_t)entries, ROOM * sizeof *entries);
    for (const uint64_t *piece = newest; piece != NULL;
         piece = (const uint64_t *)(uintptr_t)piece[GRAINS]) {
        found += wj_resident((uintptr_t)piece, PIECE);
    }
    for (size_t i = 0; i < SPANS; i++) {
        found += spans[i] == NULL
                     ? 0
                     : wj_resident((uintptr_t)spans[i], PARTS * sizeof *spans[i]);
    }
    return found;
}
