/* The texts by which things are named: keys of dicts, variables, functions, files,
 * modules.
 *
 * Only these are kept, and only their beginning: a snapshot says how a program is
 * built, not what data it has.
 */
#include "walk.h"

#include <stdio.h>
#include <string.h>

#define MOST 120

struct naming {
    struct wj_walk *walk;
    struct wj_column seen; /* u8 */
};

static size_t
encode(Py_UCS4 letter, char *out)
{
    if (letter < 0x20 || letter == 0x7f || (letter >= 0xd800 && letter < 0xe000)) {
        letter = '?';
    }
    if (letter < 0x80) {
        out[0] = (char)letter;
        return 1;
    }
    if (letter < 0x800) {
        out[0] = (char)(0xc0 | letter >> 6);
        out[1] = (char)(0x80 | (letter & 0x3f));
        return 2;
    }
    if (letter < 0x10000) {
        out[0] = (char)(0xe0 | letter >> 12);
        out[1] = (char)(0x80 | (letter >> 6 & 0x3f));
        out[2] = (char)(0x80 | (letter & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | letter >> 18);
    out[1] = (char)(0x80 | (letter >> 12 & 0x3f));
    out[2] = (char)(0x80 | (letter >> 6 & 0x3f));
    out[3] = (char)(0x80 | (letter & 0x3f));
    return 4;
}

/* The beginning of a str, or a small int; 0 bytes for anything else. */
static size_t
text_of(PyObject *object, char *out)
{
    size_t end = 0;
    if (PyUnicode_Check(object)) {
        Py_ssize_t length = PyUnicode_GET_LENGTH(object);
        for (Py_ssize_t at = 0; at < length && end < MOST; at++) {
            end += encode(PyUnicode_READ_CHAR(object, at), out + end);
        }
    } else if (PyBytes_Check(object)) {
        const unsigned char *bytes = (unsigned char *)PyBytes_AS_STRING(object);
        for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(object) && end < MOST; at++) {
            end += encode(bytes[at] < 0x7f ? bytes[at] : '?', out + end);
        }
    } else if (PyLong_CheckExact(object) && wj_int_digits(object) <= 2) {
        int overflow;
        long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
        end = (size_t)snprintf(out, MOST, "%lld", value);
    } else {
        return 0;
    }
    out[end++] = 0;
    return end;
}

static int
name(struct naming *naming, uint32_t number)
{
    struct wj_graph *graph = naming->walk->graph;
    char text[MOST + 8];
    const struct wj_kind *kind = wj_kind(naming->walk, wj_u32(&graph->type)[number]);
    if (number == 0 || kind->type == NULL || wj_u8(&naming->seen)[number]) {
        return 0;
    }
    wj_u8(&naming->seen)[number] = 1;
    size_t bytes = text_of((PyObject *)wj_u64(&graph->address)[number], text);
    uint32_t start = (uint32_t)graph->text.count;
    if (bytes == 0) {
        return 0;
    }
    return wj_column_append(&graph->text_object, &number, 1)
           | wj_column_append(&graph->text_first, &start, 1)
           | wj_column_append(&graph->text, text, bytes);
}

static int
name_items(struct naming *naming, uint32_t number, uint32_t from, uint32_t step)
{
    const struct wj_graph *graph = naming->walk->graph;
    uint32_t at = wj_u32(&graph->first)[number] + from;
    for (; at < wj_u32(&graph->first)[number + 1]; at += step) {
        if (name(naming, wj_u32(&graph->edge)[at]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The fields that name an object, by position, of those in ``wj_way_fields``. */
static int
name_parts(struct naming *naming, uint32_t number, const struct wj_kind *kind,
           uint32_t base)
{
    const struct wj_graph *graph = naming->walk->graph;
    const uint32_t *field = wj_u32(&graph->edge) + wj_u32(&graph->first)[number] + base;
    switch ((enum wj_way)kind->way) {
    case WJ_WAY_CODE:
        return name(naming, field[0]) | name(naming, field[1])
               | (field[2] == 0 ? 0 : name_items(naming, field[2], 0, 1));
    case WJ_WAY_FUNCTION:
        return name(naming, field[8]);
    case WJ_WAY_MODULE:
        return name(naming, field[0]);
    case WJ_WAY_GENERATOR:
        return name(naming, field[1]);
    case WJ_WAY_TYPE:
        return name(naming, field[7]);
    default:
        return 0;
    }
}

int
wj_walk_texts(struct wj_walk *walk)
{
    struct wj_graph *graph = walk->graph;
    struct naming naming = {walk, {0}};
    int result = wj_column_resize(&naming.seen, 1, graph->flags.count);
    for (uint32_t number = 1; result == 0 && number < graph->flags.count; number++) {
        uint32_t type = wj_u32(&graph->type)[number];
        const struct wj_kind *kind = wj_kind(walk, type);
        uint32_t fields = wj_u32(&graph->type_fields)[type];
        uint32_t base = kind->instance ? kind->slots + kind->names + 2 : 0;
        if (wj_u8(&graph->type_tail)[type] == WJ_TAIL_MAPPING) {
            result = name_items(&naming, number, fields, 2);
        } else if (kind->way != WJ_WAY_NONE) {
            result = name_parts(&naming, number, kind, base);
        }
    }
    for (size_t at = 0; result == 0 && at < graph->twin_of.count; at++) {
        result = name(&naming, wj_u32(&graph->twin_of)[at]);
    }
    wj_column_free(&naming.seen);
    return result;
}
