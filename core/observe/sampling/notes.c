/* The records besides samples. */
#define _GNU_SOURCE
#include "notes.h"

#include <link.h>
#include <string.h>

/* A record with text behind it, not yet committed; its size through ``size``. */
static void *
reserve(struct wj_ring *ring, size_t head, size_t text, size_t *size)
{
    *size = WJ_ROUND(head + text);
    return wj_ring_reserve(ring, *size);
}

void
wj_note_thread(struct wj_ring *ring, enum wj_kind kind, const struct wj_thread *thread,
               int64_t time, int64_t cpu, const char *name, size_t size)
{
    size_t whole;
    struct wj_thread_note *note = reserve(ring, sizeof *note, size, &whole);
    if (note != NULL) {
        note->time = time;
        note->cpu = cpu;
        note->tid = (uint64_t)thread->tid;
        note->thread = thread->number;
        note->size = (uint32_t)size;
        memcpy(note + 1, name, size);
        wj_ring_commit(note, whole, kind);
    }
}

void
wj_note_name(struct wj_ring *ring, pid_t tid, const char *name, size_t size)
{
    size_t whole;
    struct wj_name *note = reserve(ring, sizeof *note, size, &whole);
    if (note != NULL) {
        note->tid = (uint64_t)tid;
        note->size = size;
        memcpy(note + 1, name, size);
        wj_ring_commit(note, whole, WJ_NAME);
    }
}

void
wj_note_text(struct wj_ring *ring, const char *text)
{
    size_t whole, size = strlen(text);
    struct wj_text *note = reserve(ring, sizeof *note, size, &whole);
    if (note != NULL) {
        note->size = size;
        memcpy(note + 1, text, size);
        wj_ring_commit(note, whole, WJ_NOTE);
    }
}

void
wj_note_task(struct wj_ring *ring, const void *coroutine, const void *parent,
             const char *name, size_t size)
{
    size_t whole;
    struct wj_task *note = reserve(ring, sizeof *note, size, &whole);
    if (note != NULL) {
        note->address = (uint64_t)(uintptr_t)coroutine;
        note->parent = (uint64_t)(uintptr_t)parent;
        note->size = size;
        memcpy(note + 1, name, size);
        wj_ring_commit(note, whole, WJ_TASK);
    }
}

/* ---- libraries ------------------------------------------------------------------ */

struct walk {
    struct wj_ring *ring;
    unsigned long long loaded; /* how many were ever loaded, says the loader */
};

static unsigned long long told;

static int
count_loaded(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    ((struct walk *)data)->loaded = info->dlpi_adds;
    return 1;
}

static void
tell_library(struct wj_ring *ring, const char *path, uint64_t base,
             const ElfW(Phdr) * part)
{
    size_t whole, size = strlen(path);
    struct wj_library *note = reserve(ring, sizeof *note, size, &whole);
    if (note != NULL) {
        note->start = base + part->p_vaddr;
        note->end = note->start + part->p_memsz;
        note->base = base;
        note->size = size;
        memcpy(note + 1, path, size);
        wj_ring_commit(note, whole, WJ_LIBRARY);
    }
}

static int
tell(struct dl_phdr_info *info, size_t size, void *data)
{
    struct walk *walk = data;
    (void)size;
    const char *path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            tell_library(walk->ring, path, info->dlpi_addr, part);
        }
    }
    return 0;
}

void
wj_note_libraries(struct wj_ring *ring, int all)
{
    struct walk walk = {ring, 0};
    dl_iterate_phdr(count_loaded, &walk);
    if (all || walk.loaded != told) {
        told = walk.loaded;
        dl_iterate_phdr(tell, &walk);
    }
}
