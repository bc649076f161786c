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

extern PyObject *_PyEval_EvalFrameDefault(PyThreadState *, struct _PyInterpreterFrame *,
                                          int);

static uintptr_t text_start, text_end; /* of the interpreter */
static uintptr_t evaluator;

static int
find_interpreter(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && evaluator >= start
            && evaluator < start + part->p_memsz) {
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
    evaluator = (uintptr_t)_PyEval_EvalFrameDefault;
    dl_iterate_phdr(find_interpreter, NULL);
}

struct walk {
    uintptr_t start; /* interrupted instruction: frames above it are the handler's */
    int started;
    uint64_t *to;
    uint32_t room;
    uint32_t count;
    uint32_t steps;
    uint32_t frames; /* seen since the interrupted one */
};

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
    if (walk->count == walk->room || at == 0) {
        return _URC_END_OF_STACK;
    }
    int returns = walk->frames++ > 0;
    if (at < text_start || at >= text_end) {
        /* A return address may lie behind the end of the function that calls. */
        walk->to[walk->count++] = at - (uintptr_t)returns;
    } else if (_Unwind_GetRegionStart(context) == evaluator) {
        walk->to[walk->count++] = WJ_EVALUATOR;
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
wj_native_unwind(void *context, uint64_t *to, uint32_t room)
{
    struct walk walk = {interrupted(context), 0, to, room, 0, 0, 0};
    _Unwind_Backtrace(visit, &walk);
    return walk.count;
}
