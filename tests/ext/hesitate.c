/* Preloaded, keeps a thread other than the main one for 3 ms after it has copied a code
 * object, as a busy machine may: meanwhile the function may be over, and what it was
 * called used for something else. LEAST is the size of such an object, but for its
 * code.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

ssize_t
process_vm_readv(pid_t pid, const struct iovec *to, unsigned long to_count,
                 const struct iovec *from, unsigned long from_count,
                 unsigned long flags)
{
    ssize_t (*next)(pid_t, const struct iovec *, unsigned long, const struct iovec *,
                    unsigned long, unsigned long);
    void *found = dlsym(RTLD_NEXT, "process_vm_readv");
    memcpy(&next, &found, sizeof next);
    ssize_t size = next(pid, to, to_count, from, from_count, flags);
    if (gettid() != getpid() && size >= LEAST && size < LEAST + 16) {
        struct timespec pause = {0, 3000000};
        nanosleep(&pause, NULL);
    }
    return size;
}
