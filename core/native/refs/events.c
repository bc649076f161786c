/* What the extension does with references, event by event.
 *
 * A reference that the frame does not own and the account does not have is not the
 * extension's to give away: that is reported, and not done, so that the program goes
 * on. An object whose last reference is given away is held until the frame ends (or
 * DEAD more have died): who uses it meanwhile is seen, and does no harm.
 */
#include "state.h"

#include <string.h>

enum { DEAD = 128, LENT = 64 };

#define PATTERN ((void *)(uintptr_t)0xFEFEFEFEFEFEFEFEu)
#define ZERO_PATTERN ((void *)(uintptr_t)0xAAAAAAAAAAAAAAAAu)

static const struct wj_callee *
callee(void)
{
    return wj_current == NULL ? NULL : wj_current->callee;
}

static const char *
api(const struct wjr_site *site)
{
    return site == NULL ? "the caller" : site->api;
}

static void
note(struct wj_sight *sight, struct wjr_site *site)
{
    sight->site = site;
    wj_way(sight->way);
}

/* References of an object but for those that the ledger has taken. */
static Py_ssize_t
real_count(PyObject *object, const struct wj_entry *entry)
{
    return Py_REFCNT(object) - (entry != NULL && entry->held)
           - wj_account_holds(object);
}

Py_ssize_t
wjr_count(void *object)
{
    struct wj_entry *entry = wj_current == NULL ? NULL : wj_find(wj_current, object);
    return real_count(object, entry);
}

/* Tell the trace, if there is one; ``to_come`` is how the count will change. */
static void
trace(struct wjr_site *site, PyObject *object, const char *event, int change,
      Py_ssize_t to_come)
{
    if (wj_tracing && (wj_current == NULL || !wj_current->threads)) {
        wj_trace(site, object, event, change, wjr_count(object) + to_come);
    }
}

/* ---- holds ---- */

static void
release(struct wj_frame *frame, struct wj_entry *entry)
{
    PyObject *type, *value, *traceback, *object = entry->object;
    entry->held = 0;
    if (entry->dead) {
        entry->dead = 0;
        entry->own = 0;
        entry->inner = NULL;
        entry->gave = entry->got.site =
            NULL; /* the address may be another object's soon */
        entry->origin = WJ_UNKNOWN;
        frame->dead--;
    } else if (Py_REFCNT(object) == 1) { /* nobody else has it, and we were wrong */
        entry->own = 0;
        entry->origin = WJ_UNKNOWN;
    }
    PyErr_Fetch(&type, &value, &traceback);
    Py_DECREF(object);
    PyErr_Restore(type, value, traceback);
}

static void
make_room(struct wj_frame *frame, int dead)
{
    int *oldest = dead ? &frame->oldest_dead : &frame->oldest_lent;
    for (int turn = 0; turn < frame->count; turn++) {
        *oldest = *oldest < frame->count ? *oldest : 0;
        struct wj_entry *entry = &frame->entries[(*oldest)++];
        if (entry->held && entry->dead == dead && !entry->member) {
            frame->lent -= !dead;
            release(frame, entry);
            return;
        }
    }
    frame->lent = dead ? frame->lent : 0;
}

/* Hold an object that is not ours, so that it cannot go unseen. */
static void
lend(struct wj_frame *frame, struct wj_entry *entry)
{
    entry->held = 1;
    Py_INCREF(entry->object);
    if (++frame->lent > LENT) {
        make_room(frame, 0);
    }
}

/* ---- calls ---- */

void
wjr_before(struct wjr_site *site)
{
    struct wj_frame *frame = wj_current;
    wj_touch(site);
    if (frame == NULL) {
        return;
    }
    if (frame->threads) {
        wj_report("no-gil", site, NULL, frame->callee, "%s is called without the GIL",
                  site->api);
        return;
    }
    if ((site->traits & WJR_RUNS) && !frame->began_with_error
        && PyErr_Occurred() != NULL) {
        wj_report("exception-set", site, frame->failed, frame->callee,
                  "%s is called while an exception is set", site->api);
    }
    wj_pass(frame, site);
    if (!PyErr_Occurred()) {
        frame->failed = site;
    }
}

static int
is_uninitialised(const void *object)
{
    return object == PATTERN || object == ZERO_PATTERN;
}

static void
check_lent(struct wjr_site *site, struct wj_entry *entry)
{
    struct wj_entry *owner =
        entry->owner == NULL ? NULL : wj_find(wj_current, entry->owner);
    int gone = owner != NULL && owner->dead; /* held by us, and with it what it has */
    if (entry->held && !entry->dead && entry->origin == WJ_BORROWED && entry->own == 0
        && real_count(entry->object, entry) <= gone) {
        wj_report_of(&entry->used, "borrowed-after-owner", site, entry->lent, callee(),
                     "%s uses a borrowed reference whose owner has gone", api(site));
    }
}

