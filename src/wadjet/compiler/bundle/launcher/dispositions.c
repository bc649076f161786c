/* dispositions.c: what Python asks of 64 signals, one by one, known from a single look.
 *
 * As Python starts it asks for the disposition of each signal: 64 system calls. A
 * process that has just been executed has none but "default" and "ignored", and the
 * kernel gives the set of those ignored in one file. So for the time of the start,
 * questions are answered from there; what is set is set, and where the file cannot be
 * read the kernel is asked.
 *
 * A sigaction of the executable's own comes before the C library's, for libpython too,
 * be it linked in or loaded. It must not allocate: it is called in signal handlers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher.h"

int __sigaction(int, const struct sigaction *, struct sigaction *);

static uint64_t ignored;  /* bit n - 1 is signal n */
static uint64_t answered; /* those that are still default or ignored */

void
wadjet_know_dispositions(void)
{
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = '\0';
    const char *found = strstr(text, "\nSigIgn:\t");
    const char *caught = strstr(text, "\nSigCgt:\t0000000000000000\n");
    if (found && caught) {
        ignored = strtoull(found + strlen("\nSigIgn:\t"), NULL, 16);
        answered = ~UINT64_C(0);
    }
}

void
wadjet_forget_dispositions(void)
{
    answered = 0;
}

__attribute__((visibility("default"))) int
sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    /* 32 and 33 are the C library's own: it refuses them without a call. */
    bool known = number >= 1 && number <= 64 && number != 32 && number != 33;
    uint64_t bit = known ? UINT64_C(1) << (number - 1) : 0;
    if (action && (answered & bit)) {
        bool simple = action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN;
        answered &= simple ? ~UINT64_C(0) : ~bit;
        ignored = action->sa_handler == SIG_IGN ? ignored | bit : ignored & ~bit;
    }
    if (action || !old || !(answered & bit)) {
        return __sigaction(number, action, old);
    }
    memset(old, 0, sizeof *old);
    old->sa_handler = ignored & bit ? SIG_IGN : SIG_DFL;
    return 0;
}
