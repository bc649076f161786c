/* What a call writes into instances of the extension: pointers that have no reference
 * behind them, and such as it writes over without a release.
 *
 * What an instance has is copied when the call first meets it, and compared at the end.
 * Where the call's own references do not explain a change all memory is asked: do more
 * pointers lead to the object than the extension has references to it, or fewer?
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 64, LOOKS = 64, HEAD = sizeof(PyObject) / sizeof(void *) };

static PyObject *
word(const PyObject *home, int i)
{
    PyObject *value;
    memcpy(&value, (const char *)home + ((size_t)i + HEAD) * sizeof value,
           sizeof value);
    return value;
}

static int
words_of(PyObject *home)
{
    size_t words = wj_size_of(home) / sizeof(void *);
    return words <= HEAD ? 0 : words - HEAD < WORDS ? (int)(words - HEAD) : WORDS;
}

/* Remember what an instance has when it is first met. */
void
wj_stores_begin(struct wj_entry *entry)
{
    entry->words = wj_is_instance(entry->object) ? words_of(entry->object) : 0;
    size_t size = (size_t)entry->words * sizeof *entry->before;
    entry->before = size ? malloc(size) : NULL;
    if (entry->before != NULL) {
        memcpy(entry->before, (PyObject *)entry->object + 1, size);
    }
}

/* It is new: whatever was in its memory, it has nothing. */
void
wj_stores_none(struct wj_entry *entry)
{
    if (entry->before != NULL) {
        memset(entry->before, 0, (size_t)entry->words * sizeof *entry->before);
    }
}

void
wj_stores_forget(struct wj_entry *entry)
{
    free(entry->before);
    entry->before = NULL;
    entry->words = 0;
}

/* ---- pointers without a reference ---- */

static int
count_in(PyObject *const *words, int count, const PyObject *object)
{
    int found = 0;
    for (int i = 0; words != NULL && i < count; i++) {
        found += words[i] == object;
    }
    return found;
}

/* How many more pointers to an object an instance has than it had. */
static int
copies(const struct wj_entry *home, const PyObject *object)
{
    int more = 0;
    for (int i = 0; i < home->words; i++) {
        more += (word(home->object, i) == object) - (home->before[i] == object);
    }
    return more;
}

/* Whether references to an object that is known to be one could be counted at all. */
static int
counts(PyObject *object)
{
    return !PyModule_Check(object)
           && (!PyType_Check(object)
               || (((PyTypeObject *)object)->tp_flags & Py_TPFLAGS_HEAPTYPE));
}

static void
stored(struct wj_frame *frame, const struct wj_entry *home, PyObject *object)
{
    const struct wj_entry *entry = wj_find(frame, object);
    struct wj_account *account = wj_account(object, 0);
    int total = account == NULL ? 0 : account->total;
    int more =
        copies(home, object) - (entry != NULL && entry->own > 0 ? entry->own : 0);
    if ((entry == NULL && total <= 0) || (account != NULL && account->weak != NULL)
        || (entry != NULL && entry->dead) || more <= 0 || !counts(object)
        || frame->callee == NULL || frame->callee->looks++ >= LOOKS) {
        return;
    }
    int without = wj_count_everywhere(object) - total;
    account = without <= 0 ? NULL : wj_account(object, 1);
    if (account != NULL) {
        account->weak = entry != NULL && entry->lent ? entry->lent
                        : home->got.site             ? home->got.site
                                                     : frame->last;
        account->weak_sight = home->got.site  ? home->got
                              : entry != NULL ? entry->used
                                              : home->used;
        account->weak_by = frame->callee;
        account->weak_home = home->object;
        account->weak_count = without < more ? without : more;
    }
}

/* ---- pointers that are gone, with their reference left ---- */

static void
written_over(struct wj_frame *frame, PyObject *object, PyObject *result)
{
    const struct wj_entry *entry = wj_find(frame, object);
    const struct wj_account *account = wj_account(object, 0);
    if (account == NULL || account->total <= 0 || object == result || !counts(object)
        || (entry != NULL
            && (entry->dead || entry->own != 0 || entry->spent || entry->gave))
        || frame->callee == NULL || frame->callee->looks++ >= LOOKS
        || wj_count_everywhere(object) >= account->total) {
        return;
    }
    wj_uncover(object, "stored in an object, and written over unreleased");
}

