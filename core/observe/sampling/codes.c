/* Which code object is which.
 *
 * The table is read by signal handlers in any thread and changed by one thread, with
 * the GIL: open addressing, keys written last, removed keys left as tombstones until
 * the table is made anew. Tables that were replaced are kept until the end, since a
 * handler may still be looking into one.
 *
 * Invariant: a key in the table is a live code object, for we own a reference to it.
 */
#include "codes.h"

#include <string.h>

#include "lines.h"
#include "peek.h"

#define ASKED 512
#define SWEEP 512 /* entries looked at for each serving, to keep the GIL briefly */
#define NAME_MAX_BYTES 1024
#define FILE_MAX_BYTES 4096
#define TOMBSTONE ((uintptr_t)1)

struct entry {
    uintptr_t code; /* Owned reference; 0 for none, TOMBSTONE for a removed one */
    uint32_t id;
};

struct table {
    struct table *older; /* Owned: the table this one replaced */
    size_t size;         /* a power of two */
    size_t used;         /* tombstones included */
    struct entry entries[];
};

static struct table *table; /* Owned */
static uint32_t next_id = 1;
static size_t sweep_at;
static uintptr_t asked[ASKED];
static uint32_t asked_count;

static size_t
hash(uintptr_t key)
{
    return (size_t)((key >> 4) * 0x9E3779B97F4A7C15ull >> 20);
}

uint32_t
wj_codes_find(const PyCodeObject *code)
{
    const struct table *now = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    if (now == NULL) {
        return 0;
    }
    for (size_t i = hash((uintptr_t)code);; i++) {
        const struct entry *entry = &now->entries[i & (now->size - 1)];
        uintptr_t key = __atomic_load_n(&entry->code, __ATOMIC_ACQUIRE);
        if (key == (uintptr_t)code) {
            return entry->id;
        }
        if (key == 0) {
            return 0;
        }
    }
}

static void
put(struct table *to, uintptr_t code, uint32_t id)
{
    size_t i = hash(code);
    while (to->entries[i & (to->size - 1)].code != 0) {
        i++;
    }
    struct entry *entry = &to->entries[i & (to->size - 1)];
    entry->id = id;
    __atomic_store_n(&entry->code, code, __ATOMIC_RELEASE);
    to->used++;
}

/* Make room for one more. 0, or -1 for want of memory. */
static int
grow(void)
{
    if (table != NULL && 2 * (table->used + 1) <= table->size) {
        return 0;
    }
    size_t live = 0;
    for (size_t i = 0; table != NULL && i < table->size; i++) {
        live += table->entries[i].code > TOMBSTONE;
    }
    size_t size = 1024;
    while (size < 4 * (live + 1)) {
        size *= 2;
    }
    struct table *bigger = calloc(1, sizeof *bigger + size * sizeof bigger->entries[0]);
    if (bigger == NULL) {
        return -1;
    }
    bigger->size = size;
    bigger->older = table;
    for (size_t i = 0; table != NULL && i < table->size; i++) {
        if (table->entries[i].code > TOMBSTONE) {
            put(bigger, table->entries[i].code, table->entries[i].id);
        }
    }
    __atomic_store_n(&table, bigger, __ATOMIC_RELEASE);
    return 0;
}

/* ---- asking --------------------------------------------------------------------- */

void
wj_codes_ask(const PyCodeObject *code)
{
    uint32_t count = __atomic_load_n(&asked_count, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < count && i < ASKED; i++) {
        if (__atomic_load_n(&asked[i], __ATOMIC_RELAXED) == (uintptr_t)code) {
            return;
        }
    }
    uint32_t at = __atomic_fetch_add(&asked_count, 1, __ATOMIC_ACQ_REL);
    if (at < ASKED) {
        __atomic_store_n(&asked[at], (uintptr_t)code, __ATOMIC_RELEASE);
    }
}

int
wj_codes_asked(void)
{
    return __atomic_load_n(&asked_count, __ATOMIC_RELAXED) != 0;
}

int
wj_codes_is_code(const PyCodeObject *code)
{
    PyObject head;
    return wj_codes_find(code) != 0
           || (wj_peek(&head, code, sizeof head) == 0
               && Py_TYPE(&head) == &PyCode_Type);
}

/* ---- giving --------------------------------------------------------------------- */

static int
is_live(const void *at, const PyTypeObject *type)
{
    PyObject head;
    return wj_peek(&head, at, sizeof head) == 0 && Py_TYPE(&head) == type
           && wj_is_referred_to(&head);
}

