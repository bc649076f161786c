/* Preloaded: a thread that called ``linger`` works on for a while after Python has done
 * with it, and whoever reads its CPU clock there, as a handler does, takes 300 ms for
 * it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_key_t key;
static __thread volatile int lingering;

static long long
now(void)
{
    struct timespec time;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void
work_on(long long duration)
{
    for (long long until = now() + duration; now() < until;) {
    }
}

static void
destroy(void *unused)
{
    (void)unused;
    lingering = 1;
    work_on(400000000);
    lingering = 0;
}

void
linger(void)
{
    pthread_key_create(&key, destroy);
    pthread_setspecific(key, &key);
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
    if (lingering && clock == CLOCK_THREAD_CPUTIME_ID) {
        work_on(300000000);
    }
    return (int)syscall(SYS_clock_gettime, clock, time);
}
