/* Runs a program under ptrace, and tells of its system calls and of its imports.
 *
 * Nothing is put into the program but traps, so that it makes the very calls that it
 * makes alone. Invariants: a task is in `tasks` from its first stop to its end; traps
 * are in the memory of the process that runs our program, and in what it forks until
 * that becomes another program. Imports are told of in our program's own process only.
 */
#define _GNU_SOURCE
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "machine.h"
#include "peeking.h"
#include "traps.h"

#define DEEPEST 128 /* imports within imports, in one thread */
#define LONGEST 255 /* bytes of a module's name */
#define OPTIONS                                                                        \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK                  \
     | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct frame {
    uint64_t stack; /* where the stack ended as the import was entered */
};

struct task {
    pid_t id, process;
    int64_t number;              /* of the system call that it is in */
    const struct trap *stepping; /* Borrowed: what it is stepping over */
    int signal;                  /* to be delivered once it has stepped */
    int depth;
    struct frame imports[DEEPEST];
};

struct tracer {
    struct tracing *to;         /* Borrowed */
    const struct place *places; /* Borrowed */
    pid_t program;
    int begun; /* whether the program has been asked for: what comes before is ours */
    struct traps traps;
    struct task **tasks; /* Owned, and each of them */
    size_t count, room;
};

/* ---- tasks ----------------------------------------------------------------------- */

static struct task *
wj_task(struct tracer *self, pid_t id)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->tasks[i]->id == id) {
            return self->tasks[i];
        }
    }
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 16;
        struct task **tasks = realloc(self->tasks, room * sizeof *tasks);
        if (tasks == NULL) {
            return NULL;
        }
        self->tasks = tasks;
        self->room = room;
    }
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return NULL;
    }
    task->id = id;
    task->process = wj_process_of(id);
    self->tasks[self->count++] = task;
    if (self->begun) {
        struct event event = {(uint32_t)id, EVENT_TASK, 0, task->process, 0};
        wj_tell(self->to, event, NULL);
    }
    return task;
}

static void
wj_task_gone(struct tracer *self, pid_t id, int status)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->tasks[i]->id == id) {
            free(self->tasks[i]);
            self->tasks[i] = self->tasks[--self->count];
            break;
        }
    }
    wj_tell(self->to, (struct event){(uint32_t)id, EVENT_GONE, 0, status, 0}, NULL);
    if (id == self->program) {
        self->to->status = status;
    }
}

static void
wj_go_on(struct task *task, int signal)
{
    ptrace(PTRACE_SYSCALL, task->id, NULL, (void *)(intptr_t)signal);
}

/* ---- imports --------------------------------------------------------------------- */

static void
wj_end_imports(struct tracer *self, struct task *task, uint64_t stack)
{
    while (task->depth > 0 && task->imports[task->depth - 1].stack < stack) {
        task->depth--;
        wj_tell(self->to, (struct event){(uint32_t)task->id, EVENT_END, 0, 0, 0}, NULL);
    }
}

static uint64_t
wj_return_address(struct task *task, registers *now)
{
#if IS_RETURN_ON_STACK
    errno = 0;
    long found = ptrace(PTRACE_PEEKDATA, task->id, (void *)STACK_POINTER(now), NULL);
    return errno ? 0 : (uint64_t)found;
#else
    (void)task;
    return RETURN_ADDRESS(now);
#endif
}

/* A method is called by name: it may be the one that finds and loads a module. */
static void
wj_called(struct tracer *self, struct task *task, registers *now)
{
    static const char wanted[] = "_find_and_load";
    char name[LONGEST + 1];
    int length = wj_read_text(task->id, SECOND_ARGUMENT(now), name, LONGEST);
    if (length != sizeof wanted - 1 || memcmp(name, wanted, sizeof wanted - 1) != 0) {
        return;
    }
    length = wj_read_text(task->id, THIRD_ARGUMENT(now), name, LONGEST);
    uint64_t back = wj_return_address(task, now);
    if (length < 0 || back == 0 || task->depth == DEEPEST
        || wj_trap_put(&self->traps, task->id, back, MEANS_RETURN) != 0) {
        return;
    }
    /* Once it has returned, the stack is above this, or at it where calls leave nothing
       on it: then as far as it was. */
    task->imports[task->depth++].stack = STACK_POINTER(now) - !IS_RETURN_ON_STACK;
    struct event event = {(uint32_t)task->id, EVENT_IMPORT, (uint16_t)length, 0, 0};
    wj_tell(self->to, event, name);
}

/* ---- places ---------------------------------------------------------------------- */

static void
wj_watch_for_places(struct tracer *self, struct task *task)
{
    for (int i = 0; i < PLACE_KINDS; i++) {
        const struct place *place = &self->places[i];
        uint64_t start = place->path ? wj_mapped_at(task->process, place->path) : 0;
        if (start) {
            wj_trap_put(&self->traps, task->id, start + place->offset, i);
        }
    }
}

static void
wj_arrived(struct tracer *self, struct task *task, const struct trap *trap,
           registers *now)
{
    if (task->process != self->program) {
        return; /* a child's copy of the trap */
    }
    wj_end_imports(self, task, STACK_POINTER(now));
    switch (trap->meaning) {
    case MEANS_LINKED:
        wj_watch_for_places(self, task);
        break;
    case PLACE_CALL:
        wj_called(self, task, now);
        return;
    case MEANS_RETURN:
        return;
    }
    int64_t which = trap->meaning == MEANS_LINKED ? PLACE_KINDS : trap->meaning;
    wj_tell(self->to, (struct event){(uint32_t)task->id, EVENT_PLACE, 0, which, 0},
            NULL);
}

/* ---- stops ----------------------------------------------------------------------- */

