/* Which library an address lies in. */
#ifndef WJ_LOADED_H
#define WJ_LOADED_H

#include <stdint.h>

struct wj_loaded {
    const char *path; /* Borrowed; empty for the program itself */
    uintptr_t base;   /* what the file's addresses are relative to */
    uintptr_t start, end;
};

/* 0, or -1 where there is none. Takes no lock where the C library can do without. */
int wj_loaded_at(const void *address, struct wj_loaded *loaded);

#endif
