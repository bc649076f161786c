/* A map from pairs of integers to ids, and bytes that grow. Open addressing. */
#include "map.h"

#include <stdlib.h>
#include <string.h>

struct wj_map_entry {
    uint64_t a;
    uint64_t b;
    uint32_t id; /* plus one: 0 is an empty entry */
};

static size_t
hash(uint64_t a, uint64_t b)
{
    uint64_t mixed = (a ^ (b * 0x9E3779B97F4A7C15ull)) * 0xD6E8FEB86659FD93ull;
    return (size_t)(mixed ^ (mixed >> 32));
}

static struct wj_map_entry *
locate(const struct wj_map *map, uint64_t a, uint64_t b)
{
    for (size_t i = hash(a, b);; i++) {
        struct wj_map_entry *entry = &map->entries[i & (map->size - 1)];
        if (entry->id == 0 || (entry->a == a && entry->b == b)) {
            return entry;
        }
    }
}

static int
grow(struct wj_map *map)
{
    struct wj_map bigger = {NULL, map->size ? 2 * map->size : 256, map->count};
    bigger.entries = calloc(bigger.size, sizeof *bigger.entries);
    if (bigger.entries == NULL) {
        return -1;
    }
    for (size_t i = 0; i < map->size; i++) {
        const struct wj_map_entry *entry = &map->entries[i];
        if (entry->id != 0) {
            *locate(&bigger, entry->a, entry->b) = *entry;
        }
    }
    free(map->entries);
    *map = bigger;
    return 0;
}

int
wj_map_intern(struct wj_map *map, uint64_t a, uint64_t b, uint32_t *id)
{
    if (2 * ((size_t)map->count + 1) > map->size && grow(map) != 0) {
        return -1;
    }
    struct wj_map_entry *entry = locate(map, a, b);
    int is_new = entry->id == 0;
    if (is_new) {
        *entry = (struct wj_map_entry){a, b, ++map->count};
    }
    *id = entry->id - 1;
    return is_new;
}

int
wj_map_find(const struct wj_map *map, uint64_t a, uint64_t b, uint32_t *id)
{
    const struct wj_map_entry *entry = map->size ? locate(map, a, b) : NULL;
    if (entry == NULL || entry->id == 0) {
        return 0;
    }
    *id = entry->id - 1;
    return 1;
}

void
wj_map_free(struct wj_map *map)
{
    free(map->entries);
    *map = (struct wj_map){NULL, 0, 0};
}

int
wj_bytes_add(struct wj_bytes *bytes, const void *from, size_t size)
{
    if (size == 0) {
        return 0; /* there may be no data to copy to yet */
    }
    if (bytes->size + size > bytes->room) {
        size_t room = bytes->room ? bytes->room : 4096;
        while (room < bytes->size + size) {
            room *= 2;
        }
        char *data = realloc(bytes->data, room);
        if (data == NULL) {
            return -1;
        }
        bytes->data = data;
        bytes->room = room;
    }
    if (from != NULL) {
        memcpy(bytes->data + bytes->size, from, size);
    } else {
        memset(bytes->data + bytes->size, 0, size);
    }
    bytes->size += size;
    return 0;
}

void
wj_bytes_free(struct wj_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct wj_bytes){NULL, 0, 0};
}