/* The program stopped by an instruction. Returns 0 if it was one of ours. */
static int
wj_trapped(struct tracer *self, struct task *task)
{
    registers now;
    if (task->stepping) {
        wj_trap_set(task->stepping, task->id);
        task->stepping = NULL;
        wj_go_on(task, task->signal);
        task->signal = 0;
        return 0;
    }
    if (read_registers(task->id, &now) != 0) {
        return -1;
    }
    const struct trap *trap =
        wj_trap_at(&self->traps, PROGRAM_COUNTER(&now) - TRAP_AFTER);
    if (trap == NULL) {
        return -1;
    }
    PROGRAM_COUNTER(&now) = trap->address;
    write_registers(task->id, &now);
    wj_arrived(self, task, trap, &now);
    task->stepping = trap;
    wj_trap_lift(trap, task->id);
    ptrace(PTRACE_SINGLESTEP, task->id, NULL, NULL);
    return 0;
}

static void
wj_call_stopped(struct tracer *self, struct task *task)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, task->id, (void *)sizeof info, &info) < 0) {
        return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        task->number = (int64_t)info.entry.nr;
        if (task->id == self->program && task->number == SYS_execve && !self->begun) {
            self->begun = 1;
        }
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && self->begun) {
        struct event event = {(uint32_t)task->id, EVENT_CALL, 0, task->number,
                              info.exit.rval};
        wj_tell(self->to, event, NULL);
    }
}

static void
wj_became_another(struct tracer *self, struct task *task)
{
    task->depth = 0;
    wj_tell(self->to, (struct event){(uint32_t)task->id, EVENT_EXEC, 0, 0, 0}, NULL);
    if (task->id != self->program) {
        return;
    }
    self->traps.count = 0; /* its memory is a new one */
    uint64_t entry = wj_entry_of(task->process);
    if (entry) {
        wj_trap_put(&self->traps, task->id, entry, MEANS_LINKED);
    }
}

static void
wj_stopped(struct tracer *self, struct task *task, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    if (event == PTRACE_EVENT_STOP) {
        int is_group = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN
                       || signal == SIGTTOU;
        if (is_group) {
            ptrace(PTRACE_LISTEN, task->id, NULL, NULL);
            return;
        }
        signal = 0;
    } else if (event == PTRACE_EVENT_EXEC) {
        wj_became_another(self, task);
        signal = 0;
    } else if (event) {
        signal = 0;
    } else if (signal == (SIGTRAP | 0x80)) {
        wj_call_stopped(self, task);
        signal = 0;
    } else if (signal == SIGTRAP && wj_trapped(self, task) == 0) {
        return;
    } else if (task->stepping) { /* the handler must not run on the step */
        task->signal = signal;
        ptrace(PTRACE_SINGLESTEP, task->id, NULL, NULL);
        return;
    }
    wj_go_on(task, signal);
}

/* ---- the whole ------------------------------------------------------------------- */

static void
wj_follow(struct tracer *self)
{
    for (;;) {
        int status;
        pid_t id = waitpid(-1, &status, __WALL | __WNOTHREAD);
        if (id < 0 && errno == EINTR) {
            continue;
        }
        if (id < 0) {
            return; /* nobody is left */
        }
        if (!WIFSTOPPED(status)) {
            wj_task_gone(self, id, status);
            continue;
        }
        struct task *task = wj_task(self, id);
        if (task == NULL) {
            self->to->failed = ENOMEM;
            ptrace(PTRACE_CONT, id, NULL, NULL);
            continue;
        }
        wj_stopped(self, task, status);
    }
}

/* Start the program, which waits until it is traced. Returns its id, -1 if it fails. */
static pid_t
wj_start(int gate, char *const *argv, char *const *environment)
{
    pid_t id = fork();
    if (id == 0) {
        char go;
        if (read(gate, &go, 1) == 1) {
            execve(argv[0], argv, environment);
        }
        _exit(127);
    }
    return id;
}

static int
wj_trace_here(struct tracing *to, char *const *argv, char *const *environment,
              const struct place places[PLACE_KINDS])
{
    struct tracer self = {.to = to, .places = places};
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0) {
        to->failed = errno;
        return -1;
    }
    self.program = wj_start(gate[0], argv, environment);
    close(gate[0]);
    if (self.program < 0
        || ptrace(PTRACE_SEIZE, self.program, NULL, (void *)(intptr_t)OPTIONS) != 0
        || ptrace(PTRACE_INTERRUPT, self.program, NULL, NULL) != 0
        || write(gate[1], "", 1) != 1) {
        to->failed = errno;
        if (self.program > 0) {
            kill(self.program, SIGKILL);
            waitpid(self.program, NULL, __WALL);
        }
        close(gate[1]);
        return -1;
    }
    wj_follow(&self);
    close(gate[1]);
    for (size_t i = 0; i < self.count; i++) {
        free(self.tasks[i]);
    }
    free(self.tasks);
    return to->failed ? -1 : 0;
}

/* What a thread of its own is to do. All is Borrowed. */
struct order {
    struct tracing *to;
    char *const *argv, *const *environment;
    const struct place *places;
};

static void *
wj_carry_out(void *order)
{
    struct order *given = order;
    wj_trace_here(given->to, given->argv, given->environment, given->places);
    return NULL;
}

/* Who traces waits for children of all sorts: in a thread of its own, which has no
 * others, it neither waits for those of the process nor takes their ends away. */
int
wj_trace(struct tracing *to, char *const *argv, char *const *environment,
         const struct place places[PLACE_KINDS])
{
    struct order order = {to, argv, environment, places};
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, wj_carry_out, &order);
    if (failed) {
        to->failed = failed;
        return -1;
    }
    pthread_join(thread, NULL);
    return to->failed ? -1 : 0;
}
