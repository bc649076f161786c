/* What the collector freed.
 *
 * The interpreter does not show what it found unreachable. So the candidates are noted
 * before a collection, at most some ten thousands of them at even distances, and looked
 * for after it, among the survivors or where they lay: who is gone was garbage. Which
 * type an object was of is noted before as well, since types are collected like others.
 */
#include "census.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracked.h"

#define CANDIDATES 65536
#define TYPES 1024 /* slots, a power of two; half of them are used */
#define PAIRS 4096 /* likewise, for pairs of a type and a site */
#define NAME 128

struct candidate {
    const PyObject *object; /* Borrowed, maybe dead by the time we look */
    const PyTypeObject *type;
    uint32_t number; /* of the type */
    uint32_t seen;   /* among the survivors */
};

struct type {
    const PyTypeObject *type; /* Borrowed, maybe dead; NULL for a free slot */
    const char *mark;         /* its name's address: another type's is another */
    size_t preheader;
    int64_t freed;
    int64_t sampled; /* of those, how many had a site */
    char name[NAME];
};

struct pair {
    uint32_t type;
    uint32_t site;
    int64_t freed; /* 0 for a free slot */
};

static struct {
    struct candidate candidates[CANDIDATES];
    struct type types[TYPES];
    struct pair pairs[PAIRS];
    uint32_t slots[4 * CANDIDATES]; /* 1 + index of the candidate, by its address */
    uint32_t count, type_count, pair_count;
    int64_t stride;
    int generation;
} *census; /* Owned, for the life of the process; under the GIL */

static void
name_type(struct type *entry, const PyTypeObject *type)
{
    const char *module = NULL;
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE && type->tp_dict != NULL) {
        PyObject *found = PyDict_GetItemString(type->tp_dict, "__module__");
        module =
            found != NULL && PyUnicode_Check(found) ? PyUnicode_AsUTF8(found) : NULL;
        PyErr_Clear();
    }
    if (module == NULL || strcmp(module, "__main__") == 0
        || strcmp(module, "builtins") == 0) {
        snprintf(entry->name, NAME, "garbage: %s", type->tp_name);
    } else {
        snprintf(entry->name, NAME, "garbage: %s.%s", module, type->tp_name);
    }
}

/* The number of a type; the last slot stands for all that there is no room for. */
static uint32_t
number_of(const PyTypeObject *type)
{
    uint64_t hash = ((uint64_t)(uintptr_t)type >> 4) * 0x9E3779B97F4A7C15ull;
    uint32_t at = (uint32_t)(hash >> 54) & (TYPES - 1);
    while (census->types[at].type != NULL
           && (census->types[at].type != type
               || census->types[at].mark != type->tp_name)) {
        at = (at + 1) & (TYPES - 1);
    }
    struct type *entry = &census->types[at];
    if (entry->type == NULL && census->type_count < TYPES / 2) {
        census->type_count++;
        entry->type = type;
        entry->mark = type->tp_name;
        entry->preheader = wj_gc_preheader(type);
        name_type(entry, type);
    }
    return at;
}

static void
note(PyInterpreterState *interpreter, int generation, int64_t *skip)
{
    const PyGC_Head *list = &wj_gc_generation(interpreter, generation)->head;
    const PyTypeObject *last = NULL;
    uint32_t number = 0;
    for (const PyGC_Head *each = wj_gc_next(list); each != list;
         each = wj_gc_next(each)) {
        if (--*skip > 0 || census->count == CANDIDATES) {
            continue;
        }
        *skip = census->stride;
        const PyObject *object = wj_gc_object(each);
        if (Py_TYPE(object) != last) {
            last = Py_TYPE(object);
            number = number_of(last);
        }
        census->candidates[census->count++] =
            (struct candidate){object, last, number, 0};
    }
}

void
wj_census_before(int generation)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    int64_t skip = 1, expected = wj_gc_generation(interpreter, 0)->count;
    census->count = 0;
    census->generation = generation;
    if (wj_gc_is_incremental()) {
        return;
    }
    if (generation == 2) {
        expected += *wj_gc_long_lived(interpreter) + *wj_gc_pending(interpreter);
    }
    census->stride = 1 + expected / CANDIDATES;
    for (int i = generation; i >= 0; i--) {
        note(interpreter, i, &skip);
    }
    wj_sites_hold();
}