static void
seen(struct wjr_site *site, PyObject *object)
{
    struct wj_frame *frame = wj_current;
    struct wj_entry *entry = wj_find(frame, object);
    if (entry == NULL) {
        if (frame->slot != NULL && wj_single(object) < 0
            && (entry = wj_entry(frame, object)) != NULL) {
            entry->origin = WJ_NEW;
            entry->own = 1;
            note(&entry->got, frame->slot);
            lend(frame, entry); /* it may be another object than what the slot gave */
        }
    } else if (entry->dead) {
        wj_report_of(&entry->used, "use-after-decref", site, entry->gave, frame->callee,
                     "%s uses an object after its last reference was released",
                     api(site));
    } else {
        check_lent(site, entry);
    }
    if (entry != NULL) {
        note(&entry->used, site);
    }
    frame->slot = NULL;
}

void
wjr_glance(struct wjr_site *site, void *object)
{
    struct wj_frame *frame = wj_current;
    struct wj_entry *entry = frame == NULL || frame->threads || object == NULL
                                 ? NULL
                                 : wj_find(frame, object);
    if (entry != NULL) {
        wj_touch(site);
        note(&entry->used, site);
    }
}

void
wjr_use(struct wjr_site *site, void *object, int n, int nullable)
{
    struct wj_frame *frame = wj_current;
    if (object == NULL) {
        if (!nullable && frame != NULL) {
            wj_report("null", site, frame->nulled, frame->callee,
                      "NULL is passed to %s as argument %d", api(site), n);
        }
        return;
    }
    if (is_uninitialised(object)) {
        wj_report("uninitialised", site, NULL, callee(),
                  "an uninitialised variable is passed to %s as argument %d", api(site),
                  n);
        return;
    }
    if (frame != NULL && !frame->threads) {
        seen(site, object);
    }
}

void
wjr_slot(struct wjr_site *site)
{
    wjr_before(site);
    if (wj_current != NULL) {
        wj_current->slot = site;
        wj_current->slots++;
    }
}

void
wjr_maker(struct wjr_site *site)
{
    wjr_before(site);
    if (wj_current != NULL) {
        wj_current->maker = site;
    }
}

PyObject *
wjr_new(struct wjr_site *site, void *result)
{
    struct wj_frame *frame = wj_current;
    PyObject *object = result;
    if (object == NULL) {
        if (frame != NULL) {
            frame->nulled = site;
            frame->failed = site;
        }
        return NULL;
    }
    if (Py_REFCNT(object) == 1) {
        wj_account_forget(object);
    }
    trace(site, object, "new", 1, 0);
    if (frame == NULL) {
        wj_account_add(object, &(struct wj_stake){.site = site, .covered = 1});
        return object;
    }
    if (frame->threads) {
        return object;
    }
    frame->slot = NULL;
    struct wj_entry *entry = wj_entry(frame, object);
    if (entry != NULL) {
        if (Py_REFCNT(object) == 1) {
            wj_stores_none(entry);
        }
        if (entry->dead) { /* the same object anew, as small integers are */
            entry->dead = 0;
            frame->dead--;
        }
        if (entry->own == 0 && entry->origin == WJ_UNKNOWN) {
            entry->origin = WJ_NEW;
        }
        entry->own++;
        note(&entry->got, site);
        entry->gave = NULL;
    }
    return object;
}

/* A function of ours has made an object for the extension, perhaps for a line of it. */
void
wj_made(PyObject *object)
{
    struct wj_frame *frame = wj_current;
    if (frame != NULL && frame->maker != NULL) {
        struct wjr_site *site = frame->maker;
        frame->maker = NULL;
        wjr_new(site, object);
    }
}

PyObject *
wjr_borrow(struct wjr_site *site, void *result, void *owner)
{
    struct wj_frame *frame = wj_current;
    PyObject *object = result;
    if (object == NULL) {
        if (frame != NULL) {
            frame->nulled = site;
        }
        return NULL;
    }
    if (frame == NULL || frame->threads || is_uninitialised(object)) {
        return object;
    }
    struct wj_entry *from = owner == NULL ? NULL : wj_find(frame, owner);
    int safe = owner == NULL || PyType_Check(object)
               || (from != NULL && from->origin == WJ_ARGUMENT && PyTuple_Check(owner));
    struct wj_entry *entry = wj_entry(frame, object);
    if (entry == NULL || entry->dead || entry->own > 0) {
        return object;
    }
    if (entry->origin != WJ_ARGUMENT) {
        entry->origin = WJ_BORROWED;
        entry->gave = NULL;
    }
    entry->lent = site;
    entry->owner = owner;
    if (!entry->held && !safe && entry->origin == WJ_BORROWED) {
        lend(frame, entry);
    }
    return object;
}

