/* Reading memory that may be gone.
 *
 * The kernel checks an address that it is given and returns EFAULT; no SIGSEGV handler
 * is needed, so none is taken from the program. Where a sandbox forbids
 * process_vm_readv, the bytes go through a pipe, whose write() checks them as well.
 */
#define _GNU_SOURCE
#include "peek.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "poison.h"

static enum wj_peek_way way;
static pid_t self;
static int pipe_ends[2] = {-1, -1};
static volatile char pipe_busy;

static int
by_readv(void *to, const void *from, size_t size)
{
    struct iovec local = {to, size};
    struct iovec remote = {(void *)(size_t)from, size};
    return process_vm_readv(self, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -1;
}

/* One user at a time: a second one, in a handler above the first, gives up. */
static int
by_pipe(void *to, const void *from, size_t size)
{
    size_t done = 0;
    if (__atomic_test_and_set(&pipe_busy, __ATOMIC_ACQUIRE)) {
        return -1;
    }
    while (done < size) {
        size_t part = size - done < 4096 ? size - done : 4096;
        ssize_t got = write(pipe_ends[1], (const char *)from + done, part);
        if (got <= 0 || read(pipe_ends[0], (char *)to + done, (size_t)got) != got) {
            break;
        }
        done += (size_t)got;
    }
    __atomic_clear(&pipe_busy, __ATOMIC_RELEASE);
    return done == size ? 0 : -1;
}

enum wj_peek_way
wj_peek_init(void)
{
    int probe = 1, copy = 0;
    self = getpid();
    way = WJ_PEEK_READV;
    if (by_readv(&copy, &probe, sizeof probe) == 0 && copy == probe) {
        return way;
    }
    if (pipe_ends[0] < 0 && pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return way = WJ_PEEK_NONE;
    }
    return way = WJ_PEEK_PIPE;
}

int
wj_peek(void *to, const void *from, size_t size)
{
    int saved = errno, result = -1;
    if ((size_t)from >= 4096) {
        if (way == WJ_PEEK_READV) {
            result = by_readv(to, from, size);
        } else if (way == WJ_PEEK_PIPE) {
            result = by_pipe(to, from, size);
        }
    }
    errno = saved;
    return result == 0 && WJ_IS_POISONED(from) ? -1 : result;
}
