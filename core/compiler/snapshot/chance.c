/* States of generators of random numbers, which are drawn anew in each process that
 * comes back: to seed one takes as long as all else that a start does.
 *
 * Where a state lies is not told by anybody. It is looked for, by the words that the
 * generator says that it has; one that is not found is seeded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "chance.h"

#define MOST_STATES 64
#define LARGEST_STATE 2496           /* 624 words, of Mersenne's twister */
#define ONE_DRAW (2 * LARGEST_STATE) /* Python has one, NumPy another */

static struct {
    char *start;
    size_t size;
} states[MOST_STATES];
static size_t count;

/* Where the words are, NULL if they are not in the object. Borrowed. */
static char *
within(PyObject *object, const char *words, size_t size)
{
    return memmem(object, (size_t)Py_TYPE(object)->tp_basicsize, words, size);
}

/* The same for NumPy's capsules, which hold the address of the address of a state. */
static char *
behind(PyObject *capsule, const char *words, size_t size)
{
    char **interface = PyCapsule_GetPointer(capsule, "BitGenerator");
    if (interface == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return memcmp(*interface, words, size) == 0 ? *interface : NULL;
}

PyObject *
wj_renews(PyObject *module, PyObject *args)
{
    PyObject *holder;
    const char *words;
    Py_ssize_t size;
    (void)module;
    if (!PyArg_ParseTuple(args, "Oy#", &holder, &words, &size)) {
        return NULL;
    }
    if ((size_t)size > LARGEST_STATE || count == MOST_STATES) {
        return Py_NewRef(Py_False);
    }
    char *start = PyCapsule_CheckExact(holder) ? behind(holder, words, (size_t)size)
                                               : within(holder, words, (size_t)size);
    if (start == NULL) {
        return Py_NewRef(Py_False);
    }
    states[count].start = start;
    states[count++].size = (size_t)size;
    Py_INCREF(holder); /* for as long as its memory is written to */
    return Py_NewRef(Py_True);
}

/* 0, or -1 with an exception set. */
static int
draw(char *into, size_t size)
{
    while (size > 0) {
        ssize_t got = getrandom(into, size, 0);
        if (got < 0 && errno != EINTR) {
            PyErr_SetFromErrno(PyExc_OSError);
            return -1;
        }
        into += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}

int
wj_draw_states(void)
{
    char drawn[ONE_DRAW];
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (left < states[i].size) {
            left = sizeof drawn;
            if (draw(drawn, left) < 0) {
                return -1;
            }
        }
        left -= states[i].size;
        memcpy(states[i].start, drawn + left, states[i].size);
    }
    explicit_bzero(drawn, sizeof drawn);
    return 0;
}
