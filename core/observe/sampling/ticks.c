/* A tick for every so much CPU time of a thread.
 *
 * A perf event on the software task clock signals its thread after each period of CPU
 * time, at any rate; a POSIX CPU timer does so at the kernel's HZ at most. Either way
 * an idle thread costs nothing.
 *
 * The signal is SIGURG: a program that has no handler ignores it, so a tick that comes
 * when ours is gone, after exec for instance, does no harm. It is a standard signal, so
 * ticks do not queue up behind a long system call; the handler weighs what it finds by
 * the CPU time that has passed.
 */
#define _GNU_SOURCE
#include "ticks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"

#define EVENTS_MAX 512 /* descriptors we may take from the program */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static const int candidates[] = {SIGURG, SIGSTKFLT};
static enum wj_tick_engine engine;
static int64_t tick_period;
static wj_tick_handler on_tick;
static int tick_signal;
static struct sigaction before;
static int running; /* ticks are wanted */
static int events;

static int
is_ours(const siginfo_t *info)
{
    if (info->si_code == SI_TIMER) {
        return info->si_value.sival_ptr == (void *)&candidates;
    }
    return info->si_code == POLL_IN || info->si_code == POLL_HUP
           || info->si_code == POLL_MSG;
}

static void
pass_on(int number, siginfo_t *info, void *context)
{
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    }
}

static void
handle(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    if (!is_ours(info)) {
        pass_on(number, info, context);
        errno = saved;
        return;
    }
    struct wj_thread *thread = wj_thread_find(pthread_self());
    if (thread != NULL && !thread->busy) {
        __atomic_store_n(&thread->busy, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&running, __ATOMIC_SEQ_CST)) {
            on_tick(thread, context);
        }
        __atomic_store_n(&thread->busy, 0, __ATOMIC_SEQ_CST);
    }
    errno = saved;
}

static int
open_event(pid_t tid, int user_only)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof attr,
        .config = PERF_COUNT_SW_TASK_CLOCK,
        .sample_period = (uint64_t)tick_period,
        .sample_type = PERF_SAMPLE_IP,
        .disabled = 1,
        .exclude_kernel = user_only ? 1u : 0u,
        .exclude_hv = 1,
        .wakeup_events = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static enum wj_tick_engine
probe(int no_perf)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);
    if (no_perf) {
        errno = 0;
        return WJ_TICKS_TIMER;
    }
    for (int user_only = 0; user_only < 2; user_only++) {
        int event = open_event(tid, user_only);
        if (event >= 0) {
            close(event);
            return user_only ? WJ_TICKS_PERF_USER : WJ_TICKS_PERF;
        }
    }
    return WJ_TICKS_TIMER;
}

