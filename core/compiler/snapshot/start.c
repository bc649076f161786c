/* The start of a process that will be frozen: loaded first, in the place of the
 * program.
 *
 * What the kernel chose by chance is left behind. The program runs on a stack of ours,
 * low in memory, where no process of a stock kernel has anything; its arguments and the
 * vdso, which the kernel puts beside its own stack, are moved there, and whoever knew
 * of them is told: the C library and the loader have pointers in memory that can be
 * written.
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mappings.h"
#include "running.h"
#include "snapshot.h"

#define SPECIFICATION "WADJET_SNAPSHOT"
#define LOW 0x3f0000000000ul /* nothing is near: not the program, not what it maps */
#define PAGE 4096ul
#define GUARD (256 * PAGE)
#define SMALLEST_STACK (8ul << 20)
#define LARGEST_STACK (256ul << 20)

struct wj_frozen wj_frozen;
struct wj_needed wj_needed;
int wj_asking;
char **wj_asked, **wj_opened;

static char *specification;

const char *
wj_specification(void)
{
    return specification;
}

/* ---- variables that C code asks for
 * --------------------------------------------------- */

/* Add a text to a list that ends with NULL, unless it has it. Without memory for it
   there will be none to freeze either. */
static void
note(char ***list, const char *text)
{
    size_t count = 0;
    while (*list != NULL && (*list)[count] != NULL) {
        if (strcmp((*list)[count++], text) == 0) {
            return;
        }
    }
    char **longer = realloc(*list, (count + 2) * sizeof **list);
    if (longer != NULL) {
        *list = longer;
        longer[count] = strdup(text);
        longer[count + 1] = NULL;
    }
}

void
wj_note_opened(const char *path)
{
    note(&wj_opened, path);
}

static char *
find_variable(const char *name)
{
    size_t size = strlen(name);
    for (char **each = environ; each != NULL && *each != NULL; each++) {
        if (strncmp(*each, name, size) == 0 && (*each)[size] == '=') {
            return *each + size + 1;
        }
    }
    return NULL;
}

/* In the place of the C library's: whoever asks is noted while the imports run. */
__attribute__((visibility("default"))) char *
getenv(const char *name)
{
    if (wj_asking) {
        note(&wj_asked, name);
    }
    return find_variable(name);
}

__attribute__((visibility("default"))) char *
secure_getenv(const char *name)
{
    return getenv(name);
}

/* ---- what is moved
 * -------------------------------------------------------------------- */

/* Memory that has a new place. */
struct move {
    uintptr_t low, high;
    ptrdiff_t by;
};

struct moves {
    struct move each[2];
    size_t count;
};

static void
correct(const struct moves *moves, uintptr_t low, uintptr_t high)
{
    for (uintptr_t *word = (uintptr_t *)low; (uintptr_t)word < high; word++) {
        for (size_t i = 0; i < moves->count; i++) {
            const struct move *move = moves->each + i;
            if (*word >= move->low && *word < move->high) {
                *word += (uintptr_t)move->by;
                break;
            }
        }
    }
}

/* What the loader has made read-only after it had written there. */
static int
correct_constants(struct dl_phdr_info *library, size_t size, void *moves)
{
    (void)size;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = library->dlpi_phdr + i;
        if (part->p_type != PT_GNU_RELRO) {
            continue;
        }
        uintptr_t low = (library->dlpi_addr + part->p_vaddr) & ~(PAGE - 1);
        uintptr_t high =
            (library->dlpi_addr + part->p_vaddr + part->p_memsz) & ~(PAGE - 1);
        if (high > low
            && mprotect((void *)low, high - low, PROT_READ | PROT_WRITE) == 0) {
            correct(moves, low, high);
            mprotect((void *)low, high - low, PROT_READ);
        }
    }
    return 0;
}

static void
correct_all(const struct moves *moves, const struct wj_mappings *mappings)
{
    for (size_t i = 0; i < mappings->count; i++) {
        const struct wj_mapping *each = mappings->each + i;
        int ours =
            each->start >= wj_frozen.stack_low && each->start < wj_frozen.stack_high;
        int writable =
            (each->protection & (PROT_READ | PROT_WRITE)) == (PROT_READ | PROT_WRITE);
        if (writable && !each->shared && !ours && each->kind == WJ_ORDINARY) {
            correct(moves, each->start, each->end);
        }
    }
    dl_iterate_phdr(correct_constants, (void *)moves);
}

