/* What the parts of the ledger share.
 *
 * All of it is used with the GIL only. An *entry* is what one frame knows of an object;
 * a frame is one call from the interpreter into the extension. An *account* is what the
 * extension has of an object between frames. A *hold* is a reference that the ledger
 * took for itself; counts that the extension sees are without it.
 */
#ifndef WJ_REFS_STATE_H
#define WJ_REFS_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#include "ledger.h"

enum wj_origin { WJ_UNKNOWN, WJ_ARGUMENT, WJ_BORROWED, WJ_NEW };

enum { WJ_WAY = 4 };

/* Where an object was seen: the line, and the calls that led there. */
struct wj_sight {
    struct wjr_site *site; /* Borrowed: sites live for ever; NULL for nowhere */
    const void *way[WJ_WAY];
};

struct wj_entry {
    PyObject *object;             /* Borrowed, or Owned where ``held`` */
    struct wjr_site *gave, *lent; /* Borrowed */
    struct wj_sight got, used;
    PyObject *owner; /* Borrowed: of whom it was borrowed */
    size_t offset;   /* of the pointer to it that was found in the frame's self, or 0 */
    const char *inner; /* Borrowed: text within it */
    size_t length;
    PyObject **before; /* Owned: what an instance had when it was met, or NULL */
    int words;         /* of those */
    int own;           /* references that this frame has */
    int spent;         /* references of the account that this frame has given away */
    unsigned char origin, dead, held, member, found;
};

struct wj_frame {
    struct wj_frame *caller;  /* Borrowed */
    struct wj_callee *callee; /* Borrowed; NULL for none */
    const char *base;         /* Borrowed: the end of the stack of this call */
    struct init *init;        /* Borrowed: what it is a part of, or NULL */
    PyObject *self;           /* Borrowed */
    struct wj_entry *entries; /* Owned */
    int32_t *index; /* Owned: from a hash to 1 + place, where there are many entries */
    int count, room, index_size;
    int dead, lent; /* entries that are held as dead, as lent */
    int oldest_dead, oldest_lent;
    int threads; /* the GIL is given up */
    int slots;   /* calls of slots, whose results may be anything */
    int began_with_error;
    long singles[6]; /* pointers to None and its like stored in what is gone */
    int looked; /* times that variables were looked through for what was borrowed */
    struct wjr_site *trail[3]; /* the last of each function before that of ``last`` */
    struct wjr_site *last, *nulled, *slot, *failed;
    struct wjr_site
        *maker; /* which is about to call a function of ours that makes one */
    struct wj_entry first[12];
};

/* A function of the extension that the interpreter calls.
 *
 * ``shape`` has a letter for what it gives: o an object, n an object or NULL for the
 * end, i an int and l a Py_ssize_t of which -1 is an error, v nothing; d, c and b are
 * the slots dealloc, clear and getbuffer. Then a letter for each argument: o an object,
 * i another.
 */
struct wj_callee {
    void *function;
    const char *name;
    const char *shape; /* Borrowed; NULL for a method, whose flags tell */
    int flags;
    int unreleased; /* times that a heap type was not released */
    int looks;      /* times that all memory was asked for its sake */
};

/* References that a line has taken: how many were found again, and how many were not.
 */
struct wj_stake {
    struct wjr_site *site;
    struct wj_sight used;       /* where the object was seen last in the call */
    const void *way[WJ_WAY];    /* to where it was taken */
    const struct wj_callee *by; /* the call, or NULL */
    const char *why;
    int covered, floating;
};

struct wj_account {
    PyObject *object;        /* Borrowed, or Owned where ``held`` */
    struct wj_stake *stakes; /* Owned */
    int count, room;
    int total; /* references */
    int held;
    int seen;              /* pointers to it, while looking */
    int visible;           /* references of containers, while looking */
    struct wjr_site *weak; /* where it was stored without a reference */
    struct wj_sight weak_sight;
    PyObject *weak_home; /* Borrowed: the instance, if it is known, and may be gone */
    int weak_count;      /* pointers in it that have no reference */
    const struct wj_callee *weak_by;
};

extern __thread struct wj_frame *wj_current;
extern unsigned long wj_calls; /* from the interpreter, but for those within others */

/* ---- report.c ---- */
void wj_touch(struct wjr_site *site);
void wj_report(const char *kind, struct wjr_site *site, struct wjr_site *other,
               const struct wj_callee *callee, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same of an object, which was seen before. */
void wj_report_of(const struct wj_sight *seen, const char *kind, struct wjr_site *site,
                  struct wjr_site *other, const struct wj_callee *callee,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));
int wj_report_open(const char *path);
struct wj_lost {
    unsigned site, used; /* numbers of sites, 0 for none */
    const void
        *way[2 * WJ_WAY]; /* to where it was taken, and to where it was seen last */
    int by;               /* the number of the callee, -1 for none */
    long references;
    const char *why, *type; /* Borrowed */
};
int wj_lost_from(PyObject *row, struct wj_lost *lost);
void wj_report_leak(const struct wj_lost *lost, int confirmed);
unsigned wj_sites(void);

/* An event in the life of an object that is traced. */
void wj_report_event(unsigned long number, unsigned site, const char *event, long count,
                     const char *type);

/* ---- way.c ---- */
void wj_way(const void **way);

/* ---- trace.c ---- */
extern int wj_tracing; /* 0 where nothing is */
/* An object is "new", "taken", "dropped", "given", "kept" or "returned"; ``change`` is
 * what the extension has more or less, ``count`` how many references there are then. */
