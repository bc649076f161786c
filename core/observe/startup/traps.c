/* Places in a program at which it stops. */
#include "traps.h"

#include <errno.h>
#include <stddef.h>

#include "machine.h"

static void
wj_write(pid_t task, uint64_t address, unsigned long text)
{
    ptrace(PTRACE_POKETEXT, task, (void *)address, (void *)text);
}

void
wj_trap_lift(const struct trap *trap, pid_t task)
{
    wj_write(task, trap->address, trap->text);
}

void
wj_trap_set(const struct trap *trap, pid_t task)
{
    unsigned long text = (trap->text & ~(unsigned long)TRAP_MASK) | TRAP_TEXT;
    wj_write(task, trap->address, text);
}

const struct trap *
wj_trap_at(const struct traps *traps, uint64_t address)
{
    for (int i = 0; i < traps->count; i++) {
        if (traps->all[i].address == address) {
            return &traps->all[i];
        }
    }
    return NULL;
}

int
wj_trap_put(struct traps *traps, pid_t task, uint64_t address, int meaning)
{
    if (wj_trap_at(traps, address) != NULL) {
        return 0;
    }
    if (traps->count == MOST_TRAPS) {
        return -1;
    }
    errno = 0;
    long text = ptrace(PTRACE_PEEKTEXT, task, (void *)address, NULL);
    if (errno != 0) {
        return -1;
    }
    struct trap *trap = &traps->all[traps->count++];
    *trap = (struct trap){address, (unsigned long)text, meaning};
    wj_trap_set(trap, task);
    return 0;
}