/* True when a live code object lies at the address. With the GIL held nothing dies
   meanwhile; what has died before is told by its count, and by what it referred to. */
static int
is_live_code(const PyCodeObject *code)
{
    PyCodeObject copy;
    return (uintptr_t)code % sizeof(void *) == 0 && is_live(code, &PyCode_Type)
           && wj_peek(&copy, code, sizeof copy) == 0
           && is_live(copy.co_filename, &PyUnicode_Type)
           && is_live(copy.co_qualname, &PyUnicode_Type)
           && is_live(copy.co_linetable, &PyBytes_Type);
}

static int
write_code(struct wj_ring *ring, PyCodeObject *code, uint32_t id)
{
    Py_ssize_t file_size, name_size;
    const char *file = PyUnicode_AsUTF8AndSize(code->co_filename, &file_size);
    const char *name =
        file ? PyUnicode_AsUTF8AndSize(code->co_qualname, &name_size) : NULL;
    if (name == NULL) {
        PyErr_Clear(); /* a lone surrogate: it stays described sample by sample */
        return -1;
    }
    size_t table_size = (size_t)PyBytes_GET_SIZE(code->co_linetable);
    size_t size =
        WJ_ROUND(sizeof(struct wj_code) + (size_t)(file_size + name_size) + table_size);
    struct wj_code *record = wj_ring_reserve(ring, size);
    if (record == NULL) {
        return -1;
    }
    record->id = id;
    record->first_line = code->co_firstlineno;
    record->file_size = (uint32_t)file_size;
    record->name_size = (uint32_t)name_size;
    record->table_size = (uint32_t)table_size;
    char *text = (char *)(record + 1);
    memcpy(text, file, (size_t)file_size);
    memcpy(text + file_size, name, (size_t)name_size);
    memcpy(text + file_size + name_size, PyBytes_AS_STRING(code->co_linetable),
           table_size);
    wj_ring_commit(record, size, WJ_CODE);
    return 0;
}

static void
give(struct wj_ring *ring, PyCodeObject *code)
{
    if (wj_codes_find(code) != 0 || !is_live_code(code) || grow() != 0) {
        return;
    }
    if (write_code(ring, code, next_id) == 0) {
        put(table, (uintptr_t)Py_NewRef((PyObject *)code), next_id);
        next_id++;
    }
}

/* Whoever runs a code object refers to it, so ours being the only reference means that
   no frame has it, and no handler can be looking it up. */
static void
take_back(void)
{
    if (table == NULL) {
        return;
    }
    for (int i = 0; i < SWEEP; i++) {
        struct entry *entry = &table->entries[sweep_at++ & (table->size - 1)];
        if (entry->code > TOMBSTONE && Py_REFCNT((PyObject *)entry->code) == 1) {
            PyObject *code = (PyObject *)entry->code;
            __atomic_store_n(&entry->code, TOMBSTONE, __ATOMIC_RELEASE);
            Py_DECREF(code);
        }
    }
}

void
wj_codes_serve(struct wj_ring *ring)
{
    uint32_t count = __atomic_load_n(&asked_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < ASKED; i++) {
        uintptr_t code = __atomic_exchange_n(&asked[i], 0, __ATOMIC_ACQ_REL);
        if (code != 0) {
            give(ring, (PyCodeObject *)code);
        }
    }
    __atomic_store_n(&asked_count, 0, __ATOMIC_RELEASE);
    take_back();
}

void
wj_codes_clear(void)
{
    struct table *now = table;
    __atomic_store_n(&table, NULL, __ATOMIC_RELEASE);
    for (size_t i = 0; now != NULL && i < now->size; i++) {
        if (now->entries[i].code > TOMBSTONE) {
            Py_DECREF((PyObject *)now->entries[i].code);
        }
    }
    while (now != NULL) {
        struct table *older = now->older;
        free(now);
        now = older;
    }
    asked_count = 0;
    next_id = 1;
    sweep_at = 0;
}

/* ---- describing ----------------------------------------------------------------- */

static size_t
put_utf8(char *to, size_t room, uint32_t letter)
{
    size_t size = letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
    if (size > room) {
        return 0;
    }
    if (size == 1) {
        to[0] = (char)letter;
        return 1;
    }
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (letter & 0x3F));
        letter >>= 6;
    }
    to[0] = (char)((0xF00 >> size) | letter);
    return size;
}

