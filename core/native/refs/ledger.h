/* The border between an extension that is built for the ledger and the ledger.
 *
 * The extension's calls of the C API come here, by way of macros that the shim header
 * defines around this one. C and C++; whoever includes it has included Python.h.
 */
#ifndef WJ_LEDGER_H
#define WJ_LEDGER_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WJR_PUBLIC __attribute__((visibility("default")))

/* A place in the extension's source where it does something with references. */
struct wjr_site {
    const char *file;
    const char *function;
    const char *api;
    int line;
    int traits;  /* WJR_RUNS, WJR_INNER */
    unsigned id; /* 0 until it is first reached */
    long leaked; /* references taken here that nobody has, as of the last look */
};

enum { WJR_RUNS = 1 };

/* What stands for a function of the API belongs to the function that calls it. */
#define WJR_INLINE static inline __attribute__((always_inline))

#define WJR_AT(name, traits)                                                           \
    (__extension__({                                                                   \
        static struct wjr_site wjr_site_ = {__FILE__, __func__, name, __LINE__,        \
                                            traits,   0,        0};                    \
        &wjr_site_;                                                                    \
    }))

/* Before a call of the API: the GIL, and exceptions that are set. */
WJR_PUBLIC void wjr_before(struct wjr_site *);
/* An object goes into argument ``n`` of a call; ``nullable`` where NULL may, too. */
WJR_PUBLIC void wjr_use(struct wjr_site *, void *, int n, int nullable);
/* An object is looked at where nothing is done with it. */
WJR_PUBLIC void wjr_glance(struct wjr_site *, void *);
/* A call has returned a new reference, one of ``owner``'s, or has taken one over. */
WJR_PUBLIC PyObject *wjr_new(struct wjr_site *, void *);
WJR_PUBLIC PyObject *wjr_made(struct wjr_site *, void *);
WJR_PUBLIC PyObject *wjr_borrow(struct wjr_site *, void *, void *owner);
WJR_PUBLIC void wjr_steal(struct wjr_site *, void *);
/* What an item that is written over leaves to the one who writes. */
WJR_PUBLIC void wjr_gain(struct wjr_site *, PyObject *);
WJR_PUBLIC void wjr_keep(struct wjr_site *, void *);
/* Text that lies within an object, which goes when the object does. */
WJR_PUBLIC void wjr_inner(struct wjr_site *, void *, const void *);
WJR_PUBLIC void wjr_text(struct wjr_site *, const void *, int n);
/* What a pointer points to is taken over before a call, and is new after it. */
WJR_PUBLIC void wjr_hand_in(struct wjr_site *, PyObject **);

WJR_PUBLIC void wjr_incref(struct wjr_site *, void *);
WJR_PUBLIC void wjr_decref(struct wjr_site *, void *);
WJR_PUBLIC Py_ssize_t wjr_count(void *);

/* A slot of a type is about to be called: what comes next is new. */
WJR_PUBLIC void wjr_slot(struct wjr_site *);
/* A function of the ledger's is about to be called, which stands for one that makes
 * something. */
WJR_PUBLIC void wjr_maker(struct wjr_site *);
WJR_PUBLIC void *wjr_import(struct wjr_site *, const char *capsule, int no_block);
WJR_PUBLIC PyTypeObject *wjr_alloc(struct wjr_site *, PyTypeObject *);
WJR_PUBLIC void wjr_threads(struct wjr_site *, int allowed);

/* Types, modules and tables of methods: each function in them becomes a frame. */
WJR_PUBLIC void wjr_type(PyTypeObject *);
WJR_PUBLIC int wjr_ready(struct wjr_site *, PyTypeObject *);
WJR_PUBLIC PyObject *wjr_heap_type(struct wjr_site *, PyObject *);
WJR_PUBLIC void wjr_module(struct PyModuleDef *);
WJR_PUBLIC PyType_Spec *wjr_spec(PyType_Spec *);
/* A module was made in its initialisation, whose frame is at ``base``. */
WJR_PUBLIC PyObject *wjr_init(struct wjr_site *, PyObject *, struct PyModuleDef *,
                              const void *base);
WJR_PUBLIC PyMethodDef *wjr_methods(PyMethodDef *);
WJR_PUBLIC void *wjr_destructor(void *);

/* Formats: ``types`` are the C types of the arguments, a letter each; ``keywords`` the
 * number of names, -1 for none. */
WJR_PUBLIC void wjr_format(struct wjr_site *, const char *format, const char *types,
                           int keywords);
WJR_PUBLIC int wjr_names(const char *const *keywords);
WJR_PUBLIC int wjr_parse(struct wjr_site *, PyObject *, PyObject *, const char *,
                         char **, ...);
WJR_PUBLIC int wjr_unpack(struct wjr_site *, PyObject *, const char *, Py_ssize_t,
                          Py_ssize_t, ...);
WJR_PUBLIC PyObject *wjr_build(struct wjr_site *, const char *, ...);
WJR_PUBLIC PyObject *wjr_call(struct wjr_site *, PyObject *, const char *method,
                              const char *format, ...);
WJR_PUBLIC PyObject *wjr_call_objects(struct wjr_site *, PyObject *, PyObject *method,
                                      ...);
WJR_PUBLIC PyObject *wjr_text_from(struct wjr_site *, const char *, ...);

WJR_PUBLIC int wjr_buffer(struct wjr_site *, PyObject *, Py_buffer *, int flags);
WJR_PUBLIC int wjr_fill(struct wjr_site *, Py_buffer *, PyObject *, void *, Py_ssize_t,
                        int readonly, int flags);
WJR_PUBLIC void wjr_unbuffer(struct wjr_site *, Py_buffer *);

/* Memory: which of malloc, PyMem and PyObject it is from. */
enum { WJR_RAW = 1, WJR_MALLOC, WJR_MEM, WJR_OBJECT, WJR_CXX };
WJR_PUBLIC void *wjr_block(struct wjr_site *, void *, size_t, int kind);
WJR_PUBLIC void wjr_unblock(struct wjr_site *, void *, int kind);

#ifdef __cplusplus
}
#endif
#endif
