/* The memory that belongs to the extension: instances of its types, blocks that it has
 * allocated, and the variables of its libraries. A reference that it has must be found
 * there as a pointer.
 *
 * Reads memory that may be anything, word by word; knows nothing of counts.
 */
#include "state.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pointers.h"

enum { LIBRARIES = 64, WORD = sizeof(void *), BUDGET = 1 << 13, FEW = 1 << 17 };

static struct wj_pointers instances, blocks;
static const char *lowest = (const char *)UINTPTR_MAX, *highest; /* of all blocks */
static pthread_mutex_t block_lock = PTHREAD_MUTEX_INITIALIZER;

static struct library {
    uintptr_t base;
    const char *start, *end; /* of its variables */
    const char *code, *code_end;
} libraries[LIBRARIES];
static int library_count;

void
wj_instance_add(PyObject *object)
{
    wj_pointers_at(&instances, object);
}

void
wj_instance_remove(PyObject *object)
{
    wj_pointers_remove(&instances, object);
}

int
wj_is_instance(const void *object)
{
    return wj_pointers_find(&instances, object) != NULL;
}

size_t
wj_size_of(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    Py_ssize_t size = type->tp_basicsize;
    if (type->tp_itemsize > 0) {
        Py_ssize_t items = Py_SIZE(object);
        size += type->tp_itemsize * (items < 0 ? -items : items);
    }
    return size > 0 ? (size_t)size : 0;
}

/* ---- blocks ---- */

void *
wjr_block(struct wjr_site *site, void *start, size_t size, int kind)
{
    struct wj_region *block = start == NULL ? NULL : calloc(1, sizeof *block);
    if (block != NULL) {
        *block = (struct wj_region){start, size, kind, site};
        pthread_mutex_lock(&block_lock);
        lowest = (const char *)start < lowest ? start : lowest;
        highest = (const char *)start > highest ? start : highest;
        void **place = wj_pointers_at(&blocks, start);
        if (place != NULL) {
            free(*place);
            *place = block;
        }
        pthread_mutex_unlock(&block_lock);
    }
    return start;
}

void
wjr_unblock(struct wjr_site *site, void *start, int kind)
{
    static const char *const names[] = {
        "?", "PyMem_RawMalloc", "malloc", "PyMem_Malloc", "PyObject_Malloc", "new"};
    pthread_mutex_lock(&block_lock);
    struct wj_region *block = wj_pointers_remove(&blocks, start);
    pthread_mutex_unlock(&block_lock);
    if (block != NULL && block->kind != kind) {
        if (site != NULL) {
            wj_touch(site);
        }
        wj_report("allocator", site, block->site, NULL,
                  "%s releases memory that is from %s", site ? site->api : "free",
                  names[block->kind]);
    }
    free(block);
}

const struct wj_region *
wj_block_at(const void *start)
{
    pthread_mutex_lock(&block_lock);
    void **place = wj_pointers_find(&blocks, start);
    const struct wj_region *block = place == NULL ? NULL : *place;
    pthread_mutex_unlock(&block_lock);
    return block;
}

/* ---- variables ---- */

static int
measure(struct dl_phdr_info *info, size_t size, void *context)
{
    struct library *library = context;
    uintptr_t start = 0, end = 0, fixed = 0;
    (void)size;
    if (info->dlpi_addr != library->base) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t from = library->base + part->p_vaddr;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W)) {
            start = start == 0 ? from : start;
            end = from + part->p_memsz;
        }
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            library->code = (const char *)from;
            library->code_end = (const char *)from + part->p_memsz;
        }
        if (part->p_type == PT_GNU_RELRO) {
            fixed = from + part->p_memsz;
        }
    }
    start = fixed > start && fixed < end ? fixed : start;
    library->start = (const char *)((start + WORD - 1) & ~(uintptr_t)(WORD - 1));
    library->end = (const char *)end;
    return 1;
}

/* Know the library that an address of the extension lies in. */
void
wj_library_of(const void *address)
{
    Dl_info found;
    if (wj_in_globals(address) || library_count == LIBRARIES
        || dladdr(address, &found) == 0) {
        return;
    }
    struct library *library = &libraries[library_count];
    for (int i = 0; i < library_count; i++) {
        if (libraries[i].base == (uintptr_t)found.dli_fbase) {
            return;
        }
    }
    library->base = (uintptr_t)found.dli_fbase;
    dl_iterate_phdr(measure, library);
    library_count++;
}

/* Whether code or data lies in a library of the extension. */
int
wj_in_libraries(const void *address)
{
    Dl_info found;
    if (dladdr(address, &found) != 0) {
        for (int i = 0; i < library_count; i++) {
            if (libraries[i].base == (uintptr_t)found.dli_fbase) {
                return 1;
            }
        }
    }
    return 0;
}

int
wj_in_code(const void *address)
{
    for (int i = 0; i < library_count; i++) {
        if ((const char *)address > libraries[i].code
            && (const char *)address <= libraries[i].code_end) {
            return 1;
        }
    }
    return 0;
}

int
wj_in_globals(const void *address)
{
    for (int i = 0; i < library_count; i++) {
        if ((const char *)address >= libraries[i].start
            && (const char *)address < libraries[i].end) {
            return 1;
        }
    }
    return 0;
}

/* ---- counting pointers ---- */

static int
count(const char *start, size_t size, PyObject *object, size_t *offset)
{
    int found = 0;
    for (size_t at = 0; at + WORD <= size; at += WORD) {
        PyObject *word;
        memcpy(&word, start + at, WORD);
        if (word == object) {
            *offset = at;
            found++;
        }
    }
    return found;
}

