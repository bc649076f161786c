/* What the program maps by itself, past all allocators.
 *
 * There are few, and each costs a system call: they are kept in a list under a lock,
 * from the start of the process on, and in the shared table while memory is watched.
 */
#define _GNU_SOURCE
#include "mappings.h"

#include <string.h>

#include "spin.h"

static struct wj_mapping early[WJ_MAPPINGS]; /* before there is a table */
static uint32_t early_count;
static struct wj_mapping *mappings = early;
static uint32_t *count = &early_count;
static int (*is_interpreter)(const void *);
static uint32_t (*place_of)(const void *);
static wj_spin lock;

static void
describe(struct wj_mapping *mapping)
{
    const void *caller = (const void *)(uintptr_t)mapping->caller;
    if (place_of != NULL && mapping->context == 0) {
        mapping->context = place_of(caller);
    }
    if (is_interpreter != NULL && mapping->kind == WJ_MAPPED && is_interpreter(caller)
        && mapping->size == WJ_ARENA) {
        mapping->kind = WJ_MAPPED_ARENA;
    }
}

/* The lock is held. */
static void
put(struct wj_mapping mapping)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (mappings[i].size == 0) {
            mappings[i] = mapping;
            return;
        }
    }
    if (*count < WJ_MAPPINGS) {
        mappings[*count] = mapping;
        __atomic_store_n(count, *count + 1, __ATOMIC_RELEASE);
    }
}

/* Take [start, end) away; what of others lies around it stays. The lock is held. */
static void
cut(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < *count; i++) {
        struct wj_mapping *each = &mappings[i], rest = *each;
        uint64_t last = each->start + each->size;
        if (each->size == 0 || each->start >= end || last <= start) {
            continue;
        }
        each->size = each->start < start ? start - each->start : 0;
        if (last > end) {
            rest.start = end;
            rest.size = last - end;
            put(rest);
        }
    }
}

void
wj_mappings_add(const void *start, size_t size, const void *caller,
                enum wj_mapping_kind kind)
{
    struct wj_mapping mapping = {.start = (uint64_t)(uintptr_t)start,
                                 .size = size,
                                 .caller = (uint64_t)(uintptr_t)caller,
                                 .kind = kind};
    describe(&mapping); /* which takes locks of its own */
    wj_spin_lock(&lock);
    cut(mapping.start, mapping.start + size); /* it was mapped over */
    put(mapping);
    wj_spin_unlock(&lock);
}

void
wj_mappings_remove(const void *start, size_t size)
{
    uint64_t from = (uint64_t)(uintptr_t)start;
    wj_spin_lock(&lock);
    cut(from, from + size);
    wj_spin_unlock(&lock);
}

void
wj_mappings_begin(struct wj_table *table, int (*is_python)(const void *caller),
                  uint32_t (*context_of)(const void *caller))
{
    is_interpreter = is_python;
    wj_spin_lock(&lock);
    memcpy(table->mappings, early, early_count * sizeof early[0]);
    table->head->mappings = early_count;
    mappings = table->mappings;
    count = &table->head->mappings;
    for (uint32_t i = 0; i < *count; i++) {
        describe(&mappings[i]);
    }
    place_of = context_of; /* those before have none */
    wj_spin_unlock(&lock);
}

void
wj_mappings_end(void)
{
    wj_spin_lock(&lock);
    if (mappings != early) {
        early_count = *count;
        memcpy(early, mappings, early_count * sizeof early[0]);
        for (uint32_t i = 0; i < early_count; i++) {
            early[i].context = 0;
        }
    }
    mappings = early;
    count = &early_count;
    place_of = NULL;
    wj_spin_unlock(&lock);
}

void
wj_mappings_forked(void)
{
    lock = 0; /* whoever held it has gone */
    wj_mappings_end();
}
