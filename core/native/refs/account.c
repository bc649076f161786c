/* Accounts: the references that the extension has between frames, and by which lines.
 *
 * A stake is *covered* where a pointer to the object was found when its frame ended,
 * and *floating* where not; then the ledger holds the object, so that it can be looked
 * at later: is there a reference that nothing we know of has? Such are leaks.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "pointers.h"

static struct wj_pointers accounts;
static long
    floating; /* objects with floating stakes: few, in an extension that is right */

struct wj_account *
wj_account(PyObject *object, int make)
{
    void **place =
        make ? wj_pointers_at(&accounts, object) : wj_pointers_find(&accounts, object);
    if (place != NULL && *place == NULL && make) {
        struct wj_account *account = calloc(1, sizeof *account);
        if (account != NULL) {
            account->object = object;
        }
        *place = account;
    }
    return place == NULL ? NULL : *place;
}

static void
hold(struct wj_account *account)
{
    if (!account->held) {
        account->held = 1;
        floating++;
        Py_INCREF(account->object);
    }
}

static void
let_go(struct wj_account *account)
{
    if (account->held) {
        account->held = 0;
        floating--;
        Py_DECREF(account->object);
    }
}

static struct wj_stake *
stake_of(struct wj_account *account, struct wjr_site *site)
{
    for (int i = 0; i < account->count; i++) {
        if (account->stakes[i].site == site) {
            return &account->stakes[i];
        }
    }
    if (account->count == account->room) {
        int room = account->room ? 2 * account->room : 2;
        struct wj_stake *larger =
            realloc(account->stakes, (size_t)room * sizeof *larger);
        if (larger == NULL) {
            return NULL;
        }
        account->stakes = larger;
        account->room = room;
    }
    struct wj_stake *stake = &account->stakes[account->count++];
    *stake = (struct wj_stake){.site = site};
    return stake;
}

void
wj_account_add(PyObject *object, const struct wj_stake *more)
{
    struct wj_account *account = wj_single(object) < 0 ? wj_account(object, 1) : NULL;
    struct wj_stake *stake = account == NULL ? NULL : stake_of(account, more->site);
    if (stake == NULL) {
        return;
    }
    account->total += more->covered + more->floating;
    stake->covered += more->covered;
    stake->floating += more->floating;
    if (more->floating) {
        stake->why = more->why;
        stake->by = more->by;
        stake->used = more->used;
        memcpy(stake->way, more->way, sizeof stake->way);
        hold(account);
    }
}

static int
take(struct wj_account *account, int number, int from_floating)
{
    for (int i = account->count - 1; i >= 0 && number > 0; i--) {
        int *have =
            from_floating ? &account->stakes[i].floating : &account->stakes[i].covered;
        int taken = *have < number ? *have : number;
        *have -= taken;
        account->total -= taken;
        number -= taken;
    }
    return number;
}

/* Take references off the account, from covered stakes first; how many were there. */
int
wj_account_spend(PyObject *object, int number)
{
    struct wj_account *account = wj_account(object, 0);
    if (account == NULL) {
        return 0;
    }
    int left = take(account, take(account, number, 0), 1);
    return number - left;
}

/* An account of nothing holds nothing; the object may die of it. */
void
wj_account_close(PyObject *object)
{
    struct wj_account *account = wj_account(object, 0);
    if (account == NULL || account->total > 0) {
        return;
    }
    let_go(account);
    account = wj_account(object, 0);
    if (account != NULL && !account->held && account->total == 0
        && account->weak == NULL) {
        wj_pointers_remove(&accounts, object);
        free(account->stakes);
        free(account);
    }
}

/* What was known of an address is of another object. */
void
wj_account_forget(PyObject *object)
{
    struct wj_account *account = wj_account(object, 0);
    if (account != NULL && !account->held) {
        wj_pointers_remove(&accounts, object);
        free(account->stakes);
        free(account);
    }
}

int
wj_account_holds(PyObject *object)
{
    struct wj_account *account = floating ? wj_account(object, 0) : NULL;
    return account != NULL && account->held;
}

/* ---- looking ---- */

static void
count_words(const char *start, size_t size, void *context)
{
    (void)context;
    for (size_t at = 0; at + sizeof(void *) <= size; at += sizeof(void *)) {
        PyObject *word = *(PyObject *const *)(const void *)(start + at);
        struct wj_account *account =
            word == NULL || ((uintptr_t)word & 7) ? NULL : wj_account(word, 0);
        if (account != NULL) {
            account->seen++;
        }
    }
}

static int
count_visible(PyObject *object, void *context)
{
    (void)context;
    struct wj_account *account = wj_account(object, 0);
    if (account != NULL) {
        account->visible++;
    }
    return 0;
}

/* What containers that are not the extension's have of each object; ``containers`` has
 * one reference itself of each of its items. */
static void
look_at(PyObject *containers)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(containers); i++) {
        PyObject *each = PyList_GET_ITEM(containers, i);
        traverseproc traverse = Py_TYPE(each)->tp_traverse;
        struct wj_account *account = wj_account(each, 0);
        if (account != NULL) {
            account->visible++;
        }
        if (traverse != NULL && !wj_is_instance(each) && each != containers) {
            traverse(each, count_visible, NULL);
        }
    }
}