static size_t
put_wide(const char *from, size_t length, unsigned width, char *to, size_t room)
{
    char part[256];
    size_t done = 0, written = 0;
    while (done < length) {
        size_t count = sizeof part / width;
        if (count > length - done) {
            count = length - done;
        }
        if (wj_peek(part, from + done * width, count * width) != 0) {
            return 0;
        }
        for (size_t i = 0; i < count; i++) {
            uint32_t letter = 0;
            memcpy(&letter, part + i * width, width);
            size_t size = put_utf8(to + written, room - written, letter);
            if (size == 0) {
                return written;
            }
            written += size;
        }
        done += count;
    }
    return written;
}

/* Copy a str as UTF-8. Bytes written, 0 where it is none. */
static size_t
put_text(const PyObject *text, char *to, size_t room)
{
    PyCompactUnicodeObject head;
    PyASCIIObject *ascii = &head._base;
    if (wj_peek(ascii, text, sizeof *ascii) != 0
        || Py_TYPE((PyObject *)ascii) != &PyUnicode_Type) {
        return 0;
    }
    size_t length = (size_t)ascii->length;
    if (!ascii->state.compact || length > FILE_MAX_BYTES) {
        return 0;
    }
    if (ascii->state.ascii) {
        size_t size = length < room ? length : room;
        const char *data = (const char *)text + sizeof(PyASCIIObject);
        return wj_peek(to, data, size) == 0 ? size : 0;
    }
    const char *data = (const char *)text + sizeof(PyCompactUnicodeObject);
    return put_wide(data, length, ascii->state.kind, to, room);
}

static int
line_of(const PyCodeObject *code, int offset, char *scratch, size_t scratch_size)
{
    PyBytesObject head;
    if (wj_peek(&head, code->co_linetable, sizeof head) != 0) {
        return code->co_firstlineno;
    }
    size_t size = (size_t)Py_SIZE((PyVarObject *)&head);
    if (size > scratch_size) {
        size = scratch_size; /* the lines are found as far as the table was read */
    }
    const char *bytes =
        (const char *)code->co_linetable + offsetof(PyBytesObject, ob_sval);
    if (wj_peek(scratch, bytes, size) != 0) {
        return code->co_firstlineno;
    }
    return wj_line_at((const uint8_t *)scratch, size, code->co_firstlineno, offset);
}

/* True where a str still is what was copied of it. */
static int
is_still(const PyObject *text, const char *copied, size_t size, char *scratch,
         size_t room)
{
    return put_text(text, scratch, room) == size && memcmp(scratch, copied, size) == 0;
}

/* What has been freed still reads as it was until its memory is used again, part by
   part: so the texts must be what was copied, and the object alive after that. */
int
wj_codes_confirm(const PyCodeObject *code, const struct wj_definition *made,
                 char *scratch, size_t scratch_size)
{
    PyCodeObject again;
    const char *text = (const char *)(made + 1);
    return scratch_size >= FILE_MAX_BYTES && wj_peek(&again, code, sizeof again) == 0
           && again.co_firstlineno == made->first_line
           && is_still(again.co_filename, text, made->file_size, scratch,
                       FILE_MAX_BYTES)
           && is_still(again.co_qualname, text + made->file_size, made->name_size,
                       scratch, NAME_MAX_BYTES)
           && is_live_code(code);
}

size_t
wj_codes_define(const PyCodeObject *code, int offset, char *to, size_t room,
                char *scratch, size_t scratch_size)
{
    PyCodeObject copy;
    struct wj_definition *made = (struct wj_definition *)to;
    char *text = to + sizeof *made;
    if (room < sizeof *made + FILE_MAX_BYTES + NAME_MAX_BYTES + 8
        || wj_peek(&copy, code, sizeof copy) != 0
        || Py_TYPE((PyObject *)&copy) != &PyCode_Type) {
        return 0;
    }
    size_t file_size = put_text(copy.co_filename, text, FILE_MAX_BYTES);
    size_t name_size = put_text(copy.co_qualname, text + file_size, NAME_MAX_BYTES);
    if (name_size == 0) {
        return 0;
    }
    made->first_line = copy.co_firstlineno;
    made->line = line_of(&copy, offset, scratch, scratch_size);
    made->file_size = (uint16_t)file_size;
    made->name_size = (uint16_t)name_size;
    made->size = (uint32_t)WJ_ROUND(sizeof *made + file_size + name_size);
    return made->size;
}