int
wj_count_in_globals(PyObject *object)
{
    int found = 0;
    size_t offset;
    for (int i = 0; i < library_count; i++) {
        found +=
            count(libraries[i].start, (size_t)(libraries[i].end - libraries[i].start),
                  object, &offset);
    }
    return found;
}

/* The same where it costs little; 0 where there are many variables. */
int
wj_count_in_few_globals(PyObject *object)
{
    size_t size = 0;
    for (int i = 0; i < library_count; i++) {
        size += (size_t)(libraries[i].end - libraries[i].start);
    }
    return size > FEW ? 0 : wj_count_in_globals(object);
}

/* Go through the pointers in memory, and in the blocks that it points to, and so on.
 * ``top`` is the offset of all of it in its home, 0 for that of each word behind
 * ``base``. True when the visitor has had enough.
 */
static int
scan_words(const char *start, size_t size, size_t base, size_t top, int depth,
           struct wj_scan *scan)
{
    size_t words = size / WORD < scan->budget ? size / WORD : scan->budget;
    scan->budget -= words;
    for (size_t i = 0; i < words; i++) {
        char *word;
        size_t offset = top ? top : base + i * WORD;
        memcpy(&word, start + i * WORD, WORD);
        if (word == NULL || ((uintptr_t)word & (WORD - 1))) {
            continue;
        }
        if (word >= scan->low && word <= scan->high
            && scan->visit((PyObject *)word, offset, scan)) {
            return 1;
        }
        void **place = depth == 0 || word < lowest || word > highest
                           ? NULL
                           : wj_pointers_find(&blocks, word);
        const struct wj_region *block = place == NULL ? NULL : *place;
        if (block != NULL) { /* a large one leaves something for those behind it */
            size_t half = scan->budget / 2 * WORD;
            if (scan_words(block->start, block->size < half ? block->size : half, 0,
                           offset, depth - 1, scan)) {
                return 1;
            }
        }
    }
    return 0;
}

int
wj_scan(PyObject *home, int depth, struct wj_scan *scan)
{
    const char *start = NULL;
    size_t size = 0, base = 0;
    if (PyModule_Check(home)) {
        struct PyModuleDef *def = PyModule_GetDef(home);
        int has = def != NULL && def->m_size > 0;
        start = has ? PyModule_GetState(home) : NULL;
        size = start == NULL ? 0 : (size_t)def->m_size;
    } else if (wj_is_instance(home)) {
        base = sizeof(PyObject);
        start = (const char *)home + base;
        size = wj_size_of(home) > base ? wj_size_of(home) - base : 0;
    }
    pthread_mutex_lock(&block_lock);
    scan->budget = BUDGET;
    int enough = scan_words(start, size, base, 0, depth, scan);
    pthread_mutex_unlock(&block_lock);
    return enough;
}

int
wj_scan_globals(struct wj_scan *scan)
{
    for (int i = 0; i < library_count; i++) {
        size_t size = (size_t)(libraries[i].end - libraries[i].start);
        scan->budget = size / WORD;
        if (scan_words(libraries[i].start, size, 0, 0, 0, scan)) {
            return 1;
        }
    }
    return 0;
}

static int
count_one(PyObject *word, size_t offset, struct wj_scan *scan)
{
    (void)word;
    scan->offset = scan->found++ ? scan->offset : offset;
    return 0;
}

int
wj_count_in(PyObject *home, PyObject *object, int depth, size_t *offset)
{
    struct wj_scan scan = {
        .visit = count_one, .low = (const char *)object, .high = (const char *)object};
    wj_scan(home, depth, &scan);
    if (scan.found > 0 && offset != NULL) {
        *offset = scan.offset;
    }
    return scan.found;
}

static void
count_region(const char *start, size_t size, void *context)
{
    struct wj_scan *scan = context;
    size_t offset;
    scan->found += count(start, size, (PyObject *)scan->low, &offset);
}

int
wj_count_everywhere(PyObject *object)
{
    struct wj_scan scan = {.low = (const char *)object};
    wj_each_region(count_region, &scan);
    return scan.found;
}

/* Visit all memory that may hold references of the extension. */
void
wj_each_region(void (*visit)(const char *start, size_t size, void *context),
               void *context)
{
    for (int i = 0; i < library_count; i++) {
        visit(libraries[i].start, (size_t)(libraries[i].end - libraries[i].start),
              context);
    }
    for (size_t i = 0; i < blocks.size; i++) {
        const struct wj_region *block = blocks.pairs[i].value;
        if (blocks.pairs[i].key != NULL && block != NULL) {
            visit(block->start, block->size, context);
        }
    }
    for (size_t i = 0; i < instances.size; i++) {
        PyObject *object = (PyObject *)instances.pairs[i].key;
        size_t head = sizeof(PyObject);
        if (object != NULL && wj_size_of(object) > head) {
            visit((const char *)object + head, wj_size_of(object) - head, context);
        }
    }
}

/* ---- what the linker leads here: memory of malloc ---- */

WJR_PUBLIC void *__wrap_malloc(size_t size);
WJR_PUBLIC void *__wrap_calloc(size_t count, size_t size);
WJR_PUBLIC void *__wrap_realloc(void *start, size_t size);
WJR_PUBLIC void __wrap_free(void *start);

void *
__wrap_malloc(size_t size)
{
    return wjr_block(NULL, malloc(size), size, WJR_MALLOC);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return wjr_block(NULL, calloc(count, size), count * size, WJR_MALLOC);
}

void *
__wrap_realloc(void *start, size_t size)
{
    wjr_unblock(NULL, start, WJR_MALLOC);
    return wjr_block(NULL, realloc(start, size), size, WJR_MALLOC);
}

void
__wrap_free(void *start)
{
    wjr_unblock(NULL, start, WJR_MALLOC);
    free(start);
}
