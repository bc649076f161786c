/* Reads a table that another process writes. */
#ifndef WJ_READING_H
#define WJ_READING_H

#include "map.h"
#include "table.h"

/* A context's counters at one time. */
struct wj_counters {
    int64_t bytes, blocks, live, live_blocks, brief;
    uint64_t samples;
};

struct wj_change {
    uint32_t context;
    uint32_t unused;
    struct wj_counters by; /* how much more than at the last look */
};

/* What was live of a context, up to the last time that it changed. */
struct wj_held {
    double area; /* bytes times ns */
    int64_t since;
};

struct wj_reading {
    struct wj_table table;
    struct wj_counters *seen;              /* Owned, mapped: by context */
    struct wj_held *held;                  /* Owned, behind them: likewise */
    uint32_t functions, contexts, threads; /* that were taken */
};

/* 0, or -1 with errno set; owns ``file`` on success. */
int wj_reading_open(struct wj_reading *reading, int file);
void wj_reading_close(struct wj_reading *reading);

/* How many there are now; never more than there is room for. */
uint32_t wj_reading_contexts(const struct wj_reading *reading);
uint32_t wj_reading_functions(const struct wj_reading *reading);
uint32_t wj_reading_threads(const struct wj_reading *reading);
uint32_t wj_reading_mappings(const struct wj_reading *reading);

/* A text, and its size through ``*size``: 0 where it is not within the table. */
const char *wj_reading_text(const struct wj_reading *reading, uint64_t at,
                            uint64_t *size);

/* The line of a context, 0 where none is known. */
int wj_reading_line(const struct wj_reading *reading, uint32_t context);

/* Append a wj_change for each context that has changed, as is seen at ``time`` (ns). 0,
 * or -1 for want of memory. */
int wj_reading_changes(struct wj_reading *reading, int64_t time,
                       struct wj_bytes *changes);

/* Bytes of a context that were live at the last look. */
int64_t wj_reading_live(const struct wj_reading *reading, uint32_t context);

/* The same on the average, from one time to another at or after the last look. */
int64_t wj_reading_average(const struct wj_reading *reading, uint32_t context,
                           int64_t start, int64_t end);

/* What was live of a context at the highest peak. */
void wj_reading_peak(const struct wj_reading *reading, uint32_t context, int64_t *bytes,
                     int64_t *blocks);

#endif
