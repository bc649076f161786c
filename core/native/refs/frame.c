/* Frames: what one call into the extension knows of the objects that it sees.
 *
 * Found by a linear search while there are few, by a hash of their addresses later.
 */
#include "state.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 12, LOOKS = 4 };

__thread struct wj_frame *wj_current;
unsigned long wj_calls;

static unsigned
hash(const PyObject *object, int size)
{
    return (unsigned)(((uint64_t)(uintptr_t)object * 0x9E3779B97F4A7C15u) >> 33)
           & (unsigned)(size - 1);
}

static int32_t *
slot(const struct wj_frame *frame, const PyObject *object)
{
    unsigned at = hash(object, frame->index_size);
    while (frame->index[at] != 0
           && frame->entries[frame->index[at] - 1].object != object) {
        at = (at + 1) & (unsigned)(frame->index_size - 1);
    }
    return &frame->index[at];
}

static void
rebuild(struct wj_frame *frame)
{
    int size = 4 * frame->room;
    int32_t *index = calloc((size_t)size, sizeof *index);
    if (index == NULL) {
        return;
    }
    free(frame->index);
    frame->index = index;
    frame->index_size = size;
    for (int i = 0; i < frame->count; i++) {
        if (frame->entries[i].object != NULL) {
            *slot(frame, frame->entries[i].object) = i + 1;
        }
    }
}

static int
grow(struct wj_frame *frame)
{
    int room = 2 * frame->room;
    size_t size = (size_t)room * sizeof *frame->entries;
    struct wj_entry *entries =
        frame->entries == frame->first ? malloc(size) : realloc(frame->entries, size);
    if (entries == NULL) {
        return -1;
    }
    if (frame->entries == frame->first) {
        memcpy(entries, frame->first, sizeof frame->first);
    }
    frame->entries = entries;
    frame->room = room;
    rebuild(frame);
    return 0;
}

struct wj_entry *
wj_find(struct wj_frame *frame, PyObject *object)
{
    if (frame->index != NULL) {
        int32_t place = *slot(frame, object);
        return place == 0 ? NULL : &frame->entries[place - 1];
    }
    for (int i = frame->count - 1; i >= 0; i--) {
        if (frame->entries[i].object == object) {
            return &frame->entries[i];
        }
    }
    return NULL;
}

/* Forget what no longer tells anything, so that a long loop does not fill the memory.
 */
static void
compact(struct wj_frame *frame)
{
    int kept = 0;
    for (int i = 0; i < frame->count; i++) {
        const struct wj_entry *entry = &frame->entries[i];
        if (entry->own != 0 || entry->spent != 0 || entry->held || entry->member
            || entry->origin == WJ_ARGUMENT) {
            frame->entries[kept++] = *entry;
        } else {
            wj_stores_gone(frame, &frame->entries[i]);
        }
    }
    frame->count = kept;
}

struct wj_entry *
wj_entry(struct wj_frame *frame, PyObject *object)
{
    struct wj_entry *entry = wj_find(frame, object);
    if (entry != NULL) {
        return entry;
    }
    if (frame->count == frame->room) {
        int before = frame->count;
        if (before >= 1024) {
            compact(frame);
        }
        if (frame->count < before / 2 && frame->index != NULL) {
            memset(frame->index, 0, (size_t)frame->index_size * sizeof *frame->index);
            for (int i = 0; i < frame->count; i++) {
                *slot(frame, frame->entries[i].object) = i + 1;
            }
        } else if (grow(frame) != 0) {
            return NULL;
        }
    }
    entry = &frame->entries[frame->count++];
    memset(entry, 0, sizeof *entry);
    entry->object = object;
    wj_stores_begin(entry);
    if (frame->index != NULL) {
        *slot(frame, object) = frame->count;
    }
    return entry;
}

void
wj_enter(struct wj_frame *frame, struct wj_callee *callee, PyObject *self)
{
    memset(frame, 0, offsetof(struct wj_frame, first));
    frame->caller = wj_current;
    wj_calls += wj_current == NULL;
    frame->callee = callee;
    frame->self = self;
    frame->entries = frame->first;
    frame->room = FEW;
    frame->began_with_error = PyErr_Occurred() != NULL;
    wj_current = frame;
    if (self != NULL) {
        wj_mark_argument(frame, self);
    }
}

void
wj_mark_argument(struct wj_frame *frame, PyObject *object)
{
    struct wj_entry *entry = object == NULL ? NULL : wj_entry(frame, object);
    if (entry != NULL) {
        entry->origin = WJ_ARGUMENT;
    }
}

