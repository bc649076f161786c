/* Reads the records of one process into a tree. */
#ifndef WJ_READER_H
#define WJ_READER_H

#include "records.h"
#include "tree.h"

#define WJ_READER_DEFINITIONS 8192

struct wj_reader {
    struct wj_ring ring;
    struct wj_tree *tree;         /* Borrowed */
    int64_t start;                /* CLOCK_MONOTONIC of the recording's time 0 */
    struct wj_bytes codes;        /* struct code by id - 1 */
    struct wj_bytes tables;       /* location tables of the codes */
    struct wj_map places;         /* (code, offset) to an index of place_frames */
    struct wj_bytes place_frames; /* int32_t */
    struct wj_bytes threads;      /* struct thread by the program's number */
    struct wj_bytes expected;     /* struct expected: numbered before a record told */
    struct wj_map task_ids;       /* (address, 0) to an index of tasks */
    struct wj_bytes tasks;        /* struct task */
    struct wj_bytes regions;      /* struct region: where libraries lie */
    struct wj_bytes events;       /* records but samples and codes, as they came */
    struct wj_bytes merged;       /* frames of the sample in work, leaf first */
    uint64_t samples[WJ_CLOCKS];  /* by clock */
    const struct wj_definition *definitions[WJ_READER_DEFINITIONS]; /* of that sample */
};

/* Map the ring in ``file``, owned by the reader on success. 0, or -1 with errno set. */
int wj_reader_open(struct wj_reader *reader, struct wj_tree *tree, int file,
                   int64_t start);

/* Read all that has been committed. Samples read, or -1 for want of memory. */
int64_t wj_reader_drain(struct wj_reader *reader);

/* Nanoseconds since the recording's time 0; whatever ``time`` is, this is defined. */
int64_t wj_reader_time(const struct wj_reader *reader, int64_t time);

/* The recording's number of the program's thread ``number``, -1 where it is unknown. */
int32_t wj_reader_thread(const struct wj_reader *reader, uint32_t number);

/* Number the thread of kernel id ``tid`` before any record has told of it: the one that
   a record tells of with this id will have this number. -1 for want of memory. */
int32_t wj_reader_expect(struct wj_reader *reader, uint64_t tid);

/* Nanoseconds of CPU in the samples of the program's thread ``number``. */
int64_t wj_reader_cpu(const struct wj_reader *reader, uint32_t number);

/* The program's threads have numbers below this. */
uint32_t wj_reader_threads(const struct wj_reader *reader);

void wj_reader_close(struct wj_reader *reader);

#endif
