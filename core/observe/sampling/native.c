/* Native stacks.
 *
 * The C library's unwinder reads .eh_frame tables, so that no frame pointers and no
 * debug information are needed. Since glibc 2.35 it finds them without a lock, which is
 * what makes it usable in a handler; before, the loader's lock is one that a thread may
 * take twice.
 */
#define _GNU_SOURCE
#include "native.h"

#include <link.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#include "compat.h"
#include "records.h"

static uintptr_t text_start, text_end; /* of the interpreter */

static int
find_interpreter(struct dl_phdr_info *info, size_t size, void *data)
{
    uintptr_t inside = *(const uintptr_t *)data;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && inside >= start
            && inside < start + part->p_memsz) {
            text_start = start;
            text_end = start + part->p_memsz;
            return 1;
        }
    }
    return 0;
}

void
wj_native_init(void)
{
    uintptr_t inside = (uintptr_t)PyEval_EvalCode;
    dl_iterate_phdr(find_interpreter, &inside);
}

struct walk {
    uintptr_t start; /* interrupted instruction: frames above it are the handler's */
    int started;
    const struct wj_stack *stack;
    uint32_t entry; /* the next of the stack's entries */
    uint64_t *to;
    uint32_t room;
    uint32_t count;
    uint32_t steps;
    uint32_t frames; /* seen since the interrupted one */
};

/* A C function's variables lie above the stack pointer that it left, and below that of
   its caller. So the evaluations that have a variable below this frame are those of the
   frames before it, whatever the compiler has made of the function that evaluates. */
static void
mark_evaluations(struct walk *walk, uintptr_t stack_pointer)
{
    const struct wj_stack *stack = walk->stack;
    while (walk->entry < stack->entry_count && walk->count < walk->room
           && (uintptr_t)stack->entries[walk->entry] < stack_pointer) {
        walk->to[walk->count++] = WJ_EVALUATOR;
        walk->entry++;
    }
}

static _Unwind_Reason_Code
visit(struct _Unwind_Context *context, void *data)
{
    struct walk *walk = data;
    uintptr_t at = _Unwind_GetIP(context);
    if (!walk->started) {
        walk->started = at == walk->start;
    }
    if (!walk->started) {
        return ++walk->steps > 16 ? _URC_END_OF_STACK : _URC_NO_REASON;
    }
    int returns = walk->frames++ > 0;
    mark_evaluations(walk, (uintptr_t)_Unwind_GetCFA(context));
    if (walk->count == walk->room || at == 0) {
        return _URC_END_OF_STACK;
    }
    if (at < text_start || at >= text_end) {
        /* A return address may lie behind the end of the function that calls. */
        walk->to[walk->count++] = at - (uintptr_t)returns;
    }
    return _URC_NO_REASON;
}

static uintptr_t
interrupted(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
#error "unknown processor"
#endif
}

uint32_t
wj_native_unwind(void *context, const struct wj_stack *stack, uint64_t *to,
                 uint32_t room)
{
    struct walk walk = {
        .start = interrupted(context), .stack = stack, .to = to, .room = room};
    _Unwind_Backtrace(visit, &walk);
    return walk.count;
}
