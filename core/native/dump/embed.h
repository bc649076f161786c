/* Wadjet for programs that embed Python: what it does, from C, when it is stuck.
 *
 * Call wadjet_embed_init once, with the GIL, after Py_Initialize; then the others from
 * anywhere: without the GIL, in a signal handler, while other threads run. They write
 * text to a file descriptor, call no Python and allocate nothing. What changes while it
 * is read may be shown torn; it is never followed into memory that is not there.
 *
 * Each returns 0, or -1 where nothing was written: before wadjet_embed_init, while
 * another dump is under way, or where the descriptor takes nothing. C and C++.
 */
#ifndef WADJET_EMBED_H
#define WADJET_EMBED_H

#include <Python.h>

#define WADJET_EMBED_MODULE "wadjet.native.dump._dump"
#define WADJET_EMBED_CAPSULE WADJET_EMBED_MODULE ".api"

#ifdef __cplusplus
extern "C" {
#endif

struct wadjet_embed {
    int (*threads)(int fd);
    int (*collector)(int fd);
    int (*heap)(int fd);
};

#ifndef WADJET_EMBED_PROVIDER

/* One for each file that includes this. */
static const struct wadjet_embed *wadjet_embed_ __attribute__((unused));

/* 0, or -1 with an exception set. */
static inline int
wadjet_embed_init(void)
{
    PyObject *module = PyImport_ImportModule(WADJET_EMBED_MODULE);
    PyObject *capsule = module ? PyObject_GetAttrString(module, "api") : NULL;
    if (capsule != NULL) {
        wadjet_embed_ = (const struct wadjet_embed *)PyCapsule_GetPointer(
            capsule, WADJET_EMBED_CAPSULE);
    }
    Py_XDECREF(capsule);
    Py_XDECREF(module); /* sys.modules keeps it */
    return wadjet_embed_ == NULL ? -1 : 0;
}

/* The Python stack of each thread, who has the GIL, and whether the kernel runs it. */
static inline int
wadjet_dump_threads(int fd)
{
    return wadjet_embed_ == NULL ? -1 : wadjet_embed_->threads(fd);
}

/* Whether the collector is on or under way, and how far its generations are. */
static inline int
wadjet_dump_collector(int fd)
{
    return wadjet_embed_ == NULL ? -1 : wadjet_embed_->collector(fd);
}

/* The types with most objects that the collector tracks: a look at each object. */
static inline int
wadjet_dump_heap(int fd)
{
    return wadjet_embed_ == NULL ? -1 : wadjet_embed_->heap(fd);
}

#endif

#ifdef __cplusplus
}
#endif
#endif
