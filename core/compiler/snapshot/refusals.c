/* What cannot be frozen: all that lives in the kernel, and not in memory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mappings.h"
#include "snapshot.h"

struct lines {
    char *text;
    size_t size, used;
    int count;
};

__attribute__((format(printf, 2, 3))) static void
say(struct lines *lines, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    size_t room = lines->size - lines->used;
    int wrote = vsnprintf(lines->text + lines->used, room, format, values);
    va_end(values);
    if (wrote > 0 && (size_t)wrote < room) {
        lines->used += (size_t)wrote;
        lines->count++;
    }
}

/* Libraries that handle forks end their threads before one, and start them when needed.
 */
static void
let_threads_end(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    if (child > 0) {
        waitpid(child, NULL, 0);
    }
}

static void
name_thread(struct lines *lines, const char *number)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%.16s/comm", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, name, sizeof name - 1);
    if (file >= 0) {
        close(file);
    }
    name[size > 0 ? size - 1 : 0] = '\0';
    say(lines, "a thread, %s\n", *name ? name : number);
}

static void
look_at_threads(struct lines *lines)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *each;
    while (folder != NULL && (each = readdir(folder)) != NULL) {
        if (each->d_name[0] != '.' && atoi(each->d_name) != (int)getpid()) {
            name_thread(lines, each->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static const char *
kind_of(const char *target)
{
    return strncmp(target, "socket:", 7) == 0             ? "a socket"
           : strcmp(target, "anon_inode:[io_uring]") == 0 ? "io_uring"
           : strncmp(target, "/dev/nvidia", 11) == 0      ? "a GPU"
           : strncmp(target, "/dev/dri/", 9) == 0         ? "a GPU"
           : strncmp(target, "/dev/kfd", 8) == 0          ? "a GPU"
                                                          : "an open file";
}

static int
is_mapped(const struct wj_mappings *mappings, const char *path)
{
    for (size_t i = 0; mappings != NULL && i < mappings->count; i++) {
        if (strcmp(mappings->each[i].name, path) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Keep a descriptor that is opened again in each process: libffi holds its own library,
   to map parts of it. 0 if it is none of these. */
static int
hold(const struct wj_mappings *mappings, int number, const char *path)
{
    if (wj_frozen.held_count == WJ_HELD || !is_mapped(mappings, path)
        || (fcntl(number, F_GETFL) & O_ACCMODE) != O_RDONLY
        || lseek(number, 0, SEEK_CUR) != 0) {
        return 0;
    }
    wj_frozen.held[wj_frozen.held_count++] = (struct wj_held){number, strdup(path)};
    return 1;
}

static void
look_at_descriptors(struct lines *lines, const int *ours, size_t count)
{
    DIR *folder = opendir("/proc/self/fd");
    struct wj_mappings *mappings = wj_read_mappings();
    struct dirent *each;
    while (folder != NULL && (each = readdir(folder)) != NULL) {
        char target[512];
        int number = atoi(each->d_name), known = number < 3 || number == dirfd(folder);
        for (size_t i = 0; i < count; i++) {
            known |= number == ours[i];
        }
        ssize_t size =
            readlinkat(dirfd(folder), each->d_name, target, sizeof target - 1);
        if (each->d_name[0] == '.' || known || size < 0) {
            continue;
        }
        target[size] = '\0';
        if (hold(mappings, number, target)) {
            continue;
        }
        say(lines, "%s, descriptor %d: %s\n", kind_of(target), number, target);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    if (mappings != NULL) {
        wj_free_mappings(mappings);
    }
}

static void
look_at_memory(struct lines *lines)
{
    struct wj_mappings *mappings = wj_read_mappings();
    for (size_t i = 0; mappings != NULL && i < mappings->count; i++) {
        const struct wj_mapping *each = mappings->each + i;
        if (each->shared && (each->protection & PROT_WRITE)
            && each->start != (uintptr_t)mappings) {
            say(lines, "memory shared with others: %s\n",
                *each->name ? each->name : "?");
        }
    }
    if (mappings != NULL) {
        wj_free_mappings(mappings);
    }
}

static void
look_at_rest(struct lines *lines)
{
    struct itimerval timer;
    siginfo_t child;
    for (int i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
        if (getitimer(i, &timer) == 0
            && (timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0)) {
            say(lines, "a timer that is set\n");
        }
    }
    if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0) {
        say(lines, "a child process\n");
    }
}

int
wj_refusals(const int *ours, size_t count, char *text, size_t size)
{
    struct lines lines = {.text = text, .size = size};
    text[0] = '\0';
    let_threads_end();
    look_at_threads(&lines);
    look_at_descriptors(&lines, ours, count);
    look_at_memory(&lines);
    look_at_rest(&lines);
    return lines.count;
}
