/* Reads the records of one process into a tree.
 *
 * The program at the other end may have died half-way or gone mad: every count is
 * checked against the record's size before it is used, and a record that makes no sense
 * is passed over.
 */
#include "reader.h"

#include <string.h>

#include "lines.h"

struct code {
    int32_t function; /* -1 where the record was lost */
    int32_t first_line;
    uint32_t table_size;
    size_t table; /* where in ``tables`` */
};

struct thread {
    int32_t number;    /* in the recording, -1 where not known */
    int32_t wall_node; /* of the last wall sample */
    int64_t cpu;       /* ns in its samples */
};

struct expected {
    uint64_t tid; /* 0 when it has come */
    int32_t number;
};

struct task {
    uint64_t parent;
    int32_t frame;
};

struct region {
    uint64_t start;
    uint64_t end;
    uint64_t base;
    int32_t library;
};

#define THREADS_DROPPED 65536

int
wj_reader_open(struct wj_reader *reader, struct wj_tree *tree, int file, int64_t start)
{
    memset(reader, 0, sizeof *reader);
    reader->tree = tree;
    reader->start = start;
    reader->ring.file = -1;
    return wj_ring_open(&reader->ring, file);
}

void
wj_reader_close(struct wj_reader *reader)
{
    wj_ring_close(&reader->ring);
    wj_map_free(&reader->places);
    wj_map_free(&reader->task_ids);
    struct wj_bytes *all[] = {&reader->codes,   &reader->tables, &reader->place_frames,
                              &reader->threads, &reader->tasks,  &reader->regions,
                              &reader->events,  &reader->merged, &reader->expected};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        wj_bytes_free(all[i]);
    }
}

/* ---- threads -------------------------------------------------------------------- */

static struct thread *
thread_at(const struct wj_reader *reader, uint32_t number)
{
    size_t end = ((size_t)number + 1) * sizeof(struct thread);
    return end <= reader->threads.size
               ? (struct thread *)(reader->threads.data + end) - 1
               : NULL;
}

/* True for a number that the program may have given: it counts, and few records of new
   threads can have been dropped in a row. */
static int
is_thread(const struct wj_reader *reader, uint32_t number)
{
    return number < reader->threads.size / sizeof(struct thread) + THREADS_DROPPED;
}

/* The number of a thread that was expected under ``tid``, or else a new one. */
static int32_t
number_for(struct wj_reader *reader, uint64_t tid)
{
    struct expected *all = (struct expected *)reader->expected.data;
    for (size_t i = reader->expected.size / sizeof *all; tid != 0 && i-- > 0;) {
        if (all[i].tid == tid) {
            all[i].tid = 0;
            return all[i].number;
        }
    }
    return (int32_t)reader->tree->thread_count++;
}

/* The thread, made known where it was not; ``tid`` is 0 where only its samples are
   known. NULL for want of memory. */
static struct thread *
thread_for(struct wj_reader *reader, uint32_t number, uint64_t tid)
{
    static const struct thread unknown = {-1, WJ_ROOT, 0};
    while (thread_at(reader, number) == NULL) {
        if (wj_bytes_add(&reader->threads, &unknown, sizeof unknown) != 0) {
            return NULL;
        }
    }
    struct thread *thread = thread_at(reader, number);
    if (thread->number < 0) {
        thread->number = number_for(reader, tid);
    }
    return thread;
}

/* Tell of a thread of which nothing but a sample came. 0, or -1 for want of memory. */
static int
announce_thread(struct wj_reader *reader, uint32_t number, int64_t time)
{
    const struct wj_thread_note note = {
        {sizeof note, WJ_THREAD}, time, 0, 0, number, 0};
    return wj_bytes_add(&reader->events, &note, sizeof note);
}

int64_t
wj_reader_time(const struct wj_reader *reader, int64_t time)
{
    return (int64_t)((uint64_t)time - (uint64_t)reader->start);
}

int32_t
wj_reader_thread(const struct wj_reader *reader, uint32_t number)
{
    const struct thread *thread = thread_at(reader, number);
    return thread == NULL ? -1 : thread->number;
}

int32_t
wj_reader_expect(struct wj_reader *reader, uint64_t tid)
{
    const struct expected one = {tid, (int32_t)reader->tree->thread_count};
    if (wj_bytes_add(&reader->expected, &one, sizeof one) != 0) {
        return -1;
    }
    reader->tree->thread_count++;
    return one.number;
}

int64_t
wj_reader_cpu(const struct wj_reader *reader, uint32_t number)
{
    const struct thread *thread = thread_at(reader, number);
    return thread == NULL ? 0 : thread->cpu;
}

uint32_t
wj_reader_threads(const struct wj_reader *reader)
{
    return (uint32_t)(reader->threads.size / sizeof(struct thread));
}

/* ---- Python frames -------------------------------------------------------------- */

