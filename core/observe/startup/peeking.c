/* What a stopped process says of itself. The program runs the interpreter that this was
 * compiled for: the layout of a str is that of its headers. */
#define _GNU_SOURCE
#include <Python.h>

#include "peeking.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE 4352

uint64_t
wj_mapped_at(pid_t process, const char *path)
{
    char name[64], line[LINE];
    uint64_t found = 0;
    snprintf(name, sizeof name, "/proc/%d/maps", process);
    FILE *maps = fopen(name, "re");
    if (maps == NULL) {
        return 0;
    }
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long start, offset;
        int at = 0;
        line[strcspn(line, "\n")] = '\0';
        sscanf(line, "%lx-%*x %*s %lx %*s %*s %n", &start, &offset, &at);
        if (at && offset == 0 && strcmp(line + at, path) == 0) {
            found = start;
        }
    }
    fclose(maps);
    return found;
}

uint64_t
wj_entry_of(pid_t process)
{
    char name[64];
    Elf64_auxv_t row;
    uint64_t found = 0;
    snprintf(name, sizeof name, "/proc/%d/auxv", process);
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    while (read(file, &row, sizeof row) == sizeof row && row.a_type != AT_NULL) {
        if (row.a_type == AT_ENTRY) {
            found = row.a_un.a_val;
        }
    }
    close(file);
    return found;
}

pid_t
wj_process_of(pid_t task)
{
    char name[64], line[LINE];
    int found = task;
    snprintf(name, sizeof name, "/proc/%d/status", task);
    FILE *status = fopen(name, "re");
    if (status == NULL) {
        return task;
    }
    while (fgets(line, sizeof line, status) && sscanf(line, "Tgid: %d", &found) != 1) {
    }
    fclose(status);
    return found;
}

static int
wj_read(pid_t process, uint64_t address, void *into, size_t size)
{
    struct iovec here = {into, size}, there = {(void *)address, size};
    return process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)size ? 0 : -1;
}

/* Write a character as UTF-8. Returns its length. */
static size_t
wj_encode(uint32_t c, char *into)
{
    if (c < 0x80) {
        into[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    into[0] = (char)((0xf0u << (3 - more)) | (c >> (6 * more)));
    for (size_t i = 1; i <= more; i++) {
        into[i] = (char)(0x80u | ((c >> (6 * (more - i))) & 0x3fu));
    }
    return more + 1;
}

int
wj_read_text(pid_t process, uint64_t object, char *into, size_t room)
{
    PyASCIIObject head;
    char data[1024];
    if (wj_read(process, object, &head, sizeof head) != 0 || head.length < 0) {
        return -1;
    }
    size_t kind = head.state.kind, used = 0;
    if (kind != 1 && kind != 2 && kind != 4) {
        return -1;
    }
    size_t count = (size_t)head.length, most = sizeof data / kind;
    count = count < most ? count : most;
    uint64_t start =
        head.state.ascii ? sizeof(PyASCIIObject) : sizeof(PyCompactUnicodeObject);
    if (!head.state.compact
        || wj_read(process, object + start, data, count * kind) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && used + 4 <= room; i++) {
        uint32_t c = 0;
        memcpy(&c, data + i * kind, kind); /* both processors are little-endian */
        used += wj_encode(c, into + used);
    }
    return (int)used;
}
