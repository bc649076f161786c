/* Whether an address that was an object's still is: asked of the links that its
 * neighbours in the collector's list have. */
#define _GNU_SOURCE
#include "tracked.h"

#include <sys/mman.h>
#include <unistd.h>

#include "poison.h"

#define PAGE 4096 /* or a part of one, which is as good */

static int
is_mapped(struct wj_pages *pages, const void *address)
{
    unsigned char resident;
    uintptr_t page = (uintptr_t)address / PAGE;
    uintptr_t *known = &pages->known[page & (WJ_KNOWN_PAGES - 1)];
    if (*known != page) {
        static uintptr_t whole; /* the kernel's own */
        whole = whole ? whole : (uintptr_t)sysconf(_SC_PAGESIZE);
        uintptr_t start = (uintptr_t)address & ~(whole - 1);
        if (mincore((void *)start, 1, &resident) == 0) {
            *known = page;
        }
    }
    return *known == page && !WJ_IS_POISONED(address);
}

/* True if an object of the type lies at the address: a dead one has no count. */
static int
is_counted(struct wj_pages *pages, const PyObject *object, const PyTypeObject *type)
{
    return is_mapped(pages, wj_gc_head(object)) && is_mapped(pages, &object->ob_type)
           && Py_REFCNT(object) > 0 && object->ob_type == type;
}

static int
is_linked(struct wj_pages *pages, const PyGC_Head *head)
{
    const PyGC_Head *next = wj_gc_next(head), *previous = wj_gc_previous(head);
    return next != NULL && previous != NULL && is_mapped(pages, next)
           && is_mapped(pages, &next->_gc_prev) && is_mapped(pages, previous)
           && wj_gc_previous(next) == head && wj_gc_next(previous) == head;
}

int
wj_is_tracked(struct wj_pages *pages, const PyObject *object, const PyTypeObject *type)
{
    return is_counted(pages, object, type) && is_linked(pages, wj_gc_head(object));
}

int
wj_is_alive(struct wj_pages *pages, const PyObject *object, const PyTypeObject *type)
{
    int may_be_let_go = type == &PyTuple_Type || type == &PyDict_Type;
    return is_counted(pages, object, type)
           && (is_linked(pages, wj_gc_head(object))
               || (may_be_let_go && wj_gc_next(wj_gc_head(object)) == NULL));
}