/* The frame comes by a place. */
void
wj_pass(struct wj_frame *frame, struct wjr_site *site)
{
    const struct wjr_site *last = frame->last;
    if (last != NULL && last->function != site->function) {
        memmove(&frame->trail[1], &frame->trail[0], 2 * sizeof frame->trail[0]);
        frame->trail[0] = frame->last;
    }
    frame->last = site;
}

/* An object goes: what the frames that are under way think to have of it, they have
 * not.
 */
void
wj_forget(PyObject *object)
{
    for (struct wj_frame *frame = wj_current; frame != NULL; frame = frame->caller) {
        struct wj_entry *entry = wj_find(frame, object);
        if (entry != NULL && !entry->held) {
            wj_stores_gone(frame, entry);
            *entry = (struct wj_entry){.object = object};
        }
    }
    wj_account_forget(object);
}

/* ---- what is left when a frame ends ---- */

/* Pointers to the object in what the frame has to do with, else in variables. */
int
wj_found_in(struct wj_frame *frame, PyObject *object, PyObject *result, size_t *offset)
{
    int found = 0, homes = 0;
    if (frame->self != NULL) {
        found += wj_count_in(frame->self, object, WJ_DEEP, offset);
    }
    if (found == 0 && result != NULL && result != frame->self) {
        found += wj_count_in(result, object, WJ_DEEP, NULL);
    }
    for (int i = 0; found == 0 && homes < 8 && i < frame->count; i++) {
        PyObject *home = frame->entries[i].object;
        if (home != frame->self && home != result && home != object
            && wj_is_instance(home) && !frame->entries[i].dead) {
            homes++;
            found += wj_count_in(home, object, WJ_DEEP, NULL);
        }
    }
    return found ? found : wj_count_in_globals(object);
}

struct look {
    PyObject *wanted;
    int found;
};

static int
visit(PyObject *object, void *context)
{
    struct look *look = context;
    look->found |= object == look->wanted;
    return 0;
}

static void
check_traverse(struct wj_frame *frame, struct wj_entry *entry, size_t offset)
{
    PyTypeObject *type = frame->self == NULL ? NULL : Py_TYPE(frame->self);
    struct look look = {entry->object, 0};
    if (offset == 0 || type == NULL || type->tp_traverse == NULL || !PyType_IS_GC(type)
        || !PyObject_IS_GC(entry->object) || PyType_Check(entry->object)
        || PyModule_Check(frame->self)) {
        return;
    }
    type->tp_traverse(frame->self, visit, &look);
    if (!look.found) {
        wj_report("not-traversed", entry->got.site, NULL, frame->callee,
                  "tp_traverse of %s does not visit the member at offset %zu, which is "
                  "set here",
                  type->tp_name, offset);
    }
}

static int
mark_found(PyObject *word, size_t offset, struct wj_scan *scan)
{
    struct wj_entry *entry = wj_find(scan->frame, word);
    if (entry != NULL && entry->own > 0 && !entry->dead && !entry->found
        && wj_single(word) < 0) {
        entry->found = 1;
        entry->offset = scan->offset ? offset : 0;
        scan->found--;
    }
    return scan->found == 0;
}

/* Look for pointers to all that the frame owns, as wj_found_in does for one. */
static void
find_owned(struct wj_frame *frame, PyObject *result)
{
    struct wj_scan scan = {.visit = mark_found, .frame = frame};
    scan.low = (const char *)UINTPTR_MAX;
    for (int i = 0; i < frame->count; i++) {
        const struct wj_entry *entry = &frame->entries[i];
        const char *object = (const char *)entry->object;
        if (entry->own > 0 && !entry->dead && wj_single(entry->object) < 0) {
            scan.low = object < scan.low ? object : scan.low;
            scan.high = object > scan.high ? object : scan.high;
            scan.found++; /* still to be found */
        }
    }
    scan.offset = 1; /* of members, which are those of self */
    if (scan.found == 0
        || (frame->self != NULL && wj_scan(frame->self, WJ_DEEP, &scan))) {
        return;
    }
    scan.offset = 0;
    if (result != NULL && result != frame->self && wj_scan(result, WJ_DEEP, &scan)) {
        return;
    }
    for (int i = 0, homes = 0; homes < 8 && i < frame->count; i++) {
        PyObject *home = frame->entries[i].object;
        if (home != frame->self && home != result && wj_is_instance(home)) {
            homes++; /* dead ones, too: what they have goes when we let go of them */
            if (wj_scan(home, WJ_DEEP, &scan)) {
                return;
            }
        }
    }
    wj_scan_globals(&scan);
}

