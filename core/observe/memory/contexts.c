/* Contexts: call chains that asked for memory.
 *
 * A chain is compared with the thread's last one, from the root up to where they part;
 * only what is new is looked up. A function is known by the address of its code object
 * for as long as that lives: code objects are blocks like others, and the tracker tells
 * when one is given back. Names are copied when a function is first seen.
 *
 * Must not call Python, nor allocate but by mmap.
 */
#define _GNU_SOURCE
#include "contexts.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live.h"
#include "loaded.h"
#include "resident.h"
#include "spin.h"

static struct wj_table *table; /* Borrowed from the tracker */
static wj_spin lock;           /* for what follows */
static uint32_t deaths;        /* of code objects that had a number */

/* ---- sets that grow ------------------------------------------------------------- */

struct slot {
    uint64_t a, b;
    uint32_t id; /* 0: empty, GONE: was in use */
};
#define GONE UINT32_MAX

struct set {
    struct slot *slots; /* Owned: mapped */
    uint32_t size;      /* 0 or a power of two */
    uint32_t used;      /* gone ones too */
};

static struct set contexts, functions;

static uint32_t
hash(uint64_t a, uint64_t b)
{
    uint64_t mixed = (a ^ (b * 0x9E3779B97F4A7C15ull)) * 0xFF51AFD7ED558CCDull;
    return (uint32_t)(mixed >> 32);
}

static struct slot *
look_up(const struct set *set, uint64_t a, uint64_t b)
{
    for (uint32_t i = hash(a, b);; i++) {
        struct slot *slot = &set->slots[i & (set->size - 1)];
        if (slot->id == 0 || (slot->id != GONE && slot->a == a && slot->b == b)) {
            return slot;
        }
    }
}

