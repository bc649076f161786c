/* Objects that everybody shares: None, True, False and their like. Of them no pointer
 * is missing, so what a call has taken, stored and given away of them is summed up by
 * line.
 *
 * In a call that is right the references that it has at its end are the pointers that
 * it has stored. A sum that grows each time that a test is repeated is a mistake if the
 * object's count grows as well, less what is known to have it; one that falls, if that
 * falls. Says nothing where the count of None does not change.
 */
#include "state.h"

#include <stdlib.h>

enum { LINES = 512, TRIES = 3, MANY = 1 << 24 };

struct sum {
    PyObject *object; /* Borrowed: they live for ever */
    struct wj_stake stake;
    long net, before; /* now, and when the repetitions began */
    int tries;
};

static struct sum sums[LINES];
static int count;
static long real_before[WJ_SINGLES];
static int beginning;

/* Which of them it is, -1 for any other object. */
int
wj_single(const PyObject *object)
{
    return object == Py_None             ? 0
           : object == Py_True           ? 1
           : object == Py_False          ? 2
           : object == Py_NotImplemented ? 3
           : object == Py_Ellipsis       ? 4
           : wj_is_utc(object)           ? 5
                                         : -1;
}

/* Whether their counts change. Who gives away too many must not end the program. */
int
wj_singles_count(void)
{
    static int change = -1;
    if (change < 0) {
        PyObject *all[] = {Py_None, Py_True, Py_False, Py_NotImplemented, Py_Ellipsis};
        Py_ssize_t before = Py_REFCNT(Py_None);
        Py_INCREF(Py_None);
        change = Py_REFCNT(Py_None) != before;
        Py_DECREF(Py_None);
        for (size_t i = 0; change && i < sizeof all / sizeof *all; i++) {
            Py_SET_REFCNT(all[i], Py_REFCNT(all[i]) + MANY);
        }
    }
    return change;
}

static struct sum *
sum_of(PyObject *object, const struct wjr_site *site)
{
    int i = 0;
    while (i < count && (sums[i].object != object || sums[i].stake.site != site)) {
        i++;
    }
    if (i == count && count < LINES) {
        sums[count++].object = object;
    }
    return i < count ? &sums[i] : NULL;
}

/* A call has so many more references at its end than it has stored pointers. */
void
wj_single_add(PyObject *object, const struct wj_stake *stake, long net)
{
    struct sum *sum =
        stake->site == NULL || !wj_singles_count() ? NULL : sum_of(object, stake->site);
    if (sum != NULL) {
        sum->stake = *stake;
        sum->net += net;
    }
}

/* How far all sums are from nothing, but for those that were tried before in vain. */
long
wj_singles_open(void)
{
    long total = 0;
    for (int i = 0; i < count; i++) {
        total += sums[i].tries < TRIES ? labs(sums[i].net) : 0;
    }
    return total;
}

/* References that nothing we know of has. */
static long
real(PyObject *object)
{
    const struct wj_account *account = wj_account(object, 0);
    return (long)Py_REFCNT(object)
           - (account == NULL ? 0 : account->held + account->visible + account->seen);
}

/* Before looking: have what others have of them counted. */
void
wj_singles_prepare(void)
{
    for (int i = 0; i < count; i++) {
        wj_account(sums[i].object, 1);
    }
}

/* How many of a line have been lost, as far as the count agrees; negative where they
 * are given away that were not taken. */
static long
agreed(const struct sum *sum)
{
    long grown = sum->net - sum->before;
    long other = real(sum->object) - real_before[wj_single(sum->object)];
    long less = labs(grown) < labs(other)       ? labs(grown)
                : 2 * labs(other) < labs(grown) ? 0
                                                : labs(other);
    long sign = sum->net < 0 ? -1 : 1;
    return sum->before
           + ((grown > 0) == (other > 0) && grown * sign > 0 ? sign * less : 0);
}

/* The next look is the first of several, between which something is repeated. */
void
wj_singles_begin(void)
{
    beginning = 1;
}

static void
begin(void)
{
    beginning = 0;
    for (int i = 0; i < count; i++) {
        sums[i].tries += sums[i].net != sums[i].before;
        sums[i].before = sums[i].net;
        real_before[wj_single(sums[i].object)] = real(sums[i].object);
    }
}

/* Add to what was found. */
int
wj_singles_settle(PyObject *found)
{
    if (beginning) {
        begin();
    }
    for (int i = 0; i < count; i++) {
        long number = agreed(&sums[i]);
        if (number != 0
            && wj_found(found, &sums[i].stake, number, sums[i].object) != 0) {
            return -1;
        }
    }
    return 0;
}