/* A pointer that had no reference may be the one that is gone. */
static void
forget_unowned(struct wj_frame *frame, const struct wj_entry *home, PyObject *object)
{
    struct wj_account *account = wj_account(object, 0);
    const struct wj_entry *entry = wj_find(frame, object);
    if (account != NULL && account->weak_home == home->object
        && (entry == NULL || (entry->own >= 0 && !entry->spent))
        && --account->weak_count <= 0) {
        account->weak_home = NULL;
        account->weak = NULL;
    }
}

/* ---- None and its like ---- */

/* How many pointers to them the call has stored, and what it has stored last. */
struct singles {
    long more[WJ_SINGLES];
    const struct wj_entry *home[WJ_SINGLES];
};

static void
count_single(struct singles *singles, const struct wj_entry *home,
             const PyObject *object, int more)
{
    int which = wj_single(object);
    if (which >= 0) {
        singles->more[which] += more;
        singles->home[which] = home;
    }
}

/* What a call has of them and what it has stored should be the same. */
static void
judge_single(struct wj_frame *frame, PyObject *object, const struct singles *singles)
{
    int which = wj_single(object);
    const struct wj_entry *entry = wj_find(frame, object), *home = singles->home[which];
    long net = (entry == NULL ? 0 : entry->own) - singles->more[which];
    if (net == 0) {
        return;
    }
    struct wj_stake stake = {.by = frame->callee, .why = "never released"};
    struct wjr_site *got = entry == NULL ? NULL : entry->got.site;
    struct wjr_site *gave = entry == NULL ? NULL : entry->gave;
    stake.used = entry != NULL ? entry->used : (struct wj_sight){NULL, {NULL}};
    stake.site = net > 0 ? got : gave;
    if (stake.site == NULL && home != NULL && home->got.site != NULL) {
        stake.site = home->got.site;
        memcpy(stake.way, home->got.way, sizeof stake.way);
    } else if (entry != NULL) {
        memcpy(stake.way, entry->got.way, sizeof stake.way);
    }
    stake.site = stake.site ? stake.site : frame->last;
    if (stake.used.site == NULL) {
        stake.used.site = frame->trail[0]; /* it may come from there */
    }
    wj_single_add(object, &stake, net);
}

/* ---- the end of a call ---- */

static void
compare(struct wj_frame *frame, const struct wj_entry *home, PyObject *result,
        struct singles *singles)
{
    for (int i = 0; i < home->words; i++) {
        PyObject *was = home->before[i], *is = word(home->object, i);
        if (was == is) {
            continue;
        }
        count_single(singles, home, was, -1);
        count_single(singles, home, is, 1);
        if (home->dead) {
            continue; /* it goes, and what it has is released then */
        }
        if (is != NULL && ((uintptr_t)is & 7) == 0 && wj_single(is) < 0
            && is != home->object) {
            stored(frame, home, is);
        }
        if (was != NULL && ((uintptr_t)was & 7) == 0) {
            forget_unowned(frame, home, was);
        }
        if (was != NULL && ((uintptr_t)was & 7) == 0 && wj_single(was) < 0
            && home->object != frame->self && copies(home, was) < 0) {
            written_over(frame, was, result);
        }
    }
}

/* What has been stored in an instance that goes, or that there is no room for. */
void
wj_stores_gone(struct wj_frame *frame, struct wj_entry *home)
{
    for (int i = 0; i < home->words && wj_is_instance(home->object); i++) {
        int was = wj_single(home->before[i]), is = wj_single(word(home->object, i));
        if (was >= 0) {
            frame->singles[was]--;
        }
        if (is >= 0) {
            frame->singles[is]++;
        }
    }
    wj_stores_forget(home);
}

/* The instance is gone, and with it all that it had. */
static void
count_gone(const struct wj_entry *home, struct singles *singles)
{
    for (int i = 0; i < home->words; i++) {
        count_single(singles, home, home->before[i], -1);
    }
}

static void
judge_singles(struct wj_frame *frame, struct singles *singles)
{
    PyObject *all[] = {Py_None, Py_True, Py_False, Py_NotImplemented, Py_Ellipsis};
    for (size_t i = 0; wj_singles_count() && i < sizeof all / sizeof *all; i++) {
        singles->more[i] += frame->singles[i];
        judge_single(frame, all[i], singles);
    }
}