/* Move the vdso behind the stack. 0, or -1. */
static int
move_vdso(const struct wj_mappings *mappings, uintptr_t to, struct move *move)
{
    uintptr_t first = 0, last = 0;
    for (size_t i = 0; i < mappings->count; i++) {
        const struct wj_mapping *each = mappings->each + i;
        if (each->kind != WJ_VDSO && each->kind != WJ_VVAR) {
            continue;
        }
        if (wj_frozen.vdso_count == WJ_VDSO_PIECES || (last && last != each->start)) {
            return -1;
        }
        first = first ? first : each->start;
        last = each->end;
        uintptr_t target = to + (each->start - first);
        wj_frozen.vdso_pieces[wj_frozen.vdso_count++] =
            (struct wj_vdso_piece){target, each->end - each->start};
        if (mremap((void *)each->start, each->end - each->start,
                   each->end - each->start, MREMAP_MAYMOVE | MREMAP_FIXED,
                   (void *)target)
            == MAP_FAILED) {
            return -1;
        }
        wj_frozen.vdso = target; /* its code comes last */
    }
    *move = (struct move){first, last, (ptrdiff_t)(to - first)};
    return first == 0 ? -1 : 0;
}

/* ---- the stack of ours
 * ---------------------------------------------------------------- */

static size_t
stack_size(void)
{
    struct rlimit limit;
    size_t size = SMALLEST_STACK;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur > size) {
        size = limit.rlim_cur < LARGEST_STACK ? limit.rlim_cur & ~(PAGE - 1)
                                              : LARGEST_STACK;
    }
    return size;
}

/* The end of what the kernel wrote on its stack: the name of the program is last. */
static uintptr_t
end_of_words(void)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    return ((uintptr_t)name + strlen(name) + 16) & ~(uintptr_t)7;
}

/* Give the program a stack, with the kernel's words above it. Returns where the words
   are now, or 0 if that cannot be. */