/* ---- references given and taken ---- */

/* True where a count is not to be touched: it is no object, or we have no GIL. Says so.
 */
static int
cannot_count(struct wjr_site *site, struct wj_frame *frame, PyObject *object)
{
    wj_touch(site);
    if (object == NULL || is_uninitialised(object)) {
        wjr_use(site, object, 1, 0);
        return 1;
    }
    if (frame != NULL && frame->threads) {
        wj_report("no-gil", site, NULL, frame->callee, "%s without the GIL", site->api);
        return 1;
    }
    if (frame != NULL) {
        wj_pass(frame, site);
    }
    return 0;
}

void
wjr_incref(struct wjr_site *site, void *given)
{
    struct wj_frame *frame = wj_current;
    PyObject *object = given;
    if (cannot_count(site, frame, object)) {
        return;
    }
    trace(site, object, "taken", 1, 1);
    if (frame == NULL) {
        Py_INCREF(object);
        wj_account_add(object, &(struct wj_stake){.site = site, .covered = 1});
        return;
    }
    seen(site, object);
    Py_INCREF(object);
    struct wj_entry *entry = wj_entry(frame, object);
    if (entry != NULL) {
        if (entry->dead) {
            entry->dead = 0;
            frame->dead--;
        }
        entry->own++;
        note(&entry->got, site);
        entry->owner = NULL; /* it lives by what we have, now */
        entry->origin = entry->origin == WJ_BORROWED ? WJ_NEW : entry->origin;
    }
}

/* Whether the frame may give a reference away; takes it off what there is. */
static int
may_give(struct wjr_site *site, PyObject *object, struct wj_entry *entry,
         const char *kind, const char *verb)
{
    if (entry->own > 0) {
        entry->own--;
        entry->gave = site;
        return 1;
    }
    if (wj_current->slot != NULL && entry->origin == WJ_NEW) {
        wj_current->slot = NULL; /* which gave it once more */
        entry->gave = site;
        return 1;
    }
    if (wj_single(object) >= 0) { /* judged when all is done */
        entry->own--;
        entry->gave = site;
        return 1;
    }
    struct wj_account *account = wj_account(object, 0);
    int unowned = wj_releases_unowned(wj_current, entry);
    if (!unowned && wj_account_spend(object, 1) > 0) {
        entry->spent++;
        entry->gave = entry->gave ? entry->gave : site;
        return 1;
    }
    if (unowned
        || (account != NULL && account->weak != NULL && account->weak_home == NULL
            && entry->origin == WJ_UNKNOWN)) {
        wj_report_of(&account->weak_sight, kind, account->weak, site, account->weak_by,
                     "stored here without a reference, which %s %s later", api(site),
                     verb);
        return 0;
    }
    if (entry->origin == WJ_ARGUMENT || entry->origin == WJ_BORROWED) {
        wj_report_of(&entry->used, kind, site, entry->lent, callee(),
                     "%s %s a reference that is borrowed%s", api(site), verb,
                     entry->lent ? "" : " from the caller");
        return 0;
    }
    if (entry->gave != NULL && entry->origin == WJ_NEW) {
        wj_report_of(&entry->used, kind, site, entry->gave, callee(),
                     "%s %s a reference that was given away before", api(site), verb);
        return 0;
    }
    entry->own--; /* from where we do not see */
    entry->gave = site;
    return 1;
}

static void
forget_member(struct wj_entry *entry)
{
    if (entry->member) {
        entry->member = 0;
    }
}

static void
drop(struct wj_frame *frame, struct wj_entry *entry)
{
    PyObject *object = entry->object;
    if (real_count(object, entry) != 1) {
        Py_DECREF(object);
        return;
    }
    entry->dead = 1; /* the last one stays with us for a while */
    if (entry->held) {
        Py_DECREF(object);
    }
    entry->held = 1;
    if (++frame->dead > DEAD) {
        make_room(frame, 1);
    }
}

void
wjr_decref(struct wjr_site *site, void *given)
{
    struct wj_frame *frame = wj_current;
    PyObject *object = given;
    if (cannot_count(site, frame, object)) {
        return;
    }
    if (frame == NULL) {
        trace(site, object, "dropped", -1, -1);
        wj_account_spend(object, 1);
        Py_DECREF(object);
        wj_account_close(object);
        return;
    }
    struct wj_entry *entry = wj_find(frame, object);
    if (entry != NULL && entry->dead) {
        wj_report_of(&entry->used, "over-decref", site, entry->gave, frame->callee,
                     "%s releases an object whose last reference was released before",
                     site->api);
        return;
    }
    if (entry != NULL) {
        check_lent(site, entry);
    } else {
        seen(site, object);
    }
    entry = wj_entry(frame, object);
    trace(site, object, "dropped", -1, -1);
    if (entry == NULL) {
        Py_DECREF(object);
        return;
    }
    forget_member(entry);
    if (may_give(site, object, entry, "over-decref", "releases")) {
        drop(frame, entry);
    }
}

