/* Formats of arguments: do they agree with the C variables, and what do they do with
 * references and buffers?
 *
 * Types are letters: b B h H i I l k L K n f d D for numbers by their C type as in
 * struct, p for char *, O for PyObject *, T for another object, v for Py_buffer, c for
 * char, * for a pointer to what we do not know.
 */
#include "state.h"

#include <string.h>

/* What one unit of a format takes: a letter for each C argument, a space between those
 * that will do. */
static const char *
wanted(const char **format)
{
    static const struct {
        const char *unit, *types;
    } units[] = {
        {"es#", "*pn"}, {"et#", "*pn"}, {"es", "*p"}, {"et", "*p"}, {"s*", "v"},
        {"z*", "v"},    {"y*", "v"},    {"w*", "v"},  {"s#", "pn"}, {"z#", "pn"},
        {"y#", "pn"},   {"O!", "*o"},   {"O&", "**"}, {"s", "p"},   {"z", "p"},
        {"y", "p"},     {"O", "o"},     {"S", "o"},   {"U", "o"},   {"Y", "o"},
        {"b", "c"},     {"B", "c"},     {"h", "h"},   {"H", "h"},   {"i", "i"},
        {"I", "i"},     {"l", "l"},     {"k", "l"},   {"L", "q"},   {"K", "q"},
        {"n", "n"},     {"c", "c"},     {"C", "i"},   {"f", "f"},   {"d", "d"},
        {"D", "D"},     {"p", "i"},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t size = strlen(units[i].unit);
        if (strncmp(*format, units[i].unit, size) == 0) {
            *format += size;
            return units[i].types;
        }
    }
    return NULL;
}

/* Whether a C type, as the shim names it, will do for a wanted one. */
static int
fits(char type, char want)
{
    static const char *const classes[] = {"cbB?", "hH", "iI", "lkqQn", "fx", "dy"};
    if (type == '*' || want == '*') {
        return 1;
    }
    if (want == 'o') {
        return type == 'O' || type == 'T';
    }
    want = want == 'q' || want == 'n' ? 'l' : want;
    type = type == 'q' || type == 'Q' || type == 'k' ? 'l' : type;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strchr(classes[i], want) != NULL) {
            return strchr(classes[i], type) != NULL;
        }
    }
    return type == want;
}

void
wjr_format(struct wjr_site *site, const char *format, const char *types, int keywords)
{
    int units = 0;
    const char *at = format;
    if (site->id != 0) {
        return; /* checked when it was first reached */
    }
    wj_touch(site);
    while (*at && *at != ':' && *at != ';') {
        if (strchr("|$() ", *at) != NULL) {
            at++;
            continue;
        }
        const char *unit = at, *want = wanted(&at);
        if (want == NULL) {
            return; /* the interpreter will tell */
        }
        units++;
        for (; *want; want++, types++) {
            if (*types == 0) {
                wj_report("format", site, NULL, wj_current ? wj_current->callee : NULL,
                          "the format \"%s\" has more units than there are variables",
                          format);
                return;
            }
            if (!fits(*types, *want)) {
                wj_report(
                    "format", site, NULL, wj_current ? wj_current->callee : NULL,
                    "unit %d of the format \"%s\", %.*s, does not fit the type of "
                    "its variable",
                    units, format, (int)(at - unit), unit);
                return;
            }
        }
    }
    if (*types) {
        wj_report("format", site, NULL, wj_current ? wj_current->callee : NULL,
                  "the format \"%s\" has fewer units than there are variables", format);
    } else if (keywords >= 0 && keywords != units) {
        wj_report("keywords", site, NULL, wj_current ? wj_current->callee : NULL,
                  "the format \"%s\" has %d units, and the list of keywords %d names",
                  format, units, keywords);
    }
}

int
wjr_names(const char *const *keywords)
{
    int count = 0;
    while (keywords != NULL && keywords[count] != NULL) {
        count++;
    }
    return count;
}

/* ---- parsing ---- */

