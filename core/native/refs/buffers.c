/* Buffers that the extension has taken, by where their Py_buffer is. */
#include "state.h"

#include <stdlib.h>

#include "pointers.h"

enum { STACK = 1 << 20 }; /* bytes, of a call */

struct taken {
    struct wjr_site *site;
    PyObject *object; /* Borrowed: the buffer has a reference */
};

static struct wj_pointers buffers; /* from Py_buffer to what it was taken of */

void
wj_buffer_add(struct wjr_site *site, Py_buffer *view)
{
    struct taken *taken = malloc(sizeof *taken);
    void **place = taken == NULL ? NULL : wj_pointers_at(&buffers, view);
    if (place == NULL) {
        free(taken);
        return;
    }
    free(*place);
    *taken = (struct taken){site, view->obj};
    *place = taken;
}

int
wjr_buffer(struct wjr_site *site, PyObject *object, Py_buffer *view, int flags)
{
    wjr_before(site);
    wjr_use(site, object, 1, 0);
    int status = PyObject_GetBuffer(object, view, flags);
    if (status == 0 && view->obj != NULL && wj_current != NULL) {
        wj_buffer_add(site, view);
    }
    return status;
}

void
wjr_unbuffer(struct wjr_site *site, Py_buffer *view)
{
    wjr_before(site);
    free(wj_pointers_remove(&buffers, view));
    PyBuffer_Release(view);
}

int
wjr_fill(struct wjr_site *site, Py_buffer *view, PyObject *object, void *start,
         Py_ssize_t size, int readonly, int flags)
{
    wjr_before(site);
    int status = PyBuffer_FillInfo(view, object, start, size, readonly, flags);
    if (status == 0) {
        wjr_new(site, view->obj);
    }
    return status;
}

/* Buffers on the stack of a frame that ends, below it, but not by much: unless they
 * were copied into an object. */
void
wj_check_buffers(struct wj_frame *frame)
{
    uintptr_t top = (uintptr_t)frame, low = top - STACK;
    for (size_t i = 0; buffers.count > 0 && i < buffers.size; i++) {
        const void *view = buffers.pairs[i].key;
        struct taken *taken = buffers.pairs[i].value;
        if (view == NULL || (uintptr_t)view < low || (uintptr_t)view >= top) {
            continue;
        }
        if (wj_found_in(frame, taken->object, NULL, &(size_t){0}) == 0) {
            wj_report("buffer", taken->site, NULL, frame->callee,
                      "%s never releases the buffer that it takes here",
                      frame->callee->name);
        }
        free(wj_pointers_remove(&buffers, view));
        i = (size_t)-1;
    }
}