static uintptr_t
prepare(uintptr_t words, int by_chance)
{
    uintptr_t end = end_of_words();
    size_t copied = (end - words + PAGE - 1) & ~(PAGE - 1), size = stack_size();
    int fixed = by_chance ? 0 : MAP_FIXED_NOREPLACE;
    char *made =
        mmap(by_chance ? NULL : (void *)LOW, GUARD + size + copied + GUARD, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
    if (made == MAP_FAILED
        || mprotect(made + GUARD, size + copied, PROT_READ | PROT_WRITE) != 0) {
        return 0;
    }
    struct wj_mappings *mappings = wj_read_mappings();
    if (mappings == NULL) {
        return 0;
    }
    wj_frozen.stack_low = (uintptr_t)made + GUARD;
    wj_frozen.stack_high = wj_frozen.stack_low + size + copied;
    uintptr_t block = wj_frozen.frames_high = wj_frozen.stack_low + size;
    struct moves moves = {.count = 2};
    moves.each[0] = (struct move){words, end, (ptrdiff_t)(block - words)};
    int moved = move_vdso(mappings, wj_frozen.stack_high, &moves.each[1]);
    if (moved == 0) {
        memcpy((void *)block, (void *)words, end - words);
        correct_all(&moves, mappings);
        correct(&moves, block, wj_frozen.stack_high);
    }
    wj_free_mappings(mappings);
    return moved == 0 ? block : 0;
}

int
wj_describe_thread(const char **why)
{
    int *found = NULL;
    unsigned long thread = (unsigned long)__builtin_thread_pointer();
    if (prctl(PR_GET_TID_ADDRESS, &found, 0, 0, 0) != 0 || *found != (int)getpid()) {
        found = (int *)(thread + 0x2d0);
    }
    if (*found != (int)getpid()) {
        *why = "this C library keeps threads in a way that is not known";
        return -1;
    }
    wj_frozen.tid = found;
    wj_frozen.former = *found;
    wj_frozen.thread = thread;
    if (syscall(SYS_get_robust_list, 0, &wj_frozen.robust_list,
                &wj_frozen.robust_size)) {
        *why = "the kernel does not tell of robust mutexes";
        return -1;
    }
    wj_frozen.rseq = __rseq_size ? (char *)thread + __rseq_offset : NULL;
    wj_frozen.random = (uint8_t *)getauxval(AT_RANDOM);
    wj_frozen.user = getuid();
    wj_describe_cpu(wj_frozen.cpu);
    const struct wj_vdso_piece *code = wj_frozen.vdso_pieces + wj_frozen.vdso_count - 1;
    wj_frozen.vdso_sums = wj_sum((void *)code->start, code->size);
    return 0;
}

/* ---- in the place of main
 * ------------------------------------------------------------- */

/* What the kernel says of the processor; the C library has its own word under that
 * name. */
static void
note_capabilities(const uintptr_t *words)
{
    const uintptr_t *each = words + words[0] + 2;
    while (*each != 0) {
        each++;
    }
    while (*each == 0) { /* variables that were taken away leave more than one */
        each++;
    }
    for (; each[0] != AT_NULL; each += 2) {
        if (each[0] == AT_HWCAP || each[0] == AT_HWCAP2) {
            wj_frozen.capabilities[each[0] == AT_HWCAP2] = each[1];
        }
    }
}

__attribute__((noreturn, used)) static void
on_our_stack(uintptr_t *words)
{
    note_capabilities(words);
    wj_run((int)words[0], (char **)(words + 1));
}

/* Go on with the words as stack. */
__attribute__((noreturn)) static void
change_stack(uintptr_t words)
{
    __asm__ volatile("mov %0, %%rdi\n\t"
                     "mov %0, %%rsp\n\t"
                     "and $-16, %%rsp\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "call on_our_stack\n\t"
                     :
                     : "r"(words)
                     : "memory", "rdi");
    __builtin_unreachable();
}

/* A kernel that gives out addresses by chance gives them in order, low, if it is asked:
   from where it always begins, or from where chance puts it. Either is far below the
   stacks of processes. */
static void
settle_addresses(char **argv, int by_chance)
{
    unsigned long now = (unsigned long)personality(0xffffffff);
    unsigned long fixed = by_chance ? 0 : ADDR_NO_RANDOMIZE;
    unsigned long wanted =
        (now & ~(unsigned long)ADDR_NO_RANDOMIZE) | ADDR_COMPAT_LAYOUT | fixed;
    if (now != wanted && personality(wanted) >= 0
        && (unsigned long)personality(0xffffffff) == wanted) {
        execv("/proc/self/exe", argv);
    }
}

/* What is ignored while the file is made is nothing to those that start it. */
static void
heed_all_signals(void)
{
    for (int i = 1; i < WJ_SIGNALS; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
            signal(i, SIG_DFL);
        }
    }
}

static int
main_to_freeze(int argc, char **argv, char **environment)
{
    char *given = find_variable(SPECIFICATION);
    int by_chance = *given == '*';
    (void)environment;
    wj_frozen.by_chance = by_chance;
    settle_addresses(argv, by_chance);
    heed_all_signals();
    specification = strdup(given + by_chance);
    unsetenv(SPECIFICATION);
    unsetenv("LD_PRELOAD");
    unsetenv("LD_BIND_NOW");
    uintptr_t words = prepare((uintptr_t)argv - sizeof(uintptr_t), by_chance);
    if (words == 0) {
        fputs("wadjet: the memory of this process cannot be arranged\n", stderr);
        return 70;
    }
    *(uintptr_t *)words = (uintptr_t)argc;
    change_stack(words);
}

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *, int, char **, void (*)(void),
                           void (*)(void), void (*)(void), void *);

__attribute__((visibility("default"))) int __libc_start_main(main_function *, int,
                                                             char **, void (*)(void),
                                                             void (*)(void),
                                                             void (*)(void), void *);

int
__libc_start_main(main_function *program, int argc, char **argv, void (*init)(void),
                  void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    start_function *start = (start_function *)dlsym(RTLD_NEXT, "__libc_start_main");
    main_function *chosen = find_variable(SPECIFICATION) ? main_to_freeze : program;
    return start(chosen, argc, argv, init, fini, rtld_fini, stack_end);
}