/* ---- who is gone ---------------------------------------------------------------- */

static uint32_t *
slot_of(const PyObject *object, uint32_t mask)
{
    uint64_t hash = ((uint64_t)(uintptr_t)object >> 4) * 0x9E3779B97F4A7C15ull;
    uint32_t at = (uint32_t)(hash >> 40) & mask;
    while (census->slots[at] != 0
           && census->candidates[census->slots[at] - 1].object != object) {
        at = (at + 1) & mask;
    }
    return &census->slots[at];
}

/* Mark those that survived a collection of the younger generations: the interpreter has
   put them at the end of the next older one. So no memory is touched that may be gone.
 */
static void
see_survivors(PyInterpreterState *interpreter)
{
    uint32_t mask = 1023, index;
    while (mask < 2 * census->count) {
        mask = 2 * mask + 1;
    }
    memset(census->slots, 0, (mask + 1) * sizeof census->slots[0]);
    for (uint32_t i = 0; i < census->count; i++) {
        *slot_of(census->candidates[i].object, mask) = i + 1;
    }
    const PyGC_Head *list =
        &wj_gc_generation(interpreter, census->generation + 1)->head;
    for (const PyGC_Head *each = wj_gc_previous(list);
         each != list && (index = *slot_of(wj_gc_object(each), mask)) != 0;
         each = wj_gc_previous(each)) {
        census->candidates[index - 1].seen = 1;
    }
}

/* True where only a look at the memory tells: not all candidates are known, or the
   collector may have let the object go without freeing it. */
static int
must_look(const struct candidate *candidate, int all)
{
    return !all || candidate->type == &PyTuple_Type || candidate->type == &PyDict_Type;
}

static void
count_pair(uint32_t type, uint32_t site)
{
    uint32_t at = (type * 31 + site * 2654435761u) >> 16 & (PAIRS - 1);
    struct pair *pair = &census->pairs[at];
    while (pair->freed != 0 && (pair->type != type || pair->site != site)) {
        at = (at + 1) & (PAIRS - 1);
        pair = &census->pairs[at];
    }
    if (pair->freed == 0 && census->pair_count >= PAIRS / 2) {
        return;
    }
    census->pair_count += pair->freed == 0;
    *pair = (struct pair){type, site, pair->freed + 1};
    census->types[type].sampled++;
}

static void
count_gone(const struct candidate *candidate)
{
    struct type *type = &census->types[candidate->number];
    if (type->type != NULL) {
        type->freed += census->stride;
        uint32_t site =
            wj_sites_freed((const char *)candidate->object - type->preheader);
        if (site != WJ_NO_SITE) {
            count_pair(candidate->number, site);
        }
    }
}

void
wj_census_after(int64_t collected)
{
    struct wj_pages pages = {0};
    uint32_t count = collected > 0 ? census->count : 0;
    int all = census->stride == 1 && census->generation < 2;
    if (count > 0 && all) {
        see_survivors(PyInterpreterState_Get());
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct candidate *each = &census->candidates[i];
        if (!each->seen
            && !(must_look(each, all)
                 && wj_is_alive(&pages, each->object, each->type))) {
            count_gone(each);
        }
    }
    wj_sites_let_go();
    census->count = 0;
}

void
wj_census_report(wj_census_tell tell, int last)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct pair *pair = &census->pairs[i];
        if (pair->freed > 0) {
            const struct type *type = &census->types[pair->type];
            tell(type->name, pair->site, type->freed * pair->freed / type->sampled);
            *pair = (struct pair){0, 0, 0};
        }
    }
    census->pair_count = 0;
    for (uint32_t i = 0; i < TYPES; i++) {
        struct type *type = &census->types[i];
        if (type->freed > 0 && type->sampled == 0 && last) {
            tell(type->name, WJ_NO_SITE, type->freed);
        }
        if (type->sampled > 0 || last) {
            type->freed = type->sampled = 0;
        }
    }
}

int
wj_census_open(void)
{
    if (census == NULL && (census = malloc(sizeof *census)) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(census, 0, sizeof *census);
    return 0;
}
