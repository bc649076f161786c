/* The system calls of a program, in the order in which it makes them, and when its
 * interpreter enters and leaves a few functions on the way.
 *
 * The engine: it runs a command under ptrace and writes events. It knows processes,
 * registers and addresses; of Python it knows how a name lies in memory, no more.
 */
#ifndef WADJET_STARTUP_TRACER_H
#define WADJET_STARTUP_TRACER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What may be watched for: a function that is entered. */
enum place_kind {
    PLACE_MAIN,     /* the interpreter's main function */
    PLACE_RUN,      /* the program itself begins */
    PLACE_FINALIZE, /* the interpreter begins to end */
    PLACE_CALL,     /* a method is called by name: imports that find nothing loaded */
    PLACE_KINDS
};

struct place {
    const char *path; /* Borrowed: the file that has the function */
    uint64_t offset;  /* from where the file's first byte is mapped */
};

enum event_kind {
    EVENT_CALL,   /* a system call: number, result */
    EVENT_PLACE,  /* a function of the table was entered: which */
    EVENT_IMPORT, /* a module is being imported: its name follows */
    EVENT_END,    /* the innermost import is over */
    EVENT_EXEC,   /* the process became another program */
    EVENT_TASK,   /* a thread or process began: its id, and that of its process */
    EVENT_GONE,   /* it ended: exit status as `wait` gives it */
};

/* One event; `extra` bytes of text follow it, padded to eight. */
struct event {
    uint32_t task; /* of the kernel: a thread's id */
    uint16_t kind;
    uint16_t extra;
    int64_t number;
    int64_t result;
};

struct tracing {
    char *data; /* Owned: the events */
    size_t used, room;
    int status; /* of the program, as `wait` gives it */
    int failed; /* errno, where there was no memory or it could not be traced */
};

/* Run a program until it and all that it started have ended. `places` may have no path,
 * then nothing is watched for. Returns 0, or -1 with `failed` set. */
int wj_trace(struct tracing *to, char *const *argv, char *const *environment,
             const struct place places[PLACE_KINDS]);

#endif