/* What a format has stored: borrowed objects, converters' new ones, buffers. */
static void
stored(struct wjr_site *site, const char *format, va_list arguments)
{
    const char *at = format;
    while (*at && *at != ':' && *at != ';') {
        const char *unit = at, *want = strchr("|$() ", *at) ? NULL : wanted(&at);
        if (want == NULL) {
            at++;
            continue;
        }
        void *first = va_arg(arguments, void *);
        void *second = want[1] ? va_arg(arguments, void *) : NULL;
        if (want[1] && want[2]) {
            (void)va_arg(arguments, void *);
        }
        PyObject **place = want[1] ? second : first;
        if (unit[0] == 'O' && unit[1] == '&') {
            if ((first == (void *)PyUnicode_FSConverter
                 || first == (void *)PyUnicode_FSDecoder)
                && *place != NULL) {
                wjr_new(site, *place);
            }
        } else if (want[0] == 'v') {
            Py_buffer *view = first;
            if (view->obj != NULL) {
                wj_buffer_add(site, view);
            }
        } else if (strchr("OSUY", unit[0]) != NULL && *place != NULL) {
            struct wj_entry *entry =
                wj_current == NULL ? NULL : wj_entry(wj_current, *place);
            if (entry != NULL && entry->origin == WJ_UNKNOWN && entry->own == 0) {
                entry->origin = WJ_ARGUMENT;
            }
        }
    }
}

int
wjr_parse(struct wjr_site *site, PyObject *arguments, PyObject *keywords,
          const char *format, char **names, ...)
{
    va_list list, again;
    wjr_before(site);
    va_start(list, names);
    va_copy(again, list);
    int ok = names == NULL ? PyArg_VaParse(arguments, format, list)
                           : PyArg_VaParseTupleAndKeywords(arguments, keywords, format,
                                                           (void *)names, list);
    if (ok) {
        stored(site, format, again);
    }
    va_end(again);
    va_end(list);
    return ok;
}

int
wjr_unpack(struct wjr_site *site, PyObject *arguments, const char *name,
           Py_ssize_t least, Py_ssize_t most, ...)
{
    va_list list;
    wjr_before(site);
    if (!PyTuple_Check(arguments) || PyTuple_GET_SIZE(arguments) < least
        || PyTuple_GET_SIZE(arguments) > most) {
        return PyArg_UnpackTuple(arguments, name, least, most);
    }
    va_start(list, most);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(arguments); i++) {
        PyObject **place = va_arg(list, PyObject **);
        *place = wjr_borrow(site, PyTuple_GET_ITEM(arguments, i), arguments);
    }
    va_end(list);
    return 1;
}

/* ---- building ---- */

/* The objects that a format takes: those for N are given away. */
static void
taken(struct wjr_site *site, const char *format, va_list arguments)
{
    for (const char *at = format; *at; at++) {
        if (strchr("()[]{},: \t", *at) != NULL) {
            continue;
        }
        if (strchr("bBhHicCp", *at) != NULL) {
            (void)va_arg(arguments, int);
        } else if (strchr("IlknLK", *at) != NULL) {
            if (*at == 'I') {
                (void)va_arg(arguments, unsigned);
            } else {
                (void)va_arg(arguments, long long);
            }
        } else if (*at == 'd' || *at == 'f') {
            (void)va_arg(arguments, double);
        } else {
            void *pointer = va_arg(arguments, void *);
            if (at[1] == '#') {
                (void)va_arg(arguments, Py_ssize_t);
                at++;
            } else if (at[1] == '&') {
                (void)va_arg(arguments, void *);
                at++;
            } else if (*at == 'N') {
                wjr_steal(site, pointer);
            } else if (strchr("OSU", *at) != NULL && (*at == 'O' || pointer != NULL)) {
                wjr_use(site, pointer, 1, PyErr_Occurred() != NULL);
            } else if (pointer != NULL) {
                wjr_text(site, pointer, 1);
            }
        }
    }
}

PyObject *
wjr_build(struct wjr_site *site, const char *format, ...)
{
    va_list list, again;
    wjr_before(site);
    va_start(list, format);
    va_copy(again, list);
    taken(site, format, again);
    PyObject *result = Py_VaBuildValue(format, list);
    va_end(again);
    va_end(list);
    return wjr_new(site, result);
}

