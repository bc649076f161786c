/* What a thread is doing.
 *
 * The kernel says in which system call a thread sleeps, but of one that does not sleep
 * only that it is "running", which includes those that wait for a core. Nor can one see
 * for oneself: the sampler itself may have taken the core that the thread was on. So
 * the kernel's account of both times since the last look decides, in proportion.
 */
#define _GNU_SOURCE
#include "states.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

#define FILES_MAX 128

static int files;

/* Read /proc/self/task/TID/name into ``text`` as a string. The file is kept open where
   there are not too many yet. The size read, or -1. */
static ssize_t
read_task_file(const struct wj_thread *thread, const char *name, int *kept, char *text,
               size_t room)
{
    int file = *kept;
    if (file < 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%d/%s", (int)thread->tid, name);
        file = open(path, O_RDONLY | O_CLOEXEC);
        if (file >= 0 && files < FILES_MAX) {
            file = *kept = wj_file_aside(file);
            files += file >= 0;
        }
    }
    ssize_t size = file < 0 ? -1 : pread(file, text, room - 1, 0);
    if (file >= 0 && file != *kept) {
        close(file);
    }
    text[size > 0 ? size : 0] = '\0';
    return size;
}

static uint64_t
draw(uint64_t below)
{
    static uint64_t seed = 0xD1B54A32D192ED03ull;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* True for a thread that does not sleep with the chance that it had a core. */
static int
has_core(struct wj_thread *thread, int advances)
{
    char text[96];
    unsigned long long ran, waited;
    ssize_t size =
        read_task_file(thread, "schedstat", &thread->schedule_file, text, sizeof text);
    if (size <= 0 || sscanf(text, "%llu %llu", &ran, &waited) != 2) {
        return advances;
    }
    uint64_t new_ran = ran - thread->ran, new_waited = waited - thread->waited;
    thread->ran = ran;
    thread->waited = waited;
    if (new_ran + new_waited == 0) {
        return advances;
    }
    return draw(new_ran + new_waited) < new_ran;
}

enum wj_state
wj_state_of(struct wj_thread *thread, const wj_gil *gil, int has_gil, int advances)
{
    char text[128];
    int number;
    unsigned long long address;
    ssize_t size = advances ? 0
                            : read_task_file(thread, "syscall", &thread->syscall_file,
                                             text, sizeof text);
    if (advances || (size > 0 && text[0] == 'r')) {
        if (!has_core(thread, advances)) {
            return WJ_RUNNABLE;
        }
        return has_gil ? WJ_RUN_GIL : WJ_RUN_NATIVE;
    }
    if (size > 0 && sscanf(text, "%d %llx", &number, &address) == 2
        && number == SYS_futex && address >= (uintptr_t)gil
        && address < (uintptr_t)(gil + 1)) {
        return WJ_WAIT_GIL;
    }
    return WJ_BLOCKED;
}

static void
let_go(int *file, const char *kind)
{
    if (*file >= 0) {
        wj_file_close(*file, kind);
        *file = -1;
        files--;
    }
}

void
wj_state_forget(struct wj_thread *thread)
{
    let_go(&thread->syscall_file, "/syscall");
    let_go(&thread->schedule_file, "/schedstat");
    thread->ran = thread->waited = 0;
}