static int
read_code(struct wj_reader *reader, const struct wj_code *record)
{
    static const struct code unknown = {-1, 0, 0, 0};
    const char *text = (const char *)(record + 1);
    size_t sizes = (size_t)record->file_size + record->name_size + record->table_size;
    size_t known = reader->codes.size / sizeof(struct code);
    if (sizes > record->head.size - sizeof *record || record->id == 0
        || record->id > known + 1) {
        return 0;
    }
    struct code code = {0, record->first_line, record->table_size, reader->tables.size};
    code.function = wj_tree_function(reader->tree, text, record->file_size,
                                     text + record->file_size, record->name_size,
                                     record->first_line);
    text += record->file_size + record->name_size;
    if (code.function < 0
        || wj_bytes_add(&reader->tables, text, record->table_size) != 0) {
        return -1;
    }
    if (record->id > known
        && wj_bytes_add(&reader->codes, &unknown, sizeof unknown) != 0) {
        return -1;
    }
    ((struct code *)reader->codes.data)[record->id - 1] = code;
    return 0;
}

static int32_t
unknown_frame(struct wj_reader *reader, const char *name)
{
    int32_t function = wj_tree_function(reader->tree, "", 0, name, strlen(name), 0);
    return function < 0 ? -1
                        : wj_tree_frame(reader->tree, WJ_FRAME_PYTHON, function, 0);
}

static int32_t
locate_frame(struct wj_reader *reader, uint32_t id, int32_t offset)
{
    if ((size_t)id * sizeof(struct code) > reader->codes.size) {
        return unknown_frame(reader, "<lost>");
    }
    const struct code *code = (const struct code *)reader->codes.data + (id - 1);
    if (code->function < 0) {
        return unknown_frame(reader, "<lost>");
    }
    const uint8_t *table = (const uint8_t *)reader->tables.data + code->table;
    int line = wj_line_at(table, code->table_size, code->first_line, offset);
    return wj_tree_frame(reader->tree, WJ_FRAME_PYTHON, code->function,
                         line > 0 ? line : code->first_line);
}

/* The frame of a code object with an id; each place is looked up in the table once. */
static int32_t
known_frame(struct wj_reader *reader, uint32_t id, int32_t offset)
{
    uint32_t index;
    int is_new = wj_map_intern(&reader->places, id, (uint32_t)offset, &index);
    if (is_new == 1) {
        int32_t frame = locate_frame(reader, id, offset);
        if (frame < 0
            || wj_bytes_add(&reader->place_frames, &frame, sizeof frame) != 0) {
            return -1;
        }
    }
    return is_new < 0 ? -1 : ((const int32_t *)reader->place_frames.data)[index];
}

static int32_t
described_frame(struct wj_reader *reader, const struct wj_definition *definition)
{
    const char *text = (const char *)(definition + 1);
    int32_t function = wj_tree_function(reader->tree, text, definition->file_size,
                                        text + definition->file_size,
                                        definition->name_size, definition->first_line);
    int line = definition->line > 0 ? definition->line : definition->first_line;
    return function < 0 ? -1
                        : wj_tree_frame(reader->tree, WJ_FRAME_PYTHON, function, line);
}

/* ---- tasks ---------------------------------------------------------------------- */

#define TASK_DEPTH 64

static int
read_task(struct wj_reader *reader, const struct wj_task *record)
{
    static const struct task unknown = {0, -1};
    uint32_t id;
    if (record->size > record->head.size - sizeof *record) {
        return 0;
    }
    int32_t function = wj_tree_function(reader->tree, "", 0, (const char *)(record + 1),
                                        record->size, 0);
    int32_t frame =
        function < 0 ? -1 : wj_tree_frame(reader->tree, WJ_FRAME_TASK, function, 0);
    int is_new = wj_map_intern(&reader->task_ids, record->address, 0, &id);
    if (frame < 0 || is_new < 0
        || (is_new && wj_bytes_add(&reader->tasks, &unknown, sizeof unknown) != 0)) {
        return -1;
    }
    ((struct task *)reader->tasks.data)[id] = (struct task){record->parent, frame};
    return 0;
}

/* The task of a coroutine, NULL where it is none. */
static const struct task *
find_task(const struct wj_reader *reader, uint64_t address)
{
    uint32_t id;
    if (address == 0 || !wj_map_find(&reader->task_ids, address, 0, &id)) {
        return NULL;
    }
    return (const struct task *)reader->tasks.data + id;
}

/* The node of the task below those of its makers; -2 for want of memory. */
static int32_t
task_node(struct wj_reader *reader, const struct task *task)
{
    int32_t frames[TASK_DEPTH];
    int32_t node = WJ_ROOT;
    int count = 0;
    for (; task != NULL && count < TASK_DEPTH; task = find_task(reader, task->parent)) {
        frames[count++] = task->frame;
    }
    while (count-- > 0 && node != -2) {
        node = wj_tree_node(reader->tree, node, frames[count]);
        node = node < 0 ? -2 : node;
    }
    return node;
}

