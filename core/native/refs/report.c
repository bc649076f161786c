/* Reports: lines of JSON in a file, each written at once, so that a crash leaves all of
 * them; and the last places reached, in a page that others can read when we are gone.
 *
 * Knows nothing of what is reported.
 */
#include "state.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE = 2048, LAST = 16, SEEN = 1 << 14 };

static int file = -1;
static unsigned sites;
static unsigned *last; /* [0] how many, then the ids of the last LAST sites */
static uint64_t told[SEEN];

/* Copy text as the inside of a JSON string; what does not fit is left out. */
static void
quote(char *to, size_t room, const char *text)
{
    size_t at = 0;
    for (; text != NULL && *text && at + 8 < room; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            to[at++] = '\\';
        }
        if (c >= ' ') {
            to[at++] = (char)c;
        }
    }
    to[at] = 0;
}

static void line(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
line(const char *format, ...)
{
    char text[LINE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size > 0 && size < LINE && file >= 0) {
        ssize_t done = write(file, text, (size_t)size);
        (void)done; /* a full disk must not stop the program */
    }
}

int
wj_report_open(const char *path)
{
    char places[4096];
    file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    snprintf(places, sizeof places, "%s.last", path);
    int page = open(places, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0 || page < 0 || ftruncate(page, 4096) != 0) {
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
        return -1;
    }
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    close(page);
    last = memory == MAP_FAILED ? NULL : memory;
    return 0;
}

/* Begin with the first place that is reached: the environment says where to write. */
static void
begin(void)
{
    static int begun;
    char path[4096];
    const char *name = getenv("WADJET_REFS_REPORT");
    if (begun) {
        return;
    }
    begun = 1;
    if (name != NULL && *name) {
        snprintf(path, sizeof path, "%s.%ld", name, (long)getpid());
        if (wj_report_open(path) != 0) {
            PyErr_Clear();
        }
        wj_settle_at_exit();
    }
}

void
wj_touch(struct wjr_site *site)
{
    if (site->id == 0) {
        begin();
        char name[LINE / 4], api[128], function[256];
        site->id = ++sites;
        wj_library_of(site);
        quote(name, sizeof name, site->file);
        quote(api, sizeof api, site->api);
        quote(function, sizeof function, site->function);
        line("{\"site\": %u, \"file\": \"%s\", \"line\": %d, \"function\": \"%s\", "
             "\"api\": \"%s\"}\n",
             site->id, name, site->line, function, api);
    }
    if (last != NULL) {
        last[1 + last[0]++ % LAST] = site->id;
    }
}

/* Whether this was not reported before; forgets rather than grows. */
static int
first_time(const char *kind, const void *site, const void *callee)
{
    uint64_t key = 14695981039346656037u;
    for (const char *c = kind; *c; c++) {
        key = (key ^ (unsigned char)*c) * 1099511628211u;
    }
    key = (key ^ (uintptr_t)site) * 1099511628211u;
    key = (key ^ (uintptr_t)callee) * 1099511628211u;
    key |= 1;
    for (unsigned i = 0; i < SEEN; i++) {
        uint64_t *slot = &told[(key + i) % SEEN];
        if (*slot == key) {
            return 0;
        }
        if (*slot == 0) {
            *slot = key;
            return 1;
        }
    }
    return 0;
}

/* The number of a library, which is written when it is first met. */
static unsigned
library(const Dl_info *found)
{
    static const void *met[64];
    unsigned number = 0;
    while (number < 64 && met[number] != NULL && met[number] != found->dli_fbase) {
        number++;
    }
    if (number < 64 && met[number] == NULL) {
        char path[LINE / 2];
        met[number] = found->dli_fbase;
        quote(path, sizeof path, found->dli_fname);
        line("{\"number\": %u, \"path\": \"%s\"}\n", number, path);
    }
    return number;
}

/* Write which function of the extension was called, NULL for none, as members of JSON.
 */
static void
write_entry(char *to, size_t room, const struct wj_callee *callee)
{
    char name[256], path[LINE / 4];
    Dl_info found = {.dli_fname = "",
                     .dli_fbase = callee == NULL ? NULL : callee->function};
    if (callee != NULL) {
        dladdr(callee->function, &found);
    }
    quote(name, sizeof name, callee == NULL ? "" : callee->name);
    quote(path, sizeof path, found.dli_fname);
    uintptr_t offset =
        callee == NULL ? 0 : (uintptr_t)callee->function - (uintptr_t)found.dli_fbase;
    snprintf(to, room, "\"entry\": \"%s\", \"library\": \"%s\", \"offset\": %lu", name,
             path, (unsigned long)offset);
}

static unsigned
number(const struct wjr_site *site)
{
    return site == NULL ? 0 : site->id;
}

/* Write a way as a list in JSON: the number of a library and an offset for each step.
 */
static void
write_way(char *to, size_t room, const void *const *way, int steps)
{
    size_t at = 0;
    to[0] = 0;
    for (int i = 0; i < steps && at + 48 < room; i++) {
        Dl_info found;
        if (way[i] == NULL || dladdr(way[i], &found) == 0) {
            continue;
        }
        at += (size_t)snprintf(
            to + at, room - at, "%s[%u, %lu]", at ? ", " : "", library(&found),
            (unsigned long)((uintptr_t)way[i] - (uintptr_t)found.dli_fbase));
    }
}

static void
mistake(const struct wj_sight *seen, const char *kind, struct wjr_site *site,
        struct wjr_site *other, const struct wj_callee *callee, const char *format,
        va_list arguments)
{
    static struct wjr_site *const none[3];
    char text[LINE / 4], message[LINE / 4], entry[LINE / 2], way[LINE / 4];
    const void *steps[2 * WJ_WAY] = {NULL};
    if (!first_time(kind, site, site == NULL ? callee : NULL)) {
        return;
    }
    vsnprintf(text, sizeof text, format, arguments);
    quote(message, sizeof message, text);
    write_entry(entry, sizeof entry, callee);
    wj_way(steps);
    if (seen != NULL && seen->site != NULL) {
        memcpy(steps + WJ_WAY, seen->way, sizeof seen->way);
    }
    write_way(way, sizeof way, steps, 2 * WJ_WAY);
    struct wjr_site *const *trail = wj_current == NULL ? none : wj_current->trail;
    line("{\"kind\": \"%s\", \"site\": %u, \"other\": %u, \"seen\": %u, %s, \"trail\": "
         "[%u, %u, %u], \"way\": [%s], \"message\": \"%s\"}\n",
         kind, number(site), number(other), number(seen ? seen->site : NULL), entry,
         number(trail[0]), number(trail[1]), number(trail[2]), way, message);
}

void
wj_report(const char *kind, struct wjr_site *site, struct wjr_site *other,
          const struct wj_callee *callee, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mistake(NULL, kind, site, other, callee, format, arguments);
    va_end(arguments);
}

void
wj_report_of(const struct wj_sight *seen, const char *kind, struct wjr_site *site,
             struct wjr_site *other, const struct wj_callee *callee, const char *format,
             ...)
{
    va_list arguments;
    va_start(arguments, format);
    mistake(seen, kind, site, other, callee, format, arguments);
    va_end(arguments);
}

/* Read what wj_settle tells of a line; 0 and an exception where it is not that. */
int
wj_lost_from(PyObject *row, struct wj_lost *lost)
{
    const char *way;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(row, "lssiIy#", &lost->references, &lost->why, &lost->type,
                          &lost->by, &lost->used, &way, &size)) {
        return 0;
    }
    memcpy(lost->way, way,
           (size_t)size < sizeof lost->way ? (size_t)size : sizeof lost->way);
    return 1;
}

void
wj_report_leak(const struct wj_lost *lost, int confirmed)
{
    char reason[256], name[256], by[LINE / 2], way[LINE / 4];
    quote(reason, sizeof reason, lost->why);
    quote(name, sizeof name, lost->type);
    write_entry(by, sizeof by, lost->by < 0 ? NULL : &wj_callees[lost->by]);
    write_way(way, sizeof way, lost->way, 2 * WJ_WAY);
    line("{\"leak\": %u, \"references\": %ld, \"why\": \"%s\", \"type\": \"%s\", "
         "\"other\": %u, %s, \"way\": [%s], \"confirmed\": %s}\n",
         lost->site, lost->references, reason, name, lost->used, by, way,
         confirmed ? "true" : "false");
}

void
wj_report_event(unsigned long number, unsigned site, const char *event, long count,
                const char *type)
{
    char name[256];
    quote(name, sizeof name, type);
    line("{\"trace\": %lu, \"at\": %u, \"event\": \"%s\", \"count\": %ld, "
         "\"type\": \"%s\"}\n",
         number, site, event, count, name);
}

/* How many places were reached: none, if no extension was built for the ledger. */
unsigned
wj_sites(void)
{
    return sites;
}
