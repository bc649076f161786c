/* A map from addresses to pointers: open addressing, and removal by moving back. */
#include "pointers.h"

#include <stdint.h>
#include <stdlib.h>

enum { SMALLEST = 256 };

static size_t
home(const struct wj_pointers *map, const void *key)
{
    uint64_t hash = (uint64_t)(uintptr_t)key * 0x9E3779B97F4A7C15u;
    return (size_t)(hash >> 20) & (map->size - 1);
}

static size_t
place(const struct wj_pointers *map, const void *key)
{
    size_t at = home(map, key);
    while (map->pairs[at].key != NULL && map->pairs[at].key != key) {
        at = (at + 1) & (map->size - 1);
    }
    return at;
}

static int
grow(struct wj_pointers *map)
{
    struct wj_pointers larger = {.size = map->size ? 2 * map->size : SMALLEST};
    larger.pairs = calloc(larger.size, sizeof *larger.pairs);
    if (larger.pairs == NULL) {
        return -1;
    }
    for (size_t i = 0; i < map->size; i++) {
        if (map->pairs[i].key != NULL) {
            larger.pairs[place(&larger, map->pairs[i].key)] = map->pairs[i];
        }
    }
    larger.count = map->count;
    free(map->pairs);
    *map = larger;
    return 0;
}

void **
wj_pointers_at(struct wj_pointers *map, const void *key)
{
    if (key == NULL || (2 * map->count >= map->size && grow(map) != 0)) {
        return NULL;
    }
    struct wj_pair *pair = &map->pairs[place(map, key)];
    if (pair->key == NULL) {
        pair->key = key;
        pair->value = NULL;
        map->count++;
    }
    return &pair->value;
}

void **
wj_pointers_find(const struct wj_pointers *map, const void *key)
{
    if (map->size == 0 || key == NULL) {
        return NULL;
    }
    struct wj_pair *pair = &map->pairs[place(map, key)];
    return pair->key == NULL ? NULL : &pair->value;
}

void *
wj_pointers_remove(struct wj_pointers *map, const void *key)
{
    if (wj_pointers_find(map, key) == NULL) {
        return NULL;
    }
    size_t hole = place(map, key);
    void *value = map->pairs[hole].value;
    size_t mask = map->size - 1;
    for (size_t next = (hole + 1) & mask; map->pairs[next].key != NULL;
         next = (next + 1) & mask) {
        size_t wanted = home(map, map->pairs[next].key);
        if (((next - wanted) & mask) >= ((next - hole) & mask)) {
            map->pairs[hole] = map->pairs[next];
            hole = next;
        }
    }
    map->pairs[hole].key = NULL;
    map->count--;
    return value;
}