/* Make room for one more. 0, or -1 for want of memory. */
static int
grow(struct set *set)
{
    if (set->size != 0 && set->used < set->size / 2) {
        return 0;
    }
    struct set larger = {NULL, set->size ? set->size * 2 : 1024, 0};
    larger.slots = mmap(NULL, larger.size * sizeof(struct slot), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (larger.slots == MAP_FAILED) {
        return -1;
    }
    for (uint32_t i = 0; i < set->size; i++) {
        const struct slot *old = &set->slots[i];
        if (old->id != 0 && old->id != GONE) {
            *look_up(&larger, old->a, old->b) = *old;
            larger.used++;
        }
    }
    if (set->size != 0) {
        munmap(set->slots, set->size * sizeof(struct slot));
    }
    *set = larger;
    return 0;
}

static void
empty(struct set *set)
{
    if (set->size != 0) {
        munmap(set->slots, set->size * sizeof(struct slot));
    }
    *set = (struct set){NULL, 0, 0};
}

/* ---- texts ---------------------------------------------------------------------- */

/* Append to the table's text; its place through ``*at``. The size that was kept. */
static uint32_t
keep_bytes(const void *from, size_t size, uint64_t *at)
{
    struct wj_table_head *head = table->head;
    *at = head->text;
    if (size > WJ_TEXT - head->text) {
        return 0;
    }
    memcpy(table->text + head->text, from, size);
    head->text += size;
    return (uint32_t)size;
}

static size_t
encode(Py_UCS4 letter, unsigned char *out)
{
    if (letter < 0x80) {
        out[0] = (unsigned char)letter;
        return 1;
    }
    if (letter < 0x800) {
        out[0] = (unsigned char)(0xC0 | letter >> 6);
        out[1] = (unsigned char)(0x80 | (letter & 0x3F));
        return 2;
    }
    if (letter < 0x10000) {
        out[0] = (unsigned char)(0xE0 | letter >> 12);
        out[1] = (unsigned char)(0x80 | (letter >> 6 & 0x3F));
        out[2] = (unsigned char)(0x80 | (letter & 0x3F));
        return 3;
    }
    out[0] = (unsigned char)(0xF0 | letter >> 18);
    out[1] = (unsigned char)(0x80 | (letter >> 12 & 0x3F));
    out[2] = (unsigned char)(0x80 | (letter >> 6 & 0x3F));
    out[3] = (unsigned char)(0x80 | (letter & 0x3F));
    return 4;
}

/* As UTF-8. */
static uint32_t
keep_text(PyObject *text, uint64_t *at)
{
    *at = table->head->text;
    if (text == NULL || !PyUnicode_Check(text)) {
        return 0;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        return keep_bytes(PyUnicode_DATA(text), (size_t)length, at);
    }
    uint32_t size = 0;
    for (Py_ssize_t i = 0; i < length; i++) {
        unsigned char bytes[4];
        uint64_t unused;
        size += keep_bytes(bytes, encode(PyUnicode_READ_CHAR(text, i), bytes), &unused);
    }
    return size;
}

/* ---- functions ------------------------------------------------------------------ */

static void
describe_code(struct wj_tracked_function *function, const PyCodeObject *code)
{
    function->kind = WJ_KIND_PYTHON;
    function->first_line = code->co_firstlineno;
    function->file_size = keep_text(code->co_filename, &function->file);
    function->name_size = keep_text(code->co_qualname, &function->name);
    PyObject *lines = code->co_linetable;
    if (lines != NULL && PyBytes_Check(lines)) {
        function->lines_size =
            keep_bytes(PyBytes_AS_STRING(lines), (size_t)PyBytes_GET_SIZE(lines),
                       &function->lines);
    }
}

/* Where C code lies, by the loader's own account, which takes no lock. */
static void
describe_native(struct wj_tracked_function *function, const void *address)
{
    struct wj_loaded found;
    function->kind = WJ_KIND_NATIVE;
    function->address = (uint64_t)(uintptr_t)address;
    if (wj_loaded_at(address, &found) == 0) {
        char program[4096];
        const char *path = found.path;
        if (path[0] == '\0') { /* the program itself */
            ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
            program[size > 0 ? size : 0] = '\0';
            path = program;
        }
        function->address -= found.base;
        function->file_size = keep_bytes(path, strlen(path), &function->file);
    }
}

/* A number for a function that is new, 0 where there is no room. */
static uint32_t
new_function(const PyCodeObject *code, const void *address)
{
    struct wj_table_head *head = table->head;
    if (head->functions == WJ_FUNCTIONS) {
        head->lost++;
        return 0;
    }
    struct wj_tracked_function *function = &table->functions[head->functions];
    if (code != NULL) {
        describe_code(function, code);
    } else if (address != NULL) {
        describe_native(function, address);
    } else {
        function->kind = WJ_KIND_DEEPER;
    }
    uint32_t number = head->functions;
    __atomic_store_n(&head->functions, number + 1, __ATOMIC_RELEASE);
    return number;
}

static uint32_t
function_of(const PyCodeObject *code, const void *address)
{
    uint64_t key = (uint64_t)(uintptr_t)(code != NULL ? (const void *)code : address);
    if (grow(&functions) != 0) {
        return 0;
    }
    struct slot *slot = look_up(&functions, key, code != NULL);
    if (slot->id == 0) {
        uint32_t number = new_function(code, address);
        if (number == 0) {
            return 0;
        }
        *slot = (struct slot){key, code != NULL, number};
        functions.used++;
        if (code != NULL) {
            wj_live_mark_code(code);
        }
    }
    return slot->id;
}

void
wj_contexts_forget_code(const void *code)
{
    wj_spin_lock(&lock);
    if (functions.size != 0) {
        struct slot *slot = look_up(&functions, (uint64_t)(uintptr_t)code, 1);
        if (slot->id != 0) {
            slot->id = GONE;
            __atomic_add_fetch(&deaths, 1, __ATOMIC_RELEASE);
        }
    }
    wj_spin_unlock(&lock);
}

/* ---- contexts ------------------------------------------------------------------- */

/* A context within another one. 0 where there is no room. */
static uint32_t
within(uint32_t parent, uint32_t thread, uint32_t function, int32_t offset)
{
    struct wj_table_head *head = table->head;
    uint64_t from = (uint64_t)parent << 32 | (parent == 0 ? thread : 0);
    uint64_t where = (uint64_t)function << 32 | (uint32_t)offset;
    if (grow(&contexts) != 0) {
        return 0;
    }
    struct slot *slot = look_up(&contexts, from, where);
    if (slot->id != 0) {
        return slot->id;
    }
    if (head->contexts == WJ_CONTEXTS) {
        head->lost++;
        return 0;
    }
    uint32_t number = head->contexts;
    struct wj_context *made = &table->contexts[number];
    made->parent = parent;
    made->thread = thread;
    made->function = function;
    made->offset = offset;
    __atomic_store_n(&head->contexts, number + 1, __ATOMIC_RELEASE);
    *slot = (struct slot){from, where, number};
    contexts.used++;
    return number;
}

/* The context of a function called from another one; 0 as above. */
static uint32_t
child_of(uint32_t parent, uint32_t thread, uint32_t function, int32_t offset)
{
    return function == 0 ? 0 : within(parent, thread, function, offset);
}

/* The frames of a chain, leaf first, those without a function left out; how many there
   are, WJ_CHAIN + 1 for more than are kept. */
static uint32_t
frames_of(const PyThreadState *state, const wj_frame **frames)
{
    uint32_t depth = 0;
    const wj_frame *frame = state == NULL ? NULL : wj_top_frame(state);
    for (; frame != NULL; frame = frame->previous) {
        if (wj_frame_code(frame) != NULL) {
            if (depth == WJ_CHAIN) {
                return depth + 1;
            }
            frames[depth++] = frame;
        }
    }
    return depth;
}

static int
is_same(const struct wj_link *link, const wj_frame *frame)
{
    return link->frame == frame && link->code == wj_frame_code(frame)
           && link->instruction == wj_frame_instruction(frame);
}

/* The context of a frame that was called in another one; 0 where there is no room. */
static uint32_t
turn(struct wj_chain *chain, const wj_frame *frame, const PyCodeObject *code,
     uint32_t parent)
{
    const void *instruction = wj_frame_instruction(frame);
    uint32_t at = hash(parent, (uint64_t)(uintptr_t)instruction) & (WJ_TURNS - 1);
    struct wj_turn *known = &chain->turns[at];
    if (known->instruction != instruction || known->context != parent
        || known->code != code) {
        wj_spin_lock(&lock);
        uint32_t child = child_of(parent, chain->thread, function_of(code, NULL),
                                  wj_frame_offset(frame, code));
        wj_spin_unlock(&lock);
        *known = (struct wj_turn){parent, child, code, instruction};
    }
    return known->child;
}

/* The context that the frames from ``known`` on make. */
static uint32_t
extend(struct wj_chain *chain, const wj_frame *const *frames, uint32_t depth,
       uint32_t known, uint32_t parent)
{
    for (uint32_t i = known; i < depth; i++) {
        const wj_frame *frame = frames[depth - 1 - i];
        const PyCodeObject *code = wj_frame_code(frame);
        parent = turn(chain, frame, code, parent);
        chain->links[i] =
            (struct wj_link){frame, code, wj_frame_instruction(frame), parent};
        if (parent == 0) {
            chain->depth = i;
            return 0;
        }
    }
    chain->depth = depth;
    return parent;
}

/* Where a code object has died, another one may lie now. */
static void
forget_the_dead(struct wj_chain *chain)
{
    uint32_t now = __atomic_load_n(&deaths, __ATOMIC_ACQUIRE);
    if (chain->deaths != now) {
        memset(chain->turns, 0, sizeof chain->turns);
        chain->depth = 0;
        chain->deaths = now;
    }
}

static uint32_t
python_context(struct wj_chain *chain, const PyThreadState *state)
{
    const wj_frame *frames[WJ_CHAIN];
    uint32_t depth = frames_of(state, frames), known = 0, parent = 0;
    int is_cut = depth > WJ_CHAIN;
    depth -= (uint32_t)is_cut;
    forget_the_dead(chain);
    if (is_cut) {
        wj_spin_lock(&lock);
        parent = child_of(0, chain->thread, function_of(NULL, NULL), 0);
        wj_spin_unlock(&lock);
    } else {
        uint32_t least = depth < chain->depth ? depth : chain->depth;
        while (known < least
               && is_same(&chain->links[known], frames[depth - 1 - known])) {
            known++;
        }
        parent = known == 0 ? 0 : chain->links[known - 1].context;
    }
    uint32_t context = extend(chain, frames, depth, known, parent);
    if (is_cut) {
        chain->depth = 0; /* the links count from another root next time */
    }
    return context;
}

uint32_t
wj_context_native(struct wj_chain *chain, uint32_t parent, const void *caller)
{
    uint32_t at = hash(parent, (uint64_t)(uintptr_t)caller) & (WJ_CALLS - 1);
    struct wj_call *call = &chain->calls[at];
    if (call->caller != caller || call->context != parent) {
        wj_spin_lock(&lock);
        uint32_t function = function_of(NULL, caller);
        *call = (struct wj_call){parent, child_of(parent, chain->thread, function, 0),
                                 caller};
        wj_spin_unlock(&lock);
    }
    return call->child;
}

uint32_t
wj_context_sized(const struct wj_chain *chain, uint32_t parent, int32_t size_class)
{
    wj_spin_lock(&lock);
    uint32_t context = within(parent, chain->thread, 0, size_class);
    wj_spin_unlock(&lock);
    return context == 0 ? parent : context;
}

uint32_t
wj_context_of(struct wj_chain *chain, const PyThreadState *state, const void *caller)
{
    uint32_t context = python_context(chain, state);
    return caller == NULL ? context : wj_context_native(chain, context, caller);
}

uint32_t
wj_contexts_thread(void)
{
    struct wj_table_head *head = table->head;
    uint32_t number = 0;
    wj_spin_lock(&lock);
    if (head->threads < WJ_TRACKED_THREADS) {
        number = head->threads;
        table->threads[number].tid = (uint64_t)syscall(SYS_gettid);
        __atomic_store_n(&head->threads, number + 1, __ATOMIC_RELEASE);
    }
    wj_spin_unlock(&lock);
    return number;
}

int
wj_contexts_begin(struct wj_table *into)
{
    lock = 0; /* in a forked child whoever held it has gone */
    table = into;
    empty(&contexts);
    empty(&functions);
    return grow(&contexts) == 0 && grow(&functions) == 0 ? 0 : -1;
}

uint64_t
wj_contexts_resident(void)
{
    return wj_resident((uintptr_t)contexts.slots, contexts.size * sizeof(struct slot))
           + wj_resident((uintptr_t)functions.slots,
                         functions.size * sizeof(struct slot));
}
