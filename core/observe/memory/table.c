/* The shared table: made, mapped, let go of. Must not know who writes or reads. */
#define _GNU_SOURCE
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define PAGE 4096ull
#define UP(size) (((size) + PAGE - 1) & ~(PAGE - 1))
#define CONTEXTS_AT UP(sizeof(struct wj_table_head))
#define FUNCTIONS_AT (CONTEXTS_AT + UP(sizeof(struct wj_context) * WJ_CONTEXTS))
#define THREADS_AT                                                                     \
    (FUNCTIONS_AT + UP(sizeof(struct wj_tracked_function) * WJ_FUNCTIONS))
#define MAPPINGS_AT                                                                    \
    (THREADS_AT + UP(sizeof(struct wj_tracked_thread) * WJ_TRACKED_THREADS))
#define FAREWELL_AT (MAPPINGS_AT + UP(sizeof(struct wj_mapping) * WJ_MAPPINGS))
#define TEXT_AT (FAREWELL_AT + WJ_FAREWELL)
#define WHOLE (TEXT_AT + WJ_TEXT)

static int
map(struct wj_table *table, int file, int protection)
{
    char *at = mmap(NULL, WHOLE, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (at == MAP_FAILED) {
        return -1;
    }
    table->head = (struct wj_table_head *)at;
    table->contexts = (struct wj_context *)(at + CONTEXTS_AT);
    table->functions = (struct wj_tracked_function *)(at + FUNCTIONS_AT);
    table->threads = (struct wj_tracked_thread *)(at + THREADS_AT);
    table->mappings = (struct wj_mapping *)(at + MAPPINGS_AT);
    table->farewell = at + FAREWELL_AT;
    table->text = at + TEXT_AT;
    table->file = file;
    return 0;
}

int
wj_table_create(struct wj_table *table, int64_t mean, int natives)
{
    int file =
        wj_file_aside(memfd_create("wadjet-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (file < 0) {
        return -1;
    }
    if (ftruncate(file, WHOLE) != 0 || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK) != 0
        || map(table, file, PROT_READ | PROT_WRITE) != 0) {
        int error = errno;
        close(file);
        table->file = -1;
        errno = error;
        return -1;
    }
    table->head->magic = WJ_TABLE_MAGIC;
    table->head->size = WHOLE;
    table->head->mean = mean;
    table->head->natives = (uint64_t)(natives != 0);
    table->head->contexts = table->head->functions = table->head->threads = 1;
    return 0;
}

int
wj_table_open(struct wj_table *table, int file)
{
    struct stat found;
    if (fstat(file, &found) != 0) {
        return -1;
    }
    /* One that may shrink could kill whoever reads it. */
    if ((uint64_t)found.st_size != WHOLE
        || !(fcntl(file, F_GET_SEALS) & F_SEAL_SHRINK)) {
        errno = EINVAL;
        return -1;
    }
    if (map(table, file, PROT_READ) != 0) {
        return -1;
    }
    if (table->head->magic != WJ_TABLE_MAGIC) {
        munmap(table->head, WHOLE);
        table->file = -1;
        errno = EINVAL;
        return -1;
    }
    return 0;
}

void
wj_table_close(struct wj_table *table)
{
    if (table->file >= 0) {
        munmap(table->head, WHOLE);
        wj_file_close(table->file, "wadjet-memory");
        table->file = -1;
    }
}

void
wj_table_leave(struct wj_table *table)
{
    wj_file_close(table->file, "wadjet-memory");
    table->file = -1;
}
