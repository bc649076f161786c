/* The memory of this process as an executable: a segment for each mapping.
 *
 * Pages of zeros are left out, as holes of the file. Memory that nobody may touch is a
 * mapping all the same, so that nothing else is put there. What the kernel may empty is
 * written empty.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"
#include "snapshot.h"

#define PAGE 4096ul
#define WINDOW (1ul << 22)
#define BLOCK (1ul << 16) /* the least that is left out */
#define DATA                                                                           \
    (1ul << 17) /* where memory begins in the file: behind 64 KiB of headers           \
                 */
#define MOST_SEGMENTS (65536 / sizeof(Elf64_Phdr))
#define HIGHEST 0x7ff000000000ul /* above it lie the stacks of processes */

struct image {
    int file, memory;
    size_t end; /* of the file so far */
    size_t count;
    size_t reserved; /* bytes of the largest part that nobody may touch */
    Elf64_Phdr parts[MOST_SEGMENTS];
    size_t window;     /* where in the file it lies; a multiple of its size */
    char copy[WINDOW]; /* what is still to be written there */
};

static int
write_all(int file, const char *from, size_t size, size_t at)
{
    while (size > 0) {
        ssize_t done = pwrite(file, from, size, (off_t)at);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -1;
        }
        from += done, at += (size_t)done, size -= (size_t)done;
    }
    return 0;
}

static int
is_empty(const char *block)
{
    const uint64_t *word = (const uint64_t *)block;
    uint64_t seen = 0;
    for (size_t i = 0; i < BLOCK / sizeof *word; i++) {
        seen |= word[i];
    }
    return seen == 0;
}

/* Write the window, but for blocks that are empty. What is written at once, and begins
   at a multiple of its size, the kernel keeps in large pages of its cache, which it
   maps sooner than small ones: a start takes a seventh less. */
static int
flush_window(struct image *image)
{
    for (size_t at = 0; at < WINDOW; at += BLOCK) {
        size_t end = at;
        while (end < WINDOW && !is_empty(image->copy + end)) {
            end += BLOCK;
        }
        if (end > at
            && write_all(image->file, image->copy + at, end - at, image->window + at)
                   < 0) {
            return -1;
        }
        at = end;
    }
    memset(image->copy, 0, WINDOW);
    return 0;
}

/* Copy memory into the window as the kernel reads it: to touch a guard page would be
   our end, and such a page is as good as empty. Returns the bytes that were copied. */
static size_t
copy_pages(struct image *image, uintptr_t from, size_t size, size_t offset)
{
    size_t at = offset - image->window, room = WINDOW - at;
    ssize_t got =
        pread(image->memory, image->copy + at, size < room ? size : room, (off_t)from);
    return got >= (ssize_t)PAGE ? (size_t)got & ~(PAGE - 1) : PAGE;
}

/* Parts lie in the file one after the other, in their order. */
static int
write_pages(struct image *image, const Elf64_Phdr *part)
{
    for (size_t at = 0; at < part->p_filesz;) {
        size_t offset = part->p_offset + at;
        if (offset >= image->window + WINDOW) {
            if (flush_window(image) < 0) {
                return -1;
            }
            image->window = offset & ~(WINDOW - 1);
        }
        at += copy_pages(image, part->p_vaddr + at, part->p_filesz - at, offset);
    }
    return 0;
}

static Elf64_Word
flags_of(int protection)
{
    return (protection & PROT_READ ? PF_R : 0u) | (protection & PROT_WRITE ? PF_W : 0u)
           | (protection & PROT_EXEC ? PF_X : 0u);
}

/* Let what is only read lie in one segment with the code beside it, as linkers had it
   before they kept it apart: the kernel's time goes with the number of segments. An
   image whose addresses are drawn by chance is made so that its reader gains nothing.
 */
static Elf64_Word
flags_beside(Elf64_Phdr *last, Elf64_Word flags)
{
    if (wj_frozen.by_chance || (flags | last->p_flags) != (PF_R | PF_X)
        || !(flags & last->p_flags & PF_R)) {
        return flags;
    }
    last->p_flags |= PF_X;
    return PF_R | PF_X;
}

