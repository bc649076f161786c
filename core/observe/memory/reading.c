/* Reads a table that another process writes, and believes none of its numbers. */
#define _GNU_SOURCE
#include "reading.h"

#include <errno.h>
#include <sys/mman.h>

#include "lines.h"

static uint32_t
count(const uint32_t *counter, uint32_t most)
{
    uint32_t found = __atomic_load_n(counter, __ATOMIC_ACQUIRE);
    return found < most ? found : most;
}

uint32_t
wj_reading_contexts(const struct wj_reading *reading)
{
    return count(&reading->table.head->contexts, WJ_CONTEXTS);
}

uint32_t
wj_reading_functions(const struct wj_reading *reading)
{
    return count(&reading->table.head->functions, WJ_FUNCTIONS);
}

uint32_t
wj_reading_threads(const struct wj_reading *reading)
{
    return count(&reading->table.head->threads, WJ_TRACKED_THREADS);
}

uint32_t
wj_reading_mappings(const struct wj_reading *reading)
{
    return count(&reading->table.head->mappings, WJ_MAPPINGS);
}

#define SEEN (sizeof(struct wj_counters) + sizeof(struct wj_held))

int
wj_reading_open(struct wj_reading *reading, int file)
{
    reading->functions = reading->contexts = reading->threads = 1;
    reading->seen = mmap(NULL, WJ_CONTEXTS * SEEN, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reading->seen == MAP_FAILED) {
        return -1;
    }
    reading->held = (struct wj_held *)(reading->seen + WJ_CONTEXTS);
    if (wj_table_open(&reading->table, file) != 0) {
        int error = errno;
        munmap(reading->seen, WJ_CONTEXTS * SEEN);
        errno = error;
        return -1;
    }
    return 0;
}

void
wj_reading_close(struct wj_reading *reading)
{
    if (reading->table.file >= 0) {
        munmap(reading->seen, WJ_CONTEXTS * SEEN);
        wj_table_close(&reading->table);
    }
}

const char *
wj_reading_text(const struct wj_reading *reading, uint64_t at, uint64_t *size)
{
    if (at > WJ_TEXT || *size > WJ_TEXT - at) {
        at = *size = 0;
    }
    return reading->table.text + at;
}

int
wj_reading_line(const struct wj_reading *reading, uint32_t context)
{
    const struct wj_context *each = &reading->table.contexts[context];
    uint32_t number = __atomic_load_n(&each->function, __ATOMIC_RELAXED);
    if (number >= wj_reading_functions(reading)) {
        return 0;
    }
    struct wj_tracked_function function = reading->table.functions[number];
    if (function.kind != WJ_KIND_PYTHON) {
        return 0;
    }
    uint64_t size = function.lines_size;
    const char *lines = wj_reading_text(reading, function.lines, &size);
    return wj_line_at((const uint8_t *)lines, size, function.first_line, each->offset);
}

static struct wj_counters
now(const struct wj_context *context)
{
    return (struct wj_counters){
        __atomic_load_n(&context->bytes, __ATOMIC_RELAXED),
        __atomic_load_n(&context->blocks, __ATOMIC_RELAXED),
        wj_context_live(context),
        wj_context_live_blocks(context),
        __atomic_load_n(&context->brief, __ATOMIC_RELAXED),
        __atomic_load_n(&context->samples, __ATOMIC_RELAXED),
    };
}

static int64_t
less(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

int
wj_reading_changes(struct wj_reading *reading, int64_t time, struct wj_bytes *changes)
{
    uint32_t end = wj_reading_contexts(reading);
    for (uint32_t i = 0; i < end; i++) {
        struct wj_counters is = now(&reading->table.contexts[i]);
        struct wj_counters *was = &reading->seen[i];
        if (is.samples == was->samples && is.live == was->live
            && is.live_blocks == was->live_blocks) {
            continue;
        }
        struct wj_change change = {
            i,
            0,
            {less(is.bytes, was->bytes), less(is.blocks, was->blocks),
             less(is.live, was->live), less(is.live_blocks, was->live_blocks),
             less(is.brief, was->brief), is.samples - was->samples}};
        reading->held[i].area +=
            (double)was->live * (double)(time - reading->held[i].since);
        reading->held[i].since = time;
        *was = is;
        if (wj_bytes_add(changes, &change, sizeof change) != 0) {
            return -1;
        }
    }
    return 0;
}

int64_t
wj_reading_live(const struct wj_reading *reading, uint32_t context)
{
    return reading->seen[context].live;
}

int64_t
wj_reading_average(const struct wj_reading *reading, uint32_t context, int64_t start,
                   int64_t end)
{
    const struct wj_held *held = &reading->held[context];
    double live = (double)reading->seen[context].live;
    double area = held->area + live * (double)(end - held->since);
    return (int64_t)(area / (double)(end > start ? end - start : 1));
}

void
wj_reading_peak(const struct wj_reading *reading, uint32_t context, int64_t *bytes,
                int64_t *blocks)
{
    const struct wj_context *each = &reading->table.contexts[context];
    int settled = each->generation == reading->table.head->generation;
    *bytes = settled ? each->peak : wj_context_live(each);
    *blocks = settled ? each->peak_blocks : wj_context_live_blocks(each);
}