/* ---- native frames -------------------------------------------------------------- */

static int
read_library(struct wj_reader *reader, const struct wj_library *record)
{
    if (record->size > record->head.size - sizeof *record) {
        return 0;
    }
    struct region region = {record->start, record->end, record->base, 0};
    region.library =
        wj_tree_library(reader->tree, (const char *)(record + 1), record->size);
    if (region.library < 0) {
        return -1;
    }
    return wj_bytes_add(&reader->regions, &region, sizeof region);
}

static int32_t
native_frame(struct wj_reader *reader, uint64_t address)
{
    const struct region *regions = (const struct region *)reader->regions.data;
    size_t count = reader->regions.size / sizeof *regions;
    /* The newest first: it may lie where one was unmapped. */
    for (size_t i = count; i-- > 0;) {
        if (address >= regions[i].start && address < regions[i].end) {
            return wj_tree_frame(reader->tree, WJ_FRAME_NATIVE, regions[i].library,
                                 (int64_t)(address - regions[i].base));
        }
    }
    return wj_tree_frame(reader->tree, WJ_FRAME_NATIVE, -1, (int64_t)address);
}

/* ---- samples -------------------------------------------------------------------- */

/* A sample's body in its parts. */
struct parts {
    const struct wj_place *places;
    const uint64_t *natives;
    const struct wj_definition **definitions;
    uint32_t frames;
    uint32_t native_count;
    uint32_t definition_count;
};

static int
fits(const struct wj_definition *definition, const char *end)
{
    const char *at = (const char *)definition;
    if (at + sizeof *definition > end) {
        return 0;
    }
    size_t text = (size_t)definition->file_size + definition->name_size;
    return definition->size >= sizeof *definition + text && definition->size % 8 == 0
           && definition->size <= (size_t)(end - at);
}

/* Find the parts; 0, or -1 where they do not fit into the record. */
static int
split(const struct wj_sample *sample, struct parts *parts,
      const struct wj_definition **room)
{
    const char *end = (const char *)sample + sample->head.size;
    size_t body = sample->head.size - sizeof *sample;
    if (((size_t)sample->frames + sample->natives) * 8 > body
        || sample->definitions > WJ_READER_DEFINITIONS) {
        return -1;
    }
    parts->places = (const struct wj_place *)(sample + 1);
    parts->natives = (const uint64_t *)(parts->places + sample->frames);
    parts->frames = sample->frames;
    parts->native_count = sample->natives;
    parts->definitions = room;
    parts->definition_count = sample->definitions;
    const char *at = (const char *)(parts->natives + sample->natives);
    for (uint32_t i = 0; i < sample->definitions; i++) {
        room[i] = (const struct wj_definition *)at;
        if (!fits(room[i], end)) {
            return -1;
        }
        at += room[i]->size;
    }
    return 0;
}

static int
add_frame(struct wj_reader *reader, int32_t frame)
{
    return frame < 0 ? -1 : wj_bytes_add(&reader->merged, &frame, sizeof frame);
}

static int
add_place(struct wj_reader *reader, const struct parts *parts, uint32_t i)
{
    const struct wj_place *place = &parts->places[i];
    uint32_t id = place->code & ~WJ_ENTRY;
    if (id != 0) {
        return add_frame(reader, known_frame(reader, id, place->at));
    }
    if (place->at < 0 || (uint32_t)place->at >= parts->definition_count) {
        return add_frame(reader, unknown_frame(reader, "<unknown>"));
    }
    return add_frame(reader, described_frame(reader, parts->definitions[place->at]));
}

/* Lay native and Python frames in one order, leaf first: where the native stack
   evaluates Python, the Python frames go that it evaluates. */
