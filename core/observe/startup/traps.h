/* Places in a program at which it stops, and how it goes on from there. */
#ifndef WADJET_STARTUP_TRAPS_H
#define WADJET_STARTUP_TRAPS_H

#include <stdint.h>
#include <sys/types.h>

#define MOST_TRAPS 32

struct trap {
    uint64_t address;
    unsigned long text; /* what was there */
    int meaning;        /* a place, or one of those below */
};

enum { MEANS_LINKED = 100, MEANS_RETURN };

struct traps {
    struct trap all[MOST_TRAPS];
    int count;
};

/* Have a program stop where an instruction begins; the task must be stopped. Returns 0,
 * also where there is such a trap; -1 where none can be put there. */
int wj_trap_put(struct traps *traps, pid_t task, uint64_t address, int meaning);

/* Return the trap of an address. Borrowed; NULL if there is none. */
const struct trap *wj_trap_at(const struct traps *traps, uint64_t address);

/* Put back what was there, for the task to step over it; and the trap again, after. */
void wj_trap_lift(const struct trap *trap, pid_t task);
void wj_trap_set(const struct trap *trap, pid_t task);

#endif