/* Add a segment, or to the one before. -1 if there are too many. */
static int
add(struct image *image, uintptr_t start, uintptr_t end, int protection, int is_zero)
{
    size_t size = end - start;
    int is_kept = (protection & PROT_READ) && !is_zero;
    Elf64_Phdr *last = image->count ? image->parts + image->count - 1 : NULL;
    int joins = is_kept && last != NULL && last->p_vaddr + last->p_memsz == start
                && last->p_filesz == last->p_memsz
                && last->p_offset + last->p_filesz == image->end;
    Elf64_Word flags = flags_of(protection);
    if (joins && flags_beside(last, flags) == last->p_flags) {
        last->p_filesz += size, last->p_memsz += size, image->end += size;
        return 0;
    }
    if (image->count == MOST_SEGMENTS - 1) {
        return -1;
    }
    Elf64_Phdr *part = image->parts + image->count++;
    *part = (Elf64_Phdr){.p_type = PT_LOAD,
                         .p_flags = flags,
                         .p_offset = image->end,
                         .p_vaddr = start,
                         .p_filesz = is_zero ? 0 : size,
                         .p_memsz = size,
                         .p_align = PAGE};
    if (is_kept) {
        image->end += size;
    } else if (!is_zero && size > image->reserved) {
        image->reserved = size;
    }
    return 0;
}

static int
add_volatile(const struct wj_mapping *mapping)
{
    if (wj_frozen.volatile_count == WJ_VOLATILE_PIECES) {
        return -1;
    }
    wj_frozen.volatiles[wj_frozen.volatile_count++] = (struct wj_volatile_piece){
        mapping->start, mapping->end - mapping->start, mapping->droppable};
    return 0;
}

/* Add the stack: what lies below the frames that are in use is empty. */
static int
add_stack(struct image *image, const struct wj_mapping *mapping)
{
    uintptr_t used = (wj_frozen.registers.rsp - 2 * PAGE) & ~(PAGE - 1);
    return add(image, mapping->start, used, mapping->protection, 1) < 0
                   || add(image, used, mapping->end, mapping->protection, 0) < 0
               ? -1
               : 0;
}

static int
add_mapping(struct image *image, const struct wj_mapping *each, const char **why)
{
    if (each->kind != WJ_ORDINARY) {
        return 0;
    }
    if (each->shared && (each->protection & PROT_WRITE)) {
        *why = "there is memory that it shares with others";
        return -1;
    }
    if (each->end > HIGHEST) {
        *why = "its addresses may be taken elsewhere";
        return -1;
    }
    int is_volatile = each->droppable || each->wiped;
    int failed = is_volatile && add_volatile(each) < 0;
    if (each->start == wj_frozen.stack_low) {
        failed |= add_stack(image, each) < 0;
    } else {
        failed |= add(image, each->start, each->end, each->protection, is_volatile) < 0;
    }
    if (failed) {
        *why = "it has too many mappings for one executable";
    }
    return failed ? -1 : 0;
}

/* Write the head of the file. Parts that nobody may touch all point at one hole. */
static int
write_head(struct image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        Elf64_Phdr *part = image->parts + i;
        if (part->p_flags == 0) {
            part->p_offset = image->end;
        }
    }
    Elf64_Phdr *stack = image->parts + image->count++;
    *stack =
        (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
    Elf64_Ehdr head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                   ELFDATA2LSB, EV_CURRENT},
                       .e_type = ET_EXEC,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_entry = (uintptr_t)wj_entry,
                       .e_phoff = sizeof head,
                       .e_ehsize = sizeof head,
                       .e_phentsize = sizeof *image->parts,
                       .e_phnum = (Elf64_Half)image->count};
    return write_all(image->file, (char *)&head, sizeof head, 0) < 0
                   || write_all(image->file, (char *)image->parts,
                                image->count * sizeof *image->parts, sizeof head)
                          < 0
                   || ftruncate(image->file, (off_t)(image->end + image->reserved)) < 0
               ? -1
               : 0;
}

int
wj_write_image(int file, const char **why)
{
    struct wj_mappings *mappings = wj_read_mappings();
    struct image *image = mmap(NULL, sizeof *image, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = mappings == NULL || image == MAP_FAILED;
    if (!failed) {
        image->file = file;
        image->memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        failed = image->memory < 0;
        image->end = DATA;
    }
    wj_frozen.volatile_count = 0;
    for (size_t i = 0; !failed && i < mappings->count; i++) {
        failed = mappings->each[i].start != (uintptr_t)mappings
                 && add_mapping(image, mappings->each + i, why) < 0;
    }
    for (size_t i = 0; !failed && i < image->count; i++) {
        failed = (image->parts[i].p_flags & PF_R) != 0
                 && write_pages(image, image->parts + i) < 0;
    }
    failed = failed || flush_window(image) < 0 || write_head(image) < 0;
    int error = errno;
    if (mappings != NULL) {
        wj_free_mappings(mappings);
    }
    if (image != MAP_FAILED) {
        close(image->memory);
        munmap(image, sizeof *image);
    }
    errno = error;
    return failed ? -1 : 0;
}