static int
merge(struct wj_reader *reader, const struct parts *parts)
{
    uint32_t next = 0;
    reader->merged.size = 0;
    for (uint32_t i = 0; i < parts->native_count; i++) {
        if (parts->natives[i] != WJ_EVALUATOR) {
            if (add_frame(reader, native_frame(reader, parts->natives[i])) != 0) {
                return -1;
            }
            continue;
        }
        int more = 1;
        while (more && next < parts->frames) {
            more = !(parts->places[next].code & WJ_ENTRY);
            if (add_place(reader, parts, next++) != 0) {
                return -1;
            }
        }
    }
    while (next < parts->frames) {
        if (add_place(reader, parts, next++) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The node of the stack in ``merged`` below ``node``, WJ_ROOT for an empty stack at the
   root; -2 for want of memory. */
static int32_t
node_of(struct wj_reader *reader, int32_t node, int truncated)
{
    const int32_t *frames = (const int32_t *)reader->merged.data;
    if (truncated) {
        node =
            wj_tree_node(reader->tree, node, unknown_frame(reader, "<deeper frames>"));
    }
    for (size_t i = reader->merged.size / sizeof *frames; i-- > 0;) {
        node = wj_tree_node(reader->tree, node, frames[i]);
        if (node < 0) {
            return -2;
        }
    }
    return node;
}

/* What runs in a task is shown below the task, not below the loop that happens to run
 * it. */
static int32_t
read_stack(struct wj_reader *reader, const struct wj_sample *sample,
           struct parts *parts)
{
    const struct task *task = find_task(reader, sample->task);
    int truncated = sample->flags & WJ_TRUNCATED;
    int32_t root = WJ_ROOT;
    if (task != NULL && sample->task_frames <= parts->frames) {
        parts->frames = sample->task_frames;
        truncated = 0;
        root = task_node(reader, task);
    }
    return root == -2 || merge(reader, parts) != 0 ? -2
                                                   : node_of(reader, root, truncated);
}

/* 1 for a sample, 0 for nonsense, -1 for want of memory. */
static int
read_sample(struct wj_reader *reader, const struct wj_sample *sample)
{
    struct parts parts;
    if (sample->clock >= WJ_CLOCKS || sample->state > WJ_BLOCKED
        || !is_thread(reader, sample->thread)
        || split(sample, &parts, reader->definitions) != 0) {
        return 0;
    }
    int is_new = wj_reader_thread(reader, sample->thread) < 0;
    struct thread *thread = thread_for(reader, sample->thread, 0);
    if (thread == NULL
        || (is_new && announce_thread(reader, sample->thread, sample->time) != 0)) {
        return -1;
    }
    int32_t node = thread->wall_node;
    if (!(sample->flags & WJ_SAME)) {
        node = read_stack(reader, sample, &parts);
    }
    if (node < WJ_ROOT) {
        return -1;
    }
    if (sample->clock == WJ_WALL) {
        thread->wall_node = node;
    }
    int32_t holder = sample->holder ? wj_reader_thread(reader, sample->holder - 1) : -1;
    struct wj_sample_row row = {wj_reader_time(reader, sample->time),
                                sample->weight,
                                thread->number,
                                node,
                                holder,
                                (int8_t)sample->state,
                                (int8_t)sample->clock};
    reader->samples[sample->clock]++;
    if (sample->clock == WJ_CPU) {
        thread->cpu = (int64_t)((uint64_t)thread->cpu + (uint64_t)sample->weight);
    }
    return wj_tree_sample(reader->tree, &row) == 0 ? 1 : -1;
}

/* ---- records -------------------------------------------------------------------- */

static int
read_thread(struct wj_reader *reader, const struct wj_thread_note *record)
{
    if (!is_thread(reader, record->thread)) {
        return 0;
    }
    return thread_for(reader, record->thread, record->tid) == NULL
               ? -1
               : wj_bytes_add(&reader->events, record, record->head.size);
}

static int
read_record(struct wj_reader *reader, const struct wj_record *record)
{
    static const size_t least[] = {
        [WJ_SAMPLE] = sizeof(struct wj_sample),
        [WJ_CODE] = sizeof(struct wj_code),
        [WJ_THREAD] = sizeof(struct wj_thread_note),
        [WJ_END] = sizeof(struct wj_thread_note),
        [WJ_NAME] = sizeof(struct wj_name),
        [WJ_LIBRARY] = sizeof(struct wj_library),
        [WJ_NOTE] = sizeof(struct wj_text),
        [WJ_TASK] = sizeof(struct wj_task),
    };
    if (record->kind >= sizeof least / sizeof least[0]
        || record->size < least[record->kind]) {
        return 0;
    }
    switch (record->kind) {
    case WJ_SAMPLE:
        return read_sample(reader, (const struct wj_sample *)record);
    case WJ_CODE:
        return read_code(reader, (const struct wj_code *)record);
    case WJ_LIBRARY:
        return read_library(reader, (const struct wj_library *)record);
    case WJ_TASK:
        return read_task(reader, (const struct wj_task *)record);
    case WJ_THREAD:
    case WJ_END:
        return read_thread(reader, (const struct wj_thread_note *)record);
    case WJ_NAME:
    case WJ_NOTE:
        return wj_bytes_add(&reader->events, record, record->size);
    default:
        return 0;
    }
}

int64_t
wj_reader_drain(struct wj_reader *reader)
{
    int64_t count = 0;
    const struct wj_record *record;
    while ((record = wj_ring_peek(&reader->ring)) != NULL) {
        size_t size = record->size;
        int read = read_record(reader, record);
        if (read < 0) {
            return -1;
        }
        count += read;
        wj_ring_consume(&reader->ring, size);
    }
    return count;
}
