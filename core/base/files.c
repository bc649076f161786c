/* Descriptors of ours in a program that is not ours. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FIRST 32768 /* where ours start, if the limit allows */

int
wj_file_aside(int file)
{
    struct rlimit limit = {0, 0};
    if (file < 0) {
        return -1;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    int first = limit.rlim_cur > 2 * FIRST ? FIRST : (int)limit.rlim_cur / 2;
    int moved = fcntl(file, F_DUPFD_CLOEXEC, first);
    int error = errno;
    close(file);
    errno = error;
    return moved;
}

void
wj_file_close(int file, const char *kind)
{
    char path[32], name[256];
    if (file < 0) {
        return;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    ssize_t size = readlink(path, name, sizeof name - 1);
    name[size > 0 ? size : 0] = '\0';
    if (size <= 0 || strstr(name, kind) != NULL) {
        close(file);
    }
}