/* Call with arguments that a format builds, as PyObject_CallFunction and
 * PyObject_CallMethod do. */
PyObject *
wjr_call(struct wjr_site *site, PyObject *callable, const char *method,
         const char *format, ...)
{
    va_list list, again;
    PyObject *arguments = NULL, *result = NULL;
    char grouped[512];
    wjr_before(site);
    wjr_use(site, callable, 1, 0);
    PyOS_snprintf(grouped, sizeof grouped, "(%s)", format == NULL ? "" : format);
    va_start(list, format);
    va_copy(again, list);
    taken(site, grouped, again);
    arguments = Py_VaBuildValue(grouped, list);
    va_end(again);
    va_end(list);
    if (arguments != NULL && PyTuple_GET_SIZE(arguments) == 1
        && PyTuple_Check(PyTuple_GET_ITEM(arguments, 0))) {
        PyObject *inside = PyTuple_GET_ITEM(arguments, 0);
        Py_INCREF(inside);
        Py_SETREF(arguments, inside);
    }
    if (arguments != NULL && callable != NULL) {
        PyObject *called = method == NULL ? Py_NewRef(callable)
                                          : PyObject_GetAttrString(callable, method);
        result = called == NULL ? NULL : PyObject_Call(called, arguments, NULL);
        Py_XDECREF(called);
    }
    Py_XDECREF(arguments);
    return wjr_new(site, result);
}

/* ---- objects behind one another ---- */

/* Call with the objects up to NULL, as PyObject_CallFunctionObjArgs and
 * PyObject_CallMethodObjArgs do. */
PyObject *
wjr_call_objects(struct wjr_site *site, PyObject *callable, PyObject *method, ...)
{
    PyObject *arguments[64] = {callable}, *result = NULL;
    size_t count = method != NULL;
    va_list list;
    wjr_before(site);
    wjr_use(site, callable, 1, 0);
    va_start(list, method);
    for (PyObject *each = va_arg(list, PyObject *); each != NULL && count < 64;
         each = va_arg(list, PyObject *)) {
        wjr_use(site, each, (int)count + 2, 0);
        arguments[count++] = each;
    }
    va_end(list);
    if (count == 64) {
        PyErr_SetString(PyExc_SystemError, "the ledger passes 63 arguments at most");
    } else if (callable != NULL) {
        result = method == NULL
                     ? PyObject_Vectorcall(callable, arguments, count, NULL)
                     : PyObject_VectorcallMethod(method, arguments, count, NULL);
    }
    return wjr_new(site, result);
}

/* The objects that go into a text. */
static void
told(struct wjr_site *site, const char *format, va_list arguments)
{
    int stars, n = 1;
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at + 1, '%')) {
        size_t wide = strspn(++at, "0123456789.-#*");
        for (stars = 0; wide > 0; wide--, at++) {
            stars += *at == '*';
        }
        for (; stars > 0; stars--) {
            (void)va_arg(arguments, int);
        }
        size_t length = strspn(at, "lzjt");
        at += length;
        if (*at == 0) {
            return;
        }
        if (strchr("diouxXc", *at) != NULL) {
            if (length > 0) {
                (void)va_arg(arguments, long long);
            } else {
                (void)va_arg(arguments, int);
            }
        } else if (*at != '%') {
            void *pointer = va_arg(arguments, void *);
            if (strchr("AUVSRTN", *at) != NULL) {
                wjr_use(site, pointer, ++n, *at == 'V');
            }
            if (*at == 'V') {
                (void)va_arg(arguments, void *);
            }
        }
    }
}

PyObject *
wjr_text_from(struct wjr_site *site, const char *format, ...)
{
    va_list list, again;
    wjr_before(site);
    va_start(list, format);
    va_copy(again, list);
    told(site, format, again);
    PyObject *result = PyUnicode_FromFormatV(format, list);
    va_end(again);
    va_end(list);
    return wjr_new(site, result);
}
