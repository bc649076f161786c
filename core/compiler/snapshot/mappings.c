/* What this process has mapped, as /proc tells it, without a use of malloc. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"

#define ROOM (64ul << 20) /* of which only what is written takes memory */
#define LIST (4ul << 20)

/* Read a whole file, and end it with a zero. Its size, -1 with errno set. */
static ssize_t
read_all(const char *path, char *text, size_t room)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    size_t size = 0;
    ssize_t got;
    while (size < room - 1 && (got = read(file, text + size, room - 1 - size)) > 0) {
        size += (size_t)got;
    }
    close(file);
    text[size] = '\0';
    return (ssize_t)size;
}

static enum wj_mapping_kind
kind_of(const char *name)
{
    return strcmp(name, "[stack]") == 0      ? WJ_STACK
           : strcmp(name, "[vdso]") == 0     ? WJ_VDSO
           : strncmp(name, "[vvar", 5) == 0  ? WJ_VVAR
           : strcmp(name, "[vsyscall]") == 0 ? WJ_VSYSCALL
                                             : WJ_ORDINARY;
}

/* Read `START-END rwxp OFFSET DEVICE INODE NAME`; 0 if that is no such line. */
static int
read_head(char *line, struct wj_mapping *mapping)
{
    char rights[5];
    int name = 0;
    if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %*u %n", &mapping->start, &mapping->end,
               rights, &name)
            < 3
        || name == 0) {
        return 0;
    }
    mapping->protection = (rights[0] == 'r' ? PROT_READ : 0)
                          | (rights[1] == 'w' ? PROT_WRITE : 0)
                          | (rights[2] == 'x' ? PROT_EXEC : 0);
    mapping->shared = rights[3] == 's';
    mapping->name = line + name;
    mapping->kind = kind_of(mapping->name);
    return 1;
}

static void
read_flags(const char *line, struct wj_mapping *mapping)
{
    mapping->droppable = strstr(line, " dp") != NULL;
    mapping->wiped = strstr(line, " wf") != NULL;
}

struct wj_mappings *
wj_read_mappings(void)
{
    struct wj_mappings *made =
        mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) {
        return NULL;
    }
    char *text = (char *)made + LIST;
    made->size = ROOM;
    made->each = (struct wj_mapping *)(made + 1);
    made->room = (LIST - sizeof *made) / sizeof *made->each;
    if (read_all("/proc/self/smaps", text, ROOM - LIST) < 0) {
        wj_free_mappings(made);
        return NULL;
    }
    for (char *line = text, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        *end = '\0';
        struct wj_mapping found = {0};
        if (strncmp(line, "VmFlags:", 8) == 0 && made->count > 0) {
            read_flags(line, made->each + made->count - 1);
        } else if (made->count < made->room && read_head(line, &found)) {
            made->each[made->count++] = found;
        }
    }
    return made;
}

void
wj_free_mappings(struct wj_mappings *mappings)
{
    munmap(mappings, mappings->size);
}
