/* What this process has mapped. */
#ifndef WJ_SNAPSHOT_MAPPINGS_H
#define WJ_SNAPSHOT_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

enum wj_mapping_kind { WJ_ORDINARY, WJ_STACK, WJ_VDSO, WJ_VVAR, WJ_VSYSCALL };

struct wj_mapping {
    uintptr_t start, end;
    int protection, shared;
    int droppable, wiped; /* the kernel may empty it; a forked child finds it empty */
    enum wj_mapping_kind kind;
    const char *name; /* Borrowed from the list */
};

/* In memory that is shared, and so stands out from the rest. */
struct wj_mappings {
    size_t size, count, room;
    struct wj_mapping *each;
};

/* In the order of addresses, without the list itself. Owned; NULL with errno set. */
struct wj_mappings *wj_read_mappings(void);
void wj_free_mappings(struct wj_mappings *mappings);

#endif
