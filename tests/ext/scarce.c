/* Preloaded, makes one allocation of Wadjet's core fail: the one whose number, from 1,
 * is in WADJET_SCARCE. Only calls that come from the extension module count, so that
 * the interpreter lives on and the core has to cope. Writes how many there were to the
 * file in WADJET_SCARCE_LOG, a line a process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static uintptr_t core_start, core_end;
static long calls, failing;

/* True for the call that is to fail. */
static int
due(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if (at < core_start || at >= core_end) {
        return 0;
    }
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != failing) {
        return 0;
    }
    errno = ENOMEM;
    return 1;
}

void *
malloc(size_t size)
{
    return due(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    return due(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
    return due(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

static int
note_core(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    if (strstr(info->dlpi_name, "/_sampling.") == NULL) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
            core_start = info->dlpi_addr + part->p_vaddr;
            core_end = core_start + part->p_memsz;
        }
    }
    return 1;
}

void *
dlopen(const char *file, int mode)
{
    void *(*next)(const char *, int) =
        (void *(*)(const char *, int))(uintptr_t)dlsym(RTLD_NEXT, "dlopen");
    void *opened = next(file, mode);
    if (opened != NULL && file != NULL && strstr(file, "/_sampling.") != NULL) {
        const char *number = getenv("WADJET_SCARCE");
        failing = number == NULL ? 0 : atol(number);
        dl_iterate_phdr(note_core, NULL);
    }
    return opened;
}

__attribute__((destructor)) static void
tell(void)
{
    const char *path = getenv("WADJET_SCARCE_LOG");
    char line[32];
    int log = path == NULL || core_start == 0
                  ? -1
                  : open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (log >= 0) {
        int size = snprintf(line, sizeof line, "%ld\n", calls);
        if (write(log, line, (size_t)size) != size) {
            _exit(70);
        }
        close(log);
    }
}