static int
take_signal(void)
{
    struct sigaction ours = {.sa_sigaction = handle,
                             .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigfillset(&ours.sa_mask); /* the program's own handlers wait until ours is done */
    sigdelset(&ours.sa_mask, SIGSEGV);
    sigdelset(&ours.sa_mask, SIGBUS);
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        struct sigaction now;
        if (sigaction(candidates[i], NULL, &now) != 0) {
            continue;
        }
        int is_free = !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
        int was_ours = (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle;
        if ((is_free || was_ours) && sigaction(candidates[i], &ours, &now) == 0) {
            if (!was_ours) {
                before = now;
            }
            return candidates[i];
        }
    }
    return 0;
}

enum wj_tick_engine
wj_ticks_open(int64_t period, wj_tick_handler handler, int no_perf, int *signal)
{
    tick_period = period;
    on_tick = handler;
    events = 0;
    engine = probe(no_perf);
    int why = errno;
    tick_signal = *signal = take_signal();
    if (tick_signal == 0) {
        engine = WJ_TICKS_NONE;
    }
    __atomic_store_n(&running, engine != WJ_TICKS_NONE, __ATOMIC_SEQ_CST);
    errno = why;
    return engine;
}

static int
arm_event(struct wj_thread *thread)
{
    struct f_owner_ex owner = {F_OWNER_TID, thread->tid};
    if (events >= EVENTS_MAX) {
        return -1;
    }
    int event = wj_file_aside(open_event(thread->tid, engine == WJ_TICKS_PERF_USER));
    if (event < 0) {
        return -1;
    }
    if (fcntl(event, F_SETFL, O_ASYNC | O_NONBLOCK)
        || fcntl(event, F_SETSIG, tick_signal) || fcntl(event, F_SETOWN_EX, &owner)
        || ioctl(event, PERF_EVENT_IOC_REFRESH, INT_MAX)) {
        close(event);
        return -1;
    }
    thread->event = event;
    events++;
    return 0;
}

static int
arm_timer(struct wj_thread *thread)
{
    struct sigevent notify = {.sigev_notify = SIGEV_THREAD_ID,
                              .sigev_signo = tick_signal};
    struct itimerspec every;
    notify.sigev_value.sival_ptr = (void *)(size_t)&candidates;
    notify.sigev_notify_thread_id = thread->tid;
    if (timer_create(wj_thread_clock(thread->tid), &notify, &thread->timer) != 0) {
        return -1;
    }
    every.it_interval.tv_sec = tick_period / 1000000000;
    every.it_interval.tv_nsec = tick_period % 1000000000;
    every.it_value = every.it_interval;
    if (timer_settime(thread->timer, 0, &every, NULL) != 0) {
        timer_delete(thread->timer);
        return -1;
    }
    thread->has_timer = 1;
    return 0;
}

int
wj_ticks_arm(struct wj_thread *thread)
{
    if (engine == WJ_TICKS_NONE) {
        return -1;
    }
    if (engine != WJ_TICKS_TIMER && arm_event(thread) == 0) {
        return 0;
    }
    return arm_timer(thread);
}

void
wj_ticks_disarm(struct wj_thread *thread)
{
    if (thread->event >= 0) {
        wj_file_close(thread->event, "[perf_event]");
        thread->event = -1;
        events--;
    }
    if (thread->has_timer) {
        timer_delete(thread->timer);
        thread->has_timer = 0;
    }
}

static int
is_signal_ours(void)
{
    struct sigaction now;
    return sigaction(tick_signal, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO)
           && now.sa_sigaction == handle;
}

static void
disarm_all(void)
{
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        wj_ticks_disarm(wj_thread_at(i));
    }
}

int
wj_ticks_keep(int *lost)
{
    if (engine == WJ_TICKS_NONE || is_signal_ours()) {
        return 0;
    }
    *lost = tick_signal;
    disarm_all();
    tick_signal = take_signal();
    if (tick_signal == 0) {
        engine = WJ_TICKS_NONE;
        __atomic_store_n(&running, 0, __ATOMIC_SEQ_CST);
        return -1;
    }
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        struct wj_thread *thread = wj_thread_at(i);
        if (thread->live) {
            wj_ticks_arm(thread);
        }
    }
    return tick_signal;
}

/* A handler that has begun ends soon, whether or not its thread has a core just now.
   Also one in a thread that the interpreter has done with, which may be winding up. */
static void
wait_for_handlers(void)
{
    struct timespec pause = {0, 100000};
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        const struct wj_thread *thread = wj_thread_at(i);
        int patience = 20000;
        while (__atomic_load_n(&thread->busy, __ATOMIC_SEQ_CST) && patience--) {
            nanosleep(&pause, NULL);
        }
    }
}

void
wj_ticks_close(void)
{
    __atomic_store_n(&running, 0, __ATOMIC_SEQ_CST);
    disarm_all();
    wait_for_handlers();
    if (tick_signal == SIGURG && is_signal_ours()) {
        sigaction(tick_signal, &before, NULL);
    } /* any other signal would kill if a tick were still under way */
}

void
wj_ticks_forked(void)
{
    running = 0;
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        struct wj_thread *thread = wj_thread_at(i);
        thread->has_timer = 0; /* timers stay with the parent */
        thread->busy = 0;
        if (thread->event >= 0) {
            wj_file_close(thread->event, "[perf_event]");
            thread->event = -1;
        }
    }
}