/* Whether an instance that the call has met has lost a pointer to an object. */
static int
has_lost(const struct wj_frame *frame, const PyObject *object)
{
    for (int i = 0; i < frame->count; i++) {
        const struct wj_entry *home = &frame->entries[i];
        if (home->before != NULL && wj_is_instance(home->object)
            && words_of(home->object) >= home->words && copies(home, object) < 0) {
            return 1;
        }
    }
    return 0;
}

/* A reference of the extension's was released, and no pointer went: it was not the
 * call's, which had borrowed it from where the pointer still is. */
static void
judge_released(struct wj_frame *frame, struct wj_entry *entry)
{
    const struct wj_account *account = wj_account(entry->object, 0);
    if (frame->callee == NULL || has_lost(frame, entry->object)
        || frame->callee->looks++ >= LOOKS
        || wj_count_everywhere(entry->object)
               <= (account == NULL ? 0 : account->total)) {
        return;
    }
    wj_report_of(&entry->used, "over-decref", entry->gave, entry->lent, frame->callee,
                 "%s releases a reference that is still stored",
                 entry->gave ? entry->gave->api : "a call");
    if (entry->dead) { /* what we hold is what it lacks */
        entry->dead = entry->held = 0;
        frame->dead--;
    } else {
        Py_INCREF(entry->object);
    }
    wj_account_add(entry->object,
                   &(struct wj_stake){.site = entry->gave, .covered = entry->spent});
    entry->spent = 0;
}

void
wj_stores_end(struct wj_frame *frame, PyObject *result)
{
    struct singles singles = {{0}, {NULL}};
    const char *shape = frame->callee == NULL ? NULL : frame->callee->shape;
    int is_end = shape != NULL && strchr("dc", shape[0]) != NULL;
    for (int i = 0; i < frame->count; i++) {
        struct wj_entry *home = &frame->entries[i];
        if (home->before == NULL) {
            continue;
        }
        if (i == 0 && is_end && shape[0] == 'd') {
            count_gone(home, &singles);
        } else if (wj_is_instance(home->object)
                   && words_of(home->object) >= home->words) {
            compare(frame, home, result, &singles);
        }
    }
    judge_singles(frame, &singles);
    for (int i = 0; i < frame->count && !is_end; i++) {
        struct wj_entry *entry = &frame->entries[i];
        if (entry->spent == 1 && entry->own == 0 && entry->gave != NULL
            && !entry->member && wj_single(entry->object) < 0) {
            judge_released(frame, entry);
        }
    }
    for (int i = 0; i < frame->count; i++) {
        wj_stores_forget(&frame->entries[i]);
    }
}

/* Whether an instance that gives up what it has now gives up more than it has. */
int
wj_releases_unowned(struct wj_frame *frame, const struct wj_entry *entry)
{
    const struct wj_account *account = wj_account(entry->object, 0);
    const struct wj_entry *self = &frame->entries[0];
    const char *shape = frame->callee == NULL ? NULL : frame->callee->shape;
    if (account == NULL || account->weak_home == NULL
        || account->weak_home != self->object || shape == NULL
        || strchr("dc", shape[0]) == NULL) {
        return 0;
    }
    int had = count_in(self->before, self->words, entry->object);
    return had > 0 && entry->spent + 1 > had - account->weak_count;
}

/* Whether the pointer without a reference stays behind when an object goes. */
int
wj_dangles(PyObject *object)
{
    const struct wj_account *account = wj_account(object, 0);
    PyObject *home = account == NULL ? NULL : account->weak_home;
    int found = 0;
    if (home != NULL && home != object && wj_is_instance(home)) {
        for (int i = 0, words = words_of(home); i < words; i++) {
            found += word(home, i) == object;
        }
    }
    return found > 0;
}

/* Say so; ``gave`` is the line that released the last reference, if it was one of ours.
 */
void
wj_report_dangling(PyObject *object, struct wjr_site *gave)
{
    const struct wj_account *account = wj_account(object, 0);
    wj_report_of(&account->weak_sight, "dangling", account->weak, gave,
                 account->weak_by,
                 "a pointer to a %s stays that has no reference behind it, when %s "
                 "releases the last one",
                 Py_TYPE(object)->tp_name, gave ? gave->api : "the caller");
}