void wj_trace(struct wjr_site *site, PyObject *object, const char *event, int change,
              Py_ssize_t count);

/* ---- frame.c ---- */
void wj_pass(struct wj_frame *frame, struct wjr_site *site);
struct wj_entry *wj_find(struct wj_frame *frame, PyObject *object);
struct wj_entry *wj_entry(struct wj_frame *frame, PyObject *object);
void wj_enter(struct wj_frame *frame, struct wj_callee *callee, PyObject *self);
/* ``result`` is what is returned, NULL where that is no object. */
void wj_leave(struct wj_frame *frame, PyObject *result);
int wj_found_in(struct wj_frame *frame, PyObject *object, PyObject *result,
                size_t *offset);
void wj_mark_argument(struct wj_frame *frame, PyObject *object);
void wj_forget(PyObject *object);

/* ---- events.c ---- */
void wj_made(PyObject *object);

/* ---- account.c ---- */
struct wj_account *wj_account(PyObject *object, int make);
void wj_account_add(PyObject *object, const struct wj_stake *more);
int wj_account_spend(PyObject *object, int number);
void wj_account_close(PyObject *object);
void wj_account_forget(PyObject *object);
int wj_account_holds(PyObject *object);
PyObject *wj_settle(PyObject *containers);
int wj_found(PyObject *found, const struct wj_stake *stake, long number,
             PyObject *object);
long wj_floating(void);

/* ---- memory.c ---- */
struct wj_region {
    const char *start; /* Borrowed */
    size_t size;
    int kind;
    struct wjr_site *site;
};
void wj_instance_add(PyObject *object);
void wj_instance_remove(PyObject *object);
int wj_is_instance(const void *object);
const struct wj_region *wj_block_at(const void *start);
/* A search for pointers: to objects from ``low`` to ``high``, until ``visit`` says so.
 */
struct wj_scan {
    int (*visit)(PyObject *word, size_t offset, struct wj_scan *scan);
    const char *low, *high;
    struct wj_frame *frame; /* Borrowed */
    size_t budget;          /* words that may still be read */
    size_t offset;
    int found;
};
enum { WJ_DEEP = 2 }; /* follow pointers to blocks, and from there */
int wj_scan(PyObject *home, int depth, struct wj_scan *scan);
int wj_scan_globals(struct wj_scan *scan);
/* How many pointers to ``object`` there are in what belongs to ``home``. */
int wj_count_in(PyObject *home, PyObject *object, int depth, size_t *offset);
int wj_count_in_globals(PyObject *object);
int wj_count_in_few_globals(PyObject *object);
/* How many pointers to an object there are in all that is the extension's. */
int wj_count_everywhere(PyObject *object);
void wj_each_region(void (*visit)(const char *start, size_t size, void *context),
                    void *context);
void wj_library_of(const void *address);
int wj_in_libraries(const void *address);
int wj_in_code(const void *address);
int wj_in_globals(const void *address);
size_t wj_size_of(PyObject *object);

/* ---- call.c ---- */
/* The function to call instead, which makes a frame; the same where there is none. */
void *wj_trampoline(void *function, const char *name, const char *shape, int flags);
/* What stands for a call that no table leads to. */
struct wj_callee *wj_callee_of(const void *target, const char *name);
int wj_is_trampoline(const void *function);
void *wj_called(struct wj_callee *callee, void **arguments);

/* ---- trampolines.c ---- */
enum { WJ_TRAMPOLINES = 4096 };
extern void *(*const wj_trampolines[WJ_TRAMPOLINES])(void *, void *, void *, void *,
                                                     void *);
extern struct wj_callee wj_callees[WJ_TRAMPOLINES];

/* ---- members.c ---- */
void wj_hold_members(struct wj_frame *frame, PyObject *self);
void wj_uncover(PyObject *object, const char *why);
void wj_check_members(struct wj_frame *frame);
void wj_check_overwritten(struct wj_frame *frame, PyObject *result);
void wj_check_clear(struct wj_frame *frame, PyObject *self);
void wj_check_type_released(struct wj_frame *frame, struct wj_callee *callee,
                            PyTypeObject *type);

/* ---- inits.c ---- */
void wj_end_inits(void);

/* ---- singles.c ---- */
enum { WJ_SINGLES = 6 };
int wj_single(const PyObject *object);
int wj_singles_count(void);
void wj_single_add(PyObject *object, const struct wj_stake *stake, long net);
long wj_singles_open(void);
void wj_singles_prepare(void);
void wj_singles_begin(void);
int wj_singles_settle(PyObject *found);

/* ---- stores.c ---- */
void wj_stores_begin(struct wj_entry *entry);
void wj_stores_none(struct wj_entry *entry);
void wj_stores_forget(struct wj_entry *entry);
void wj_stores_gone(struct wj_frame *frame, struct wj_entry *entry);
void wj_stores_end(struct wj_frame *frame, PyObject *result);
int wj_releases_unowned(struct wj_frame *frame, const struct wj_entry *entry);
int wj_dangles(PyObject *object);
void wj_report_dangling(PyObject *object, struct wjr_site *gave);

/* ---- buffers.c ---- */
void wj_buffer_add(struct wjr_site *site, Py_buffer *view);
void wj_check_buffers(struct wj_frame *frame);

/* ---- capsules.c ---- */
int wj_is_utc(const PyObject *object);

/* ---- ending.c ---- */
void wj_settle_at_exit(void);

/* ---- slots.c ---- */
int wj_is_ours(const void *function);
void wj_adopt(PyObject *object);

#endif