static void
leave_owned(struct wj_frame *frame, struct wj_entry *entry)
{
    struct wjr_site *site = entry->got.site ? entry->got.site : frame->last;
    if (site == NULL || (entry->held && Py_REFCNT(entry->object) == 1)) {
        return; /* nobody has it: we were wrong */
    }
    struct wj_stake stake = {.site = site,
                             .used = entry->used,
                             .by = frame->callee,
                             .why = "never released",
                             .covered = entry->found ? entry->own : 0,
                             .floating = entry->found ? 0 : entry->own};
    memcpy(stake.way, entry->got.way, sizeof stake.way);
    wj_account_add(entry->object, &stake);
    if (entry->found) {
        check_traverse(frame, entry, entry->offset);
    }
}

/* A borrowed object whose pointer is in an instance now, with no reference behind it.
 */
static void
leave_borrowed(struct wj_frame *frame, struct wj_entry *entry, PyObject *result)
{
    PyObject *object = entry->object;
    PyObject *homes[] = {frame->self, result, NULL}; /* and variables */
    if (PyType_Check(object) || PyModule_Check(object)) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        struct wj_account *account;
        if (object == frame->self && i != 1) {
            continue; /* it may refer to itself */
        }
        int found = i == 2 ? entry->lent != NULL && frame->looked++ < LOOKS
                                 && wj_count_in_few_globals(object)
                    : homes[i] == NULL || (i == 1 && result == frame->self)
                        ? 0
                        : wj_count_in(homes[i], object, 0, NULL);
        if (found == 0) {
            continue;
        }
        account = wj_account(object, 1);
        if (account != NULL && account->total == 0) {
            account->weak = entry->lent ? entry->lent : frame->last;
            account->weak_by = frame->callee;
        }
    }
}

/* References that were taken over and were not the frame's, at the end of all. */
static void
leave_owing(struct wj_frame *frame, struct wj_entry *entry)
{
    for (; entry->own < 0; entry->own++) {
        int spent = wj_account_spend(entry->object, 1);
        struct wj_account *account = wj_account(entry->object, 0);
        int left = account == NULL ? 0 : account->total;
        entry->spent += spent;
        if (spent > 0
            && wj_found_in(frame, entry->object, NULL, &(size_t){0}) <= left) {
            continue;
        }
        wj_report_of(&entry->used, "stolen", entry->gave, entry->lent, frame->callee,
                     "%s takes over a reference that is borrowed%s",
                     entry->gave ? entry->gave->api : "a call",
                     entry->lent ? "" : " from the caller");
        Py_INCREF(entry->object);
    }
}

/* An object goes, and pointers to it stay: the calls that are still under way may see
 * to them. If none does, it is kept for ever, so that the program goes on. */
static void
keep_dangling(struct wj_frame *frame, const struct wj_entry *entry)
{
    PyObject *object = entry->object;
    struct wj_entry *outer =
        frame->caller == NULL ? NULL : wj_entry(frame->caller, object);
    if (outer != NULL && !outer->held) {
        outer->held = outer->dead = 1;
        outer->own = 0;
        outer->gave = entry->gave;
        frame->caller->dead++;
    } else if (outer == NULL) {
        wj_report_dangling(object, entry->gave);
    }
}

static void
drop_holds(struct wj_frame *frame)
{
    for (int i = 0; i < frame->count; i++) {
        struct wj_entry *entry = &frame->entries[i];
        if (entry->held && entry->dead && wj_dangles(entry->object)) {
            keep_dangling(frame, entry);
            entry->held = 0;
        }
        if (entry->held) {
            entry->held = 0;
            Py_DECREF(entry->object);
        }
    }
}

void
wj_leave(struct wj_frame *frame, PyObject *result)
{
    PyObject *type, *value, *traceback;
    find_owned(frame, result);
    for (int i = 0; i < frame->count; i++) {
        struct wj_entry *entry = &frame->entries[i];
        if (wj_single(entry->object) >= 0) {
            continue;
        }
        if (entry->own < 0 && !entry->dead
            && (entry->origin == WJ_ARGUMENT || entry->origin == WJ_BORROWED)) {
            leave_owing(frame, entry);
        } else if (entry->own > 0 && !entry->dead) {
            leave_owned(frame, entry);
        } else if (entry->own <= 0 && !entry->dead && !entry->member
                   && (entry->origin == WJ_ARGUMENT || entry->held)) {
            leave_borrowed(frame, entry, result);
        }
    }
    wj_stores_end(frame, result);
    wj_current = frame->caller;
    PyErr_Fetch(&type, &value, &traceback);
    drop_holds(frame);
    for (int i = 0; i < frame->count; i++) {
        if (frame->entries[i].spent > 0) {
            wj_account_close(frame->entries[i].object);
        }
    }
    PyErr_Restore(type, value, traceback);
    if (frame->entries != frame->first) {
        free(frame->entries);
    }
    free(frame->index);
}
