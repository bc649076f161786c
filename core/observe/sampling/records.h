/* What the recorder in the program tells the reader: the records of the ring.
 *
 * Plain data, no pointers that anybody follows. Both sides are of one build, but the
 * program may be hostile or dead, so the reader checks every count against the size.
 */
#ifndef WJ_RECORDS_H
#define WJ_RECORDS_H

#include "ring.h"

enum wj_kind {
    WJ_SAMPLE = 1, /* struct wj_sample */
    WJ_CODE,       /* struct wj_code: a code object got an id */
    WJ_THREAD,     /* struct wj_thread_note: a thread was found, or its name changed */
    WJ_END,        /* struct wj_thread_note: a thread has ended */
    WJ_LIBRARY,    /* struct wj_library: a library was mapped */
    WJ_NOTE,       /* struct wj_text: a word for the people who read the recording */
    WJ_TASK,       /* struct wj_task: a task of asyncio was made, or its name changed */
    WJ_NAME,       /* struct wj_name: a thread, found or not yet, has got its name */
};

enum wj_state {
    WJ_UNKNOWN,
    WJ_RUN_GIL,
    WJ_RUN_NATIVE,
    WJ_WAIT_GIL,
    WJ_RUNNABLE,
    WJ_BLOCKED,
};

/* What a sample is worth something of: ns of a clock, or of the collector's pauses, its
   runs, the objects it examined and collected, those it freed by type. */
enum wj_clock {
    WJ_CPU,
    WJ_WALL,
    WJ_AWAIT,
    WJ_PAUSE,
    WJ_RUNS,
    WJ_EXAMINED,
    WJ_COLLECTED,
    WJ_GARBAGE,
    WJ_CLOCKS
};

enum wj_sample_flags {
    WJ_SAME = 1, /* no frames follow: the stack of this thread's last wall sample */
    WJ_TRUNCATED = 2, /* frames nearest the root are missing */
};

/* A Python frame. ``code`` is an id given by a WJ_CODE record and ``at`` a byte offset
   in it; or ``code`` is 0 and ``at`` the index of a definition behind the frames, -1
   for none. WJ_ENTRY marks the frame for which an evaluating C function was entered. */
struct wj_place {
    uint32_t code;
    int32_t at;
};
#define WJ_ENTRY 0x80000000u

/* Stands among the native addresses for the function that evaluates Python. */
#define WJ_EVALUATOR 1ull

/* Behind it: places[frames] leaf first, uint64_t natives[natives] leaf first, then
   ``definitions`` definitions. */
struct wj_sample {
    struct wj_record head;
    int64_t time;   /* CLOCK_MONOTONIC, ns */
    int64_t weight; /* ns of the clock, or a number of things */
    uint32_t thread;
    uint32_t holder; /* 1 + the thread that held the GIL, 0 for none */
    uint8_t clock;
    uint8_t state;
    uint16_t flags;
    uint32_t frames;
    uint32_t natives;
    uint32_t definitions;
    uint32_t task_frames; /* how many frames, from the leaf, belong to the coroutine */
    uint64_t task;        /* address of the outermost coroutine, 0 for none */
};

/* A function in full, for a code object without an id. Sizes in bytes, text is UTF-8:
   file, then name. */
struct wj_definition {
    uint32_t size; /* of the whole definition, a multiple of 8 */
    int32_t first_line;
    int32_t line;
    uint16_t file_size;
    uint16_t name_size;
};

/* Behind it: file, name, location table. */
struct wj_code {
    struct wj_record head;
    uint32_t id;
    int32_t first_line;
    uint32_t file_size;
    uint32_t name_size;
    uint32_t table_size;
    uint32_t unused;
};

/* Behind it: the name, ``size`` bytes. */
struct wj_thread_note {
    struct wj_record head;
    int64_t time;
    int64_t cpu; /* ns since the thread was found */
    uint64_t tid;
    uint32_t thread;
    uint32_t size;
};

/* Behind it: the name, ``size`` bytes. */
struct wj_name {
    struct wj_record head;
    uint64_t tid;
    uint64_t size;
};

/* Behind it: the path, ``size`` bytes. */
struct wj_library {
    struct wj_record head;
    uint64_t start;
    uint64_t end;
    uint64_t base; /* what the file's addresses are relative to */
    uint64_t size;
};

/* Behind it: the name, ``size`` bytes. ``parent`` is the coroutine of the task that
   made this one, 0 for none. An address stands for the task that was told of last. */
struct wj_task {
    struct wj_record head;
    uint64_t address;
    uint64_t parent;
    uint64_t size;
};

struct wj_text {
    struct wj_record head;
    uint64_t size;
};

#define WJ_ROUND(size) (((size) + 7) & ~(size_t)7)

#endif
