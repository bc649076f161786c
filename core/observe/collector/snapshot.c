/* A snapshot of the heap in a forked child.
 *
 * What is garbage stays garbage, but for odd ways back (a weak reference, a list of all
 * objects), and by those an object may even be freed before we come to it. So nothing
 * is freed here, and nothing is believed: an object that still looks as it did, to the
 * links of its neighbours, is moved to the youngest generation, where the interpreter's
 * own collector examines it and decides. Whatever the child was wrong about costs a
 * look.
 *
 * The child is made by clone without an exit signal: the program gets no SIGCHLD, and
 * its waits for any child do not find this one.
 */
#define _GNU_SOURCE
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "tracked.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define MODEST 10 /* added to the child's nice value */

/* ---- the child ------------------------------------------------------------------ */

/* Be no burden: the first to go where memory is short, last in line for a core, and
   hold no file of the program's open. */
static void
stand_back(void)
{
    long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY);
    if (file >= 0) {
        syscall(SYS_write, file, "1000", 4);
    }
    syscall(SYS_close_range, 0, ~0u, 0);
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    syscall(SYS_setpriority, PRIO_PROCESS, 0, MODEST);
}

static _Noreturn void
live_as_child(PyInterpreterState *interpreter, wj_keeper_function keep,
              struct wj_verdict *verdict)
{
    stand_back();
    wj_mark(interpreter, keep, verdict);
    for (;;) {
        syscall(SYS_exit_group, 0);
    }
}

int
wj_snapshot_take(struct wj_snapshot *snapshot, wj_keeper_function keep, uint64_t room)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    int64_t start = wj_now();
    sigset_t all, before;
    *snapshot = (struct wj_snapshot){.child = -1, .owner = getpid()};
    snapshot->size = sizeof(struct wj_verdict) + room * sizeof(struct wj_suspect);
    void *memory = mmap(NULL, snapshot->size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return errno;
    }
    snapshot->verdict = memory;
    snapshot->verdict->room = room;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int child = -1;
    long pid = syscall(SYS_clone, CLONE_PIDFD, NULL, &child, NULL, NULL);
    if (pid == 0) {
        live_as_child(interpreter, keep, snapshot->verdict);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        wj_snapshot_close(snapshot);
        return error;
    }
    snapshot->child = child;
    snapshot->paused = wj_now() - start;
    return 0;
}

/* ---- the parent ----------------------------------------------------------------- */

static void
bury(struct wj_snapshot *snapshot)
{
    siginfo_t info;
    while (waitid(P_PIDFD, (id_t)snapshot->child, &info, WEXITED | __WALL) != 0
           && errno == EINTR) {
    }
    close(snapshot->child);
    snapshot->child = -1;
}

int
wj_snapshot_wait(struct wj_snapshot *snapshot, int ms)
{
    struct pollfd ended = {snapshot->child, POLLIN, 0};
    if (snapshot->child >= 0 && poll(&ended, 1, ms) > 0) {
        bury(snapshot);
    }
    return snapshot->child < 0;
}

void
wj_snapshot_close(struct wj_snapshot *snapshot)
{
    if (snapshot->child >= 0 && snapshot->owner == getpid()) {
        syscall(SYS_pidfd_send_signal, snapshot->child, SIGKILL, NULL, 0);
        bury(snapshot);
    } else if (snapshot->child >= 0) {
        close(snapshot->child);
        snapshot->child = -1;
    }
    if (snapshot->verdict != NULL) {
        munmap(snapshot->verdict, snapshot->size);
        snapshot->verdict = NULL;
    }
}

/* ---- looking at suspects -------------------------------------------------------- */

uint64_t
wj_snapshot_renew(struct wj_snapshot *snapshot, uint64_t limit)
{
    const struct wj_verdict *verdict = snapshot->verdict;
    struct wj_pages pages = {0};
    uint64_t looked = 0, whole = 1;
    if (verdict == NULL || snapshot->child >= 0 || verdict->state != WJ_MARKED) {
        return 0;
    }
    while (snapshot->next < verdict->found && (looked < limit || !whole)) {
        const struct wj_suspect *suspect = &verdict->suspects[snapshot->next++];
        if (wj_is_tracked(&pages, suspect->object, suspect->type)
            && Py_REFCNT(suspect->object) == suspect->references) {
            PyObject_GC_UnTrack(suspect->object);
            PyObject_GC_Track(suspect->object);
            snapshot->same++;
        }
        looked++;
        whole = suspect->last;
    }
    return looked;
}