void
wjr_steal(struct wjr_site *site, void *given)
{
    struct wj_frame *frame = wj_current;
    PyObject *object = given;
    if (object == NULL || is_uninitialised(object)) {
        return;
    }
    trace(site, object, "given", -1, 0);
    if (frame == NULL) {
        if (wj_account_spend(object, 1) == 0 && wj_in_globals(object)
            && PyType_Check(object)) { /* its first reference is the extension's */
            wj_report("stolen", site, NULL, NULL, "%s takes over the only reference",
                      api(site));
            Py_INCREF(object);
        }
        wj_account_close(object);
        return;
    }
    if (frame->threads) {
        return;
    }
    seen(site, object);
    struct wj_entry *entry = wj_entry(frame, object);
    if (entry == NULL || entry->dead) {
        if (entry != NULL) {
            Py_INCREF(object);
        }
        return;
    }
    forget_member(entry);
    int ours = entry->origin != WJ_UNKNOWN || !wj_in_globals(object);
    if (!ours) {
        entry->origin =
            WJ_BORROWED; /* a variable: its first reference is not for others */
    }
    if (entry->own <= 0
        && (entry->origin == WJ_ARGUMENT || entry->origin == WJ_BORROWED)) {
        entry->own--; /* perhaps Py_INCREF comes later */
        entry->gave = site;
    } else if (!may_give(site, object, entry, "stolen", "takes over")) {
        Py_INCREF(object); /* so that the program goes on */
    }
}

void
wjr_gain(struct wjr_site *site, PyObject *object)
{
    struct wj_entry *entry = wj_current == NULL || object == NULL || wj_current->threads
                                 ? NULL
                                 : wj_entry(wj_current, object);
    if (entry != NULL && !entry->dead) {
        trace(site, object, "kept", 1, 0);
        entry->own++;
        note(&entry->got, site);
    }
}

/* A stealing call has failed, and has not stolen. */
void
wjr_keep(struct wjr_site *site, void *object)
{
    struct wj_entry *entry =
        wj_current == NULL || object == NULL ? NULL : wj_find(wj_current, object);
    if (entry != NULL) {
        trace(site, object, "kept", 1, 0);
        entry->own++;
        entry->gave = NULL;
        if (entry->got.site == NULL) {
            note(&entry->got, site);
        }
    }
}

void
wjr_hand_in(struct wjr_site *site, PyObject **place)
{
    struct wj_frame *frame = wj_current;
    PyObject *object = place == NULL ? NULL : *place;
    struct wj_entry *entry;
    if (object == NULL || frame == NULL) {
        return;
    }
    wjr_use(site, object, 1, 1);
    trace(site, object, "given", -1, 0);
    entry = wj_find(frame, object);
    if (entry == NULL) {
        return;
    }
    if (entry->held && !entry->dead) { /* the call may look at the count */
        entry->held = 0;
        frame->lent -= !entry->member;
        Py_DECREF(object);
    }
    forget_member(entry);
    if (entry->own > 0) {
        entry->own--;
    } else {
        entry->spent += wj_account_spend(object, 1);
    }
    entry->gave = NULL;
    entry->origin = entry->own > 0 ? entry->origin : WJ_UNKNOWN;
}

/* ---- text within objects ---- */

void
wjr_inner(struct wjr_site *site, void *object, const void *inner)
{
    struct wj_frame *frame = wj_current;
    (void)site;
    if (frame == NULL || frame->threads || inner == NULL || object == NULL) {
        return;
    }
    struct wj_entry *entry = wj_entry(frame, object);
    if (entry != NULL) {
        entry->inner = inner;
        entry->length = strlen(inner) + 1;
    }
}

void
wjr_text(struct wjr_site *site, const void *text, int n)
{
    struct wj_frame *frame = wj_current;
    if (frame == NULL || text == NULL || frame->dead == 0) {
        return;
    }
    for (int i = 0; i < frame->count; i++) {
        const struct wj_entry *entry = &frame->entries[i];
        const char *at = text;
        if (entry->dead && entry->inner != NULL && at >= entry->inner
            && at < entry->inner + entry->length) {
            wj_report_of(&entry->used, "use-after-decref", site, entry->gave,
                         frame->callee,
                         "%s reads, as argument %d, text of an object after its last "
                         "reference was released",
                         api(site), n);
        }
    }
}

void
wjr_threads(struct wjr_site *site, int allowed)
{
    wj_touch(site);
    if (wj_current != NULL) {
        wj_current->threads = allowed;
    }
}
