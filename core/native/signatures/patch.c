#define _GNU_SOURCE
#include "patch.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char MARK[] = "\n--\n\n";
enum { MARK_SIZE = sizeof(MARK) - 1 };

/* ---- texts ----------------------------------------------------------------------- */

size_t
wj_patch_head(const char *doc, const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *last = dot == NULL ? name : dot + 1;
    size_t length = strlen(last);
    if (doc == NULL || strncmp(doc, last, length) != 0 || doc[length] != '(') {
        return 0;
    }
    const char *end = strstr(doc, MARK);
    const char *blank = strstr(doc, "\n\n");
    if (end == NULL || (blank != NULL && blank < end)) {
        return 0;
    }
    return (size_t)(end - doc) + MARK_SIZE;
}

size_t
wj_patch_room(size_t length, const char *old, const char *name)
{
    size_t rest = old == NULL ? 0 : strlen(old) - wj_patch_head(old, name);
    return length + MARK_SIZE + rest + 1;
}

void
wj_patch_text(char *to, const char *text, size_t length, const char *old,
              const char *name)
{
    memcpy(to, text, length);
    memcpy(to + length, MARK, MARK_SIZE);
    strcpy(to + length + MARK_SIZE, old == NULL ? "" : old + wj_patch_head(old, name));
}

/* ---- images ---------------------------------------------------------------------- */

struct walk {
    wj_patch_visit visit;
    void *context;
};

static const unsigned char *
build_id(const struct dl_phdr_info *info, size_t *size)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_NOTE) {
            continue;
        }
        const char *at = (const char *)(info->dlpi_addr + segment->p_vaddr);
        const char *end = at + segment->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            const char *name = at + sizeof(*note);
            const char *value = name + ((note->n_namesz + 3u) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4
                && memcmp(name, "GNU", 4) == 0) {
                *size = note->n_descsz;
                return (const unsigned char *)value;
            }
            at = value + ((note->n_descsz + 3u) & ~3u);
        }
    }
    return NULL;
}

static int
visit_image(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct walk *walk = context;
    size_t id_size = 0;
    const unsigned char *id = build_id(info, &id_size);
    uintptr_t end = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t after = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        end = segment->p_type == PT_LOAD && after > end ? after : end;
    }
    return walk->visit(walk->context, info->dlpi_name, info->dlpi_addr, end, id,
                       id_size);
}

int
wj_patch_images(wj_patch_visit visit, void *context)
{
    struct walk walk = {visit, context};
    return dl_iterate_phdr(visit_image, &walk);
}

/* ---- pages ----------------------------------------------------------------------- */

struct search {
    uintptr_t place;
    uintptr_t page_size;
    struct wj_pages *pages;
};

/* Leave of [*start, *end) the part beside [from, to) that has ``place``; true where
   that is within. */
static int
divide(uintptr_t place, uintptr_t *start, uintptr_t *end, uintptr_t from, uintptr_t to)
{
    if (place >= to) {
        *start = *start > to ? *start : to;
        return 0;
    }
    if (place < from) {
        *end = *end < from ? *end : from;
        return 0;
    }
    *start = from;
    *end = to;
    return 1;
}

static int
find_pages(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct search *search = context;
    struct wj_pages *pages = search->pages;
    uintptr_t mask = ~(search->page_size - 1);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && search->place >= start
            && search->place < start + segment->p_memsz) {
            pages->start = start & mask;
            pages->end = start + segment->p_memsz;
            pages->protection = (segment->p_flags & PF_R ? PROT_READ : 0)
                                | (segment->p_flags & PF_W ? PROT_WRITE : 0)
                                | (segment->p_flags & PF_X ? PROT_EXEC : 0);
        }
    }
    for (int i = 0; pages->protection >= 0 && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        /* The loader protects whole pages only. */
        if (segment->p_type == PT_GNU_RELRO
            && divide(search->place, &pages->start, &pages->end, start & mask,
                      (start + segment->p_memsz) & mask)) {
            pages->protection &= ~PROT_WRITE;
        }
    }
    return pages->protection >= 0;
}

int
wj_patch_pointer(struct wj_pages *pages, void **place, void *value)
{
    uintptr_t at = (uintptr_t)place;
    if (at < pages->start || at >= pages->end) {
        wj_patch_close(pages);
        pages->protection = -1;
        struct search search = {at, (uintptr_t)sysconf(_SC_PAGESIZE), pages};
        dl_iterate_phdr(find_pages, &search);
        if (pages->protection >= 0 && !(pages->protection & PROT_WRITE)) {
            if (mprotect((void *)pages->start, pages->end - pages->start,
                         pages->protection | PROT_WRITE)
                != 0) {
                return -1;
            }
            pages->opened = 1;
        }
    }
    __atomic_store_n(place, value, __ATOMIC_RELEASE);
    return 0;
}

void
wj_patch_close(struct wj_pages *pages)
{
    if (pages->opened) {
        (void)mprotect((void *)pages->start, pages->end - pages->start,
                       pages->protection);
    }
    *pages = (struct wj_pages){0, 0, 0, 0};
}
