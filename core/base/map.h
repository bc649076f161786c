/* A map from pairs of integers to ids that are given in order, and bytes that grow. */
#ifndef WJ_MAP_H
#define WJ_MAP_H

#include <stddef.h>
#include <stdint.h>

struct wj_map {
    struct wj_map_entry *entries; /* Owned */
    size_t size;                  /* 0 or a power of two */
    uint32_t count;
};

/* The id of (a, b); a new one, which is the count so far, where there was none. 1 for a
   new id, 0 for a known one, -1 for want of memory. */
int wj_map_intern(struct wj_map *map, uint64_t a, uint64_t b, uint32_t *id);

/* 1 with the id of (a, b), 0 where there is none. */
int wj_map_find(const struct wj_map *map, uint64_t a, uint64_t b, uint32_t *id);

void wj_map_free(struct wj_map *map);

struct wj_bytes {
    char *data; /* Owned */
    size_t size;
    size_t room;
};

/* Append; 0, or -1 for want of memory. ``from`` NULL appends zeros. */
int wj_bytes_add(struct wj_bytes *bytes, const void *from, size_t size);
void wj_bytes_free(struct wj_bytes *bytes);

#endif
