/* A map from addresses to pointers, in which things may be removed. */
#ifndef WJ_POINTERS_H
#define WJ_POINTERS_H

#include <stddef.h>

struct wj_pointers {
    struct wj_pair {
        const void *key; /* NULL where free */
        void *value;
    } *pairs;    /* Owned */
    size_t size; /* 0 or a power of two */
    size_t count;
};

/* The place of the value; a new one, holding NULL, where there was none. NULL for want
 * of memory, and always for the key NULL. */
void **wj_pointers_at(struct wj_pointers *map, const void *key);
/* The place of the value, or NULL. Valid until something is added or removed. */
void **wj_pointers_find(const struct wj_pointers *map, const void *key);
/* Remove; the value that was there, or NULL. */
void *wj_pointers_remove(struct wj_pointers *map, const void *key);

#endif
