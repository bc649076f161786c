/* Traces: each reference that the extension takes or gives away of objects of one type,
 * or of what one line makes. WADJET_REFS_TRACE says which: TYPE or FILE:LINE.
 *
 * An object has a number from the first time that it is seen until its last reference
 * is dropped here. Who drops it elsewhere is not seen, so that an address may be
 * another object's: what is made new there has another number, and so has what comes
 * with a later call from the interpreter when the extension has nothing of the former.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "pointers.h"

enum { ASK = -1, NOTHING, TYPE, PLACE };
enum { MOST = 1 << 20 };

/* An object as it is known here: what the extension has of it, as of which call. */
struct life {
    unsigned long number, call;
    long balance;
};

int wj_tracing = ASK;

static const char *wanted; /* a type, or a file whose line is ``line`` */
static size_t length;
static int line;
static struct wj_pointers objects; /* from objects to their lives */
static unsigned long numbers, events;

static int
ask(void)
{
    const char *text = getenv("WADJET_REFS_TRACE");
    const char *colon = text == NULL ? NULL : strrchr(text, ':');
    if (text == NULL || *text == 0) {
        return NOTHING;
    }
    wanted = text;
    length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    line = colon == NULL ? 0 : atoi(colon + 1);
    return colon == NULL ? TYPE : PLACE;
}

/* Whether ``name`` is what is wanted, or that behind a ``separator``. */
static int
ends_in_wanted(const char *name, char separator)
{
    size_t size = strlen(name);
    return size >= length && memcmp(name + size - length, wanted, length) == 0
           && (size == length || name[size - length - 1] == separator);
}

static int
is_wanted(const struct wjr_site *site, PyObject *object)
{
    return wj_tracing == TYPE ? ends_in_wanted(Py_TYPE(object)->tp_name, '.')
                              : site->line == line && ends_in_wanted(site->file, '/');
}

static struct life *
life_of(const struct wjr_site *site, PyObject *object, int is_made)
{
    void **place = wj_pointers_find(&objects, object);
    struct life *life = place == NULL ? NULL : *place;
    int is_over =
        is_made || (life != NULL && life->balance == 0 && life->call != wj_calls);
    if (life != NULL && !is_over) {
        return life;
    }
    if (life != NULL) {
        free(wj_pointers_remove(&objects, object));
    }
    place = is_wanted(site, object) ? wj_pointers_at(&objects, object) : NULL;
    life = place == NULL ? NULL : calloc(1, sizeof *life);
    if (life != NULL) {
        life->number = ++numbers;
        *place = life;
    }
    return life;
}

void
wj_trace(struct wjr_site *site, PyObject *object, const char *event, int change,
         Py_ssize_t count)
{
    if (wj_tracing == ASK) {
        wj_tracing = ask();
    }
    if (wj_tracing == NOTHING || site == NULL || events > MOST) {
        return;
    }
    int is_made = strcmp(event, "new") == 0 && count == 1;
    struct life *life = life_of(site, object, is_made);
    if (life == NULL) {
        return;
    }
    life->balance += change;
    life->call = wj_calls;
    wj_touch(site);
    if (++events > MOST) {
        wj_report_event(0, 0, "cut", 0, "");
        return;
    }
    wj_report_event(life->number, site->id, event, (long)count,
                    Py_TYPE(object)->tp_name);
    if (count <= 0) {
        free(wj_pointers_remove(&objects, object));
    }
}
