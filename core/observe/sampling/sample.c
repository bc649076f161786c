/* Puts a sample together: ids for the code objects that have one, a description for
 * those that do not. Runs in signal handlers: calls no Python, allocates nothing.
 */
#include "sample.h"

#include <string.h>

#include "codes.h"

static const PyInterpreterState *home; /* Borrowed */

void
wj_sample_home(const PyInterpreterState *interpreter)
{
    home = interpreter;
}

#define RECENT 32 /* a power of two */

/* Definitions that the sample has already: a deep recursion is of few functions. */
struct recent {
    const PyCodeObject *code;
    int32_t offset;
    int32_t at;
};

static struct recent *
look_up(struct recent *recent, const struct wj_frame_seen *seen)
{
    size_t hash = ((uintptr_t)seen->code >> 5) + (uint32_t)seen->offset;
    return &recent[hash & (RECENT - 1)];
}

#define TORN SIZE_MAX

/* Fill in the places; the bytes of the definitions that were needed, TORN where the
   thread let go of a function while it was described. ``is_own`` where the stack is the
   calling thread's, which stands still. */
static size_t
name_frames(struct wj_scratch *scratch, int is_own, uint32_t *definitions)
{
    struct recent recent[RECENT];
    size_t used = 0;
    *definitions = 0;
    memset(recent, 0, sizeof recent);
    for (uint32_t i = 0; i < scratch->stack.depth; i++) {
        const struct wj_frame_seen *seen = &scratch->stack.frames[i];
        struct wj_place *place = &scratch->places[i];
        uint32_t id = wj_codes_find(seen->code);
        place->code = id | seen->entry;
        place->at = seen->offset;
        if (id != 0) {
            continue;
        }
        struct recent *known = look_up(recent, seen);
        if (known->code == seen->code && known->offset == seen->offset) {
            place->at = known->at;
            continue;
        }
        size_t size = wj_codes_define(
            seen->code, seen->offset, scratch->definitions + used,
            sizeof scratch->definitions - used, scratch->table, sizeof scratch->table);
        const void *made = scratch->definitions + used;
        if (size != 0 && !is_own
            && !wj_codes_confirm(seen->code, made, scratch->table,
                                 sizeof scratch->table)) {
            return TORN;
        }
        place->at = size ? (int32_t)(*definitions)++ : -1;
        used += size;
        *known = (struct recent){seen->code, seen->offset, place->at};
        if (scratch->stack.interpreter == home) {
            wj_codes_ask(seen->code);
        }
    }
    return used;
}

/* Define a function of the collector's module, by its name. Its size. */
static size_t
define_function(char *to, size_t room, const char *name)
{
    static const char file[] = "<built-in gc>";
    struct wj_definition definition = {0, 0, 0, sizeof file - 1, 0};
    definition.name_size = (uint16_t)strlen(name);
    size_t text = sizeof file - 1 + definition.name_size;
    definition.size = (uint32_t)WJ_ROUND(sizeof definition + text);
    if (definition.size > room) {
        return 0;
    }
    memcpy(to, &definition, sizeof definition);
    memcpy(to + sizeof definition, file, sizeof file - 1);
    memcpy(to + sizeof definition + sizeof file - 1, name, definition.name_size);
    return definition.size;
}

/* Put a function of the collector's in the place ``at``; those from there on move up.
   The bytes that its definition takes, 0 where there is no room. */
static size_t
insert(struct wj_scratch *scratch, const char *name, uint32_t at, size_t used,
       uint32_t *definitions)
{
    uint32_t depth = scratch->stack.depth;
    char *room = scratch->definitions + used;
    size_t size = depth == WJ_MAX_DEPTH
                      ? 0
                      : define_function(room, sizeof scratch->definitions - used, name);
    if (size > 0) {
        size_t behind = (depth - at) * sizeof scratch->places[0];
        memmove(scratch->places + at + 1, scratch->places + at, behind);
        scratch->places[at] = (struct wj_place){0, (int32_t)(*definitions)++};
    }
    return size;
}

static struct wj_sample *
begin(struct wj_ring *ring, const struct wj_moment *moment, size_t size)
{
    struct wj_sample *sample = wj_ring_reserve(ring, size);
    if (sample != NULL) {
        sample->time = moment->time;
        sample->weight = moment->weight;
        sample->thread = moment->thread;
        sample->holder = moment->holder;
        sample->clock = (uint8_t)moment->clock;
        sample->state = (uint8_t)moment->state;
        sample->flags = 0;
        sample->frames = sample->natives = sample->definitions = 0;
        sample->task_frames = 0;
        sample->task = 0;
    }
    return sample;
}

int
wj_sample_write(struct wj_ring *ring, struct wj_scratch *scratch,
                const struct wj_moment *moment, uint32_t natives)
{
    uint32_t definitions;
    size_t extra = name_frames(scratch, moment->clock != WJ_WALL, &definitions);
    if (extra == TORN) {
        return -1;
    }
    uint32_t depth = scratch->stack.depth, in_task = scratch->stack.task_frames;
    if (moment->leaf != NULL || moment->root != NULL) {
        const char *name = moment->leaf != NULL ? moment->leaf : moment->root;
        uint32_t at = moment->leaf != NULL ? 0 : depth;
        size_t more = insert(scratch, name, at, extra, &definitions);
        depth += more > 0;
        in_task += more > 0;
        extra += more;
    }
    size_t places = depth * sizeof scratch->places[0];
    size_t addresses = natives * sizeof scratch->natives[0];
    size_t size = sizeof(struct wj_sample) + places + addresses + extra;
    struct wj_sample *sample = begin(ring, moment, size);
    if (sample == NULL) {
        return -1;
    }
    sample->flags = scratch->stack.truncated ? WJ_TRUNCATED : 0;
    sample->frames = depth;
    sample->natives = natives;
    sample->definitions = definitions;
    sample->task_frames = in_task;
    sample->task = (uint64_t)(uintptr_t)scratch->stack.task;
    char *body = (char *)(sample + 1);
    memcpy(body, scratch->places, places);
    memcpy(body + places, scratch->natives, addresses);
    memcpy(body + places + addresses, scratch->definitions, extra);
    wj_ring_commit(sample, size, WJ_SAMPLE);
    return 0;
}

int
wj_sample_same(struct wj_ring *ring, const struct wj_moment *moment)
{
    struct wj_sample *sample = begin(ring, moment, sizeof *sample);
    if (sample == NULL) {
        return -1;
    }
    sample->flags = WJ_SAME;
    wj_ring_commit(sample, sizeof *sample, WJ_SAMPLE);
    return 0;
}
