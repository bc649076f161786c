/* Preloaded, keeps whoever starts a perf event from its next step for 30 ms, as a busy
 * machine may: the event ticks meanwhile.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int
ioctl(int file, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int result = (int)syscall(SYS_ioctl, file, request, argument);
    long long until = now() + 30000000;
    while (request == PERF_EVENT_IOC_REFRESH && now() < until) {
    }
    return result;
}