/* How many references of the account nothing has. */
static long
missing(const struct wj_account *account)
{
    long claimed = account->total - account->seen;
    long real = (long)Py_REFCNT(account->object) - account->held - account->visible
                - account->seen;
    return claimed < real ? claimed : real;
}

static void
blame(struct wj_account *account, long lost)
{
    for (int i = 0; i < account->count && lost > 0; i++) {
        struct wj_stake *stake = &account->stakes[i];
        long here = stake->floating < lost ? stake->floating : lost;
        if (here > 0) {
            stake->site->leaked += here;
            lost -= here;
        }
    }
}

/* Tell of a line. */
int
wj_found(PyObject *found, const struct wj_stake *stake, long number, PyObject *object)
{
    const void *way[2 * WJ_WAY];
    memcpy(way, stake->way, sizeof stake->way);
    memcpy(way + WJ_WAY, stake->used.way, sizeof stake->used.way);
    PyObject *row =
        Py_BuildValue("lzsiIy#", number, stake->why, Py_TYPE(object)->tp_name,
                      stake->by == NULL ? -1 : (int)(stake->by - wj_callees),
                      stake->used.site == NULL ? 0 : stake->used.site->id,
                      (const char *)way, (Py_ssize_t)sizeof way);
    PyObject *key = PyLong_FromUnsignedLong(stake->site->id);
    int bad = row == NULL || key == NULL || PyDict_SetItem(found, key, row) != 0;
    Py_XDECREF(row);
    Py_XDECREF(key);
    return bad ? -1 : 0;
}

static int
collect(struct wj_account *account, PyObject *found)
{
    for (int i = 0; i < account->count; i++) {
        const struct wj_stake *stake = &account->stakes[i];
        if (stake->site->leaked != 0
            && wj_found(found, stake, stake->site->leaked, account->object) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A list of the accounts that hold their object; NULL for want of memory. */
static struct wj_account **
holding(size_t *count)
{
    struct wj_account **list = calloc((size_t)floating + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; list != NULL && i < accounts.size; i++) {
        struct wj_account *account = accounts.pairs[i].value;
        if (accounts.pairs[i].key == NULL || account == NULL) {
            continue;
        }
        account->seen = account->visible = 0;
        for (int j = 0; j < account->count; j++) {
            account->stakes[j].site->leaked = 0;
        }
        if (account->held && *count < (size_t)floating) {
            list[(*count)++] = account;
        }
    }
    return list;
}

/* Of the floating references, all but those that are lost were found, the oldest first.
 * How many are still floating. */
static int
cover_found(struct wj_account *account, long lost)
{
    long floats = 0;
    for (int i = 0; i < account->count; i++) {
        floats += account->stakes[i].floating;
    }
    for (int i = 0; i < account->count && floats > lost; i++) {
        struct wj_stake *stake = &account->stakes[i];
        int more = (int)(floats - (lost < 0 ? 0 : lost));
        int moved = stake->floating < more ? stake->floating : more;
        stake->floating -= moved;
        stake->covered += moved;
        floats -= moved;
    }
    return (int)floats;
}

/* Forget what nobody has: there we were wrong. Let go of what others have. An object
 * that goes may take others along, so begin anew after each. */
static void
drop_refuted(const PyObject *found)
{
    for (size_t i = 0; found != NULL && i < accounts.size; i++) {
        struct wj_account *account = accounts.pairs[i].value;
        if (accounts.pairs[i].key == NULL || account == NULL || !account->held) {
            continue;
        }
        if (Py_REFCNT(account->object) <= account->held) {
            take(account, account->total, 0);
            take(account, account->total, 1);
            wj_account_close(account->object);
            i = (size_t)-1;
        } else if (cover_found(account, account->total) == 0) {
            let_go(account);
        }
    }
}

/* Look for references that nothing has: a dictionary from the number of each line that
 * took some to (how many, why, type of one, the number of the call's callee, that of
 * the line that saw it last). ``containers`` lists what may have others; ``begins``
 * says that what was done so far is about to be repeated.
 */
PyObject *
wj_settle(PyObject *containers)
{
    size_t count;
    PyObject *found = PyDict_New();
    wj_end_inits();
    wj_singles_prepare();
    struct wj_account **list = found == NULL ? NULL : holding(&count);
    if (list == NULL) {
        Py_XDECREF(found);
        return PyErr_NoMemory();
    }
    if (count > 0 || wj_singles_open() > 0) {
        wj_each_region(count_words, NULL);
        look_at(containers);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        long lost = missing(list[i]);
        cover_found(list[i], lost);
        if (lost > 0) {
            blame(list[i], lost);
            list[kept++] = list[i];
        }
    }
    for (size_t i = 0; i < kept && found != NULL; i++) {
        if (collect(list[i], found) != 0) {
            Py_CLEAR(found);
        }
    }
    if (found != NULL && wj_singles_settle(found) != 0) {
        Py_CLEAR(found);
    }
    drop_refuted(found);
    free(list);
    return found;
}

/* How many references are floating: nobody may have them. */
long
wj_floating(void)
{
    wj_end_inits();
    long references = wj_singles_open();
    for (size_t i = 0; floating > 0 && i < accounts.size; i++) {
        const struct wj_account *account = accounts.pairs[i].value;
        if (accounts.pairs[i].key == NULL || account == NULL || !account->held) {
            continue;
        }
        for (int j = 0; j < account->count; j++) {
            references += account->stakes[j].floating;
        }
    }
    return references;
}
