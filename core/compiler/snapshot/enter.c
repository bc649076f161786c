/* Where the kernel enters an image: all memory is there, and nothing else.
 *
 * No C library: the thread pointer is not set yet, so nothing here may call a function
 * of another file, or use a stack protector. What differs from when the image was made
 * leads to a cold start: execve of the plain interpreter, with one line that says why.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <cpuid.h>
#include <linux/stat.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "snapshot.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns")
#define BARE                                                                           \
    __attribute__((no_stack_protector, no_sanitize_address, no_sanitize_undefined))

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#define THIS_THREAD (-10000) /* PIDFD_SELF_THREAD, since Linux 6.14 */
#define FAILED 127

/* What the kernel put on the new process's stack. */
struct started {
    int is_trial; /* of the builder: it is not to become anything else */
    long argc;
    char **argv, **environment;
    uintptr_t vdso, random, user, effective, secure, capabilities[2];
};

BARE static inline long
call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* True if `text` begins with all of `head`. */
BARE static int
begins(const char *text, const char *head)
{
    while (*head != '\0' && *text == *head) {
        text++, head++;
    }
    return *head == '\0';
}

/* Fletcher's checksum, two columns of words at once (John G. Fletcher, 1982): the sum
   tells of any one word that differs, the sum of sums of words that change places. */
BARE struct wj_sums
wj_sum(const void *start, size_t size)
{
    typedef uint64_t columns __attribute__((vector_size(16)));
    const columns *row = start;
    columns sum = {0, 0}, of_sums = {0, 0};
    for (size_t i = 0; i < size / sizeof *row; i++) {
        sum += row[i];
        of_sums += sum;
    }
    return (struct wj_sums){sum[0] + 3 * sum[1], of_sums[0] + 3 * of_sums[1]};
}

/* The processor's number within the machine is left out: it changes from start to
 * start. */
BARE void
wj_describe_cpu(uint32_t words[WJ_CPU_WORDS])
{
    uint32_t a, b, c, d, *next = words;
    for (int i = 0; i < WJ_CPU_WORDS; i++) {
        words[i] = 0;
    }
    __cpuid_count(1, 0, a, b, c, d);
    *next++ = a, *next++ = c, *next++ = d;
    int saves = (c & bit_OSXSAVE) != 0;
    __cpuid_count(7, 0, a, b, c, d);
    *next++ = b, *next++ = c, *next++ = d;
    __cpuid_count(0x80000001, 0, a, b, c, d);
    *next++ = c, *next++ = d;
    if (saves) {
        __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
        *next++ = a, *next++ = d;
        __cpuid_count(0xd, 0, a, b, c, d);
        *next++ = b;
    }
}

BARE static struct started
read_start(uintptr_t *stack)
{
    struct started start = {.argc = (long)stack[0], .argv = (char **)(stack + 1)};
    char **each = start.environment = start.argv + start.argc + 1;
    while (*each != NULL) {
        start.is_trial |= begins(*each, "WADJET_SNAPSHOT_TRIAL=");
        each++;
    }
    for (uintptr_t *entry = (uintptr_t *)(each + 1); entry[0] != AT_NULL; entry += 2) {
        switch (entry[0]) {
        case AT_SYSINFO_EHDR:
            start.vdso = entry[1];
            break;
        case AT_RANDOM:
            start.random = entry[1];
            break;
        case AT_UID:
            start.user = entry[1];
            break;
        case AT_EUID:
            start.effective = entry[1];
            break;
        case AT_SECURE:
            start.secure = entry[1];
            break;
        case AT_HWCAP:
            start.capabilities[0] = entry[1];
            break;
        case AT_HWCAP2:
            start.capabilities[1] = entry[1];
            break;
        }
    }
    return start;
}

BARE int
wj_is_read_by_all(const char *text)
{
    static const char heads[][10] = {"PYTHON",  "LD_",       "LC_",      "LANG=",
                                     "MALLOC_", "GLIBC_TUN", "LOCPATH=", "GCONV_PA"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        if (begins(text, heads[i])) {
            return 1;
        }
    }
    return 0;
}

/* The name, if it is that of `entry`; else NULL. Borrowed. */
BARE static const char *
recorded_as(const char *entry)
{
    for (size_t i = 0; i < wj_frozen.variable_count; i++) {
        const char *known = wj_frozen.variables[i], *text = entry;
        while (*known == *text && *known != '=' && *known != '\0') {
            known++, text++;
        }
        if (*text == '=' && (*known == '=' || *known == '\0')) {
            return wj_frozen.variables[i];
        }
    }
    return NULL;
}

BARE static int
is_same(const char *one, const char *other)
{
    while (*one == *other && *one != '\0') {
        one++, other++;
    }
    return *one == *other;
}

BARE static int
has_value(const char *entry)
{
    while (*entry != '=' && *entry != '\0') {
        entry++;
    }
    return *entry == '=';
}

BARE static int
is_among(const char *entry, char **environment)
{
    while (*environment != NULL && !is_same(entry, *environment)) {
        environment++;
    }
    return *environment != NULL;
}

/* The variable that is not what it was, NULL if there is none. */
BARE static const char *
changed_variable(char **environment)
{
    for (char **each = environment; *each != NULL; each++) {
        const char *known = recorded_as(*each);
        if (known == NULL ? wj_is_read_by_all(*each) : !is_same(known, *each)) {
            return *each;
        }
    }
    for (size_t i = 0; i < wj_frozen.variable_count; i++) {
        const char *known = wj_frozen.variables[i];
        if (!has_value(known)) {
            break; /* nor has any that follows */
        }
        if (!is_among(known, environment)) {
            return known;
        }
    }
    return NULL;
}

BARE void
wj_describe_file(struct wj_file *file)
{
    struct statx found;
    long failed =
        call(SYS_statx, -100, (long)file->path, 0, STATX_BASIC_STATS, (long)&found, 0);
    file->known = failed == 0;
    if (file->known) {
        int folder = (found.stx_mode & 0170000) == 0040000;
        file->inode = found.stx_ino;
        file->size = folder ? 0 : found.stx_size;
        file->seconds = (uint64_t)found.stx_ctime.tv_sec;
        file->nanoseconds = found.stx_ctime.tv_nsec;
        file->device_major = found.stx_dev_major;
        file->device_minor = found.stx_dev_minor;
    }
}

BARE static int
is_as_it_was(const struct wj_file *file)
{
    struct wj_file now = {.path = file->path};
    wj_describe_file(&now);
    return now.known == file->known
           && (!now.known
               || (now.inode == file->inode && now.size == file->size
                   && now.seconds == file->seconds
                   && now.nanoseconds == file->nanoseconds
                   && now.device_major == file->device_major
                   && now.device_minor == file->device_minor));
}

/* Why the image may not be used: a text and what it is about, NULL for nothing. */
struct difference {
    const char *text, *name;
};

BARE static struct difference
find_stranger(const struct started *start)
{
    if (start->user != wj_frozen.user || start->effective != wj_frozen.user) {
        return (struct difference){"it was made by another user", NULL};
    }
    if (start->secure) {
        return (struct difference){"it is run with another's rights", NULL};
    }
    return (struct difference){NULL, NULL};
}

BARE static struct difference
find_difference(const struct started *start)
{
    uint32_t cpu[WJ_CPU_WORDS];
    wj_describe_cpu(cpu);
    int same = start->capabilities[0] == wj_frozen.capabilities[0]
               && start->capabilities[1] == wj_frozen.capabilities[1];
    for (int i = 0; i < WJ_CPU_WORDS; i++) {
        same &= cpu[i] == wj_frozen.cpu[i];
    }
    if (!same) {
        return (struct difference){"the processor is another", NULL};
    }
    const struct wj_vdso_piece *code = wj_frozen.vdso_pieces + wj_frozen.vdso_count - 1;
    struct wj_sums sums = {0, 0};
    if (start->vdso != 0) {
        sums = wj_sum((void *)start->vdso, code->size);
    }
    if (sums.words != wj_frozen.vdso_sums.words
        || sums.places != wj_frozen.vdso_sums.places) {
        return (struct difference){"the kernel is another", NULL};
    }
    const char *variable = changed_variable(start->environment);
    if (variable != NULL) {
        return (struct difference){"the environment differs in ", variable};
    }
    for (size_t i = 0; i < wj_frozen.file_count; i++) {
        if (!is_as_it_was(wj_frozen.files + i)) {
            return (struct difference){"there is a change in ",
                                       wj_frozen.files[i].path};
        }
    }
    return (struct difference){NULL, NULL};
}

BARE static size_t
put(char *line, size_t at, size_t room, const char *text, char stop)
{
    while (text != NULL && *text != '\0' && *text != stop && at < room) {
        line[at++] = *text++;
    }
    return at;
}

/* Say why, and become the plain interpreter. */
BARE __attribute__((noreturn)) static void
start_cold(const struct started *start, struct difference why)
{
    while (start->is_trial) {
        call(SYS_exit_group, FAILED, 0, 0, 0, 0, 0);
    }
    char line[512];
    const size_t room = sizeof line - 1;
    size_t end = put(line, 0, room, "wadjet: cold start of ", '\0');
    end = put(line, end, room - 160, start->argc ? start->argv[0] : "it", '\0');
    end = put(line, end, room - 140, ": ", '\0');
    end = put(line, end, room - 100, why.text, '\0');
    end = put(line, end, room - 60, why.name, '=');
    end = put(line, end, room, "; make it anew with `wadjet snapshot`", '\0');
    line[end++] = '\n';
    call(SYS_write, 2, (long)line, (long)end, 0, 0, 0);

    char *words[wj_frozen.word_count + (size_t)start->argc + 2];
    size_t count = 0;
    for (size_t i = 0; i < wj_frozen.word_count; i++) {
        words[count++] = wj_frozen.words[i];
    }
    for (long i = 1; i < start->argc; i++) {
        words[count++] = start->argv[i];
    }
    words[count] = NULL;
    call(SYS_execve, (long)wj_frozen.python, (long)words, (long)start->environment, 0,
         0, 0);
    static const char gone[] = "wadjet: nor can the interpreter be run\n";
    call(SYS_write, 2, (long)gone, sizeof gone - 1, 0, 0, 0);
    for (;;) {
        call(SYS_exit_group, FAILED, 0, 0, 0, 0, 0);
    }
}

/* Let chance say which of the images runs: this one, or another, which it becomes. */
BARE static struct difference
choose_image(const struct started *start)
{
    size_t chosen = ((uint8_t *)start->random)[15] % (wj_frozen.image_count + 1);
    if (chosen == 0 || start->is_trial) {
        return (struct difference){NULL, NULL};
    }
    const char *path = wj_frozen.images[chosen - 1];
    call(SYS_execve, (long)path, (long)start->argv, (long)start->environment, 0, 0, 0);
    return (struct difference){"it cannot run ", path};
}

/* Move the kernel's page of time to where the C library knows it. Newer kernels move
   all its parts at once. */
BARE static int
move_vdso(uintptr_t vdso)
{
    const struct wj_vdso_piece *first = wj_frozen.vdso_pieces;
    const struct wj_vdso_piece *last = first + wj_frozen.vdso_count - 1;
    uintptr_t whole = last->start + last->size - first->start;
    uintptr_t from = vdso - wj_frozen.vdso;
    long moved = call(SYS_mremap, (long)(first->start + from), (long)whole, (long)whole,
                      MREMAP_MAYMOVE | MREMAP_FIXED, (long)first->start, 0);
    for (const struct wj_vdso_piece *each = first; moved < 0 && each <= last; each++) {
        long part =
            call(SYS_mremap, (long)(each->start + from), (long)each->size,
                 (long)each->size, MREMAP_MAYMOVE | MREMAP_FIXED, (long)each->start, 0);
        if (part < 0) {
            return -1;
        }
    }
    return 0;
}

BARE static void
set_thread(uintptr_t thread, uintptr_t capabilities)
{
    if (capabilities & 2) { /* the kernel lets programs set the register */
        __asm__ volatile("wrfsbase %0" : : "r"(thread) : "memory");
    } else {
        call(SYS_arch_prctl, 0x1002, (long)thread, 0, 0, 0, 0);
    }
}

/* The functions on the stack compare with the canary that they found: change theirs
 * too. */
BARE static void
renew_canary(uintptr_t random)
{
    uintptr_t *canary = (uintptr_t *)(wj_frozen.thread + 0x28), old = *canary;
    *canary = *(uintptr_t *)random & ~(uintptr_t)0xff;
    for (uintptr_t *each = (uintptr_t *)(wj_frozen.registers.rsp & ~(uintptr_t)7);
         (uintptr_t)each < wj_frozen.frames_high; each++) {
        if (*each == old) {
            *each = *canary;
        }
    }
    for (int i = 0; i < 16; i++) {
        wj_frozen.random[i] = ((uint8_t *)random)[i];
    }
}

BARE static void
renew_thread(void)
{
    *wj_frozen.tid = (int)call(SYS_set_tid_address, (long)wj_frozen.tid, 0, 0, 0, 0, 0);
    call(SYS_set_robust_list, (long)wj_frozen.robust_list, (long)wj_frozen.robust_size,
         0, 0, 0, 0);
    if (wj_frozen.rseq != NULL) { /* as the C library marks a kernel without it */
        ((int32_t *)wj_frozen.rseq)[1] = -2;
    }
}

/* Pages that the kernel may empty are such pages again. */
BARE static void
renew_volatiles(void)
{
    for (size_t i = 0; i < wj_frozen.volatile_count; i++) {
        const struct wj_volatile_piece *each = wj_frozen.volatiles + i;
        long kind = each->droppable ? MAP_DROPPABLE : MAP_PRIVATE;
        call(SYS_mmap, (long)each->start, (long)each->size, PROT_READ | PROT_WRITE,
             kind | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (!each->droppable) {
            call(SYS_madvise, (long)each->start, (long)each->size, MADV_WIPEONFORK, 0,
                 0, 0);
        }
    }
}

/* Make ready the pages that a start writes: one by one, each would be a fault. A kernel
   that cannot leaves them to that. */
BARE static void
make_pages_ready(void)
{
    if (wj_needed.count > 0) {
        call(SYS_process_madvise, THIS_THREAD, (long)wj_needed.runs,
             (long)wj_needed.count, MADV_POPULATE_WRITE, 0, 0);
    }
}

BARE __attribute__((noreturn)) static void
resume(const struct wj_registers *registers)
{
    __asm__ volatile("mov %0, %%rax\n\t"
                     "mov 0(%%rax), %%rbx\n\t"
                     "mov 8(%%rax), %%rbp\n\t"
                     "mov 16(%%rax), %%r12\n\t"
                     "mov 24(%%rax), %%r13\n\t"
                     "mov 32(%%rax), %%r14\n\t"
                     "mov 40(%%rax), %%r15\n\t"
                     "mov 48(%%rax), %%rsp\n\t"
                     "mov 56(%%rax), %%rdx\n\t"
                     "mov $1, %%eax\n\t"
                     "jmp *%%rdx\n\t"
                     :
                     : "r"(registers)
                     : "rax", "rdx", "memory");
    __builtin_unreachable();
}

BARE __attribute__((used, noreturn, visibility("hidden"))) void
wj_enter(uintptr_t *stack)
{
    const struct started start = read_start(stack);
    struct difference why = find_stranger(&start);
    if (why.text == NULL) {
        why = choose_image(&start);
    }
    if (why.text == NULL) {
        why = find_difference(&start);
    }
    if (why.text == NULL && move_vdso(start.vdso) < 0) {
        why.text = "the kernel does not move its page of time";
    }
    if (why.text != NULL) {
        start_cold(&start, why);
    }
    set_thread(wj_frozen.thread, start.capabilities[1]);
    renew_canary(start.random);
    renew_thread();
    renew_volatiles();
    make_pages_ready();
    wj_frozen.started = stack;
    resume(&wj_frozen.registers);
}

__asm__(".text\n"
        ".globl wj_entry\n.hidden wj_entry\n.type wj_entry, @function\n"
        "wj_entry:\n"
        "xor %ebp, %ebp\n"
        "mov %rsp, %rdi\n"
        "and $-16, %rsp\n"
        "call wj_enter\n"
        "hlt\n"
        ".globl wj_save\n.hidden wj_save\n.type wj_save, @function\n"
        "wj_save:\n"
        "mov %rbx, 0(%rdi)\n"
        "mov %rbp, 8(%rdi)\n"
        "mov %r12, 16(%rdi)\n"
        "mov %r13, 24(%rdi)\n"
        "mov %r14, 32(%rdi)\n"
        "mov %r15, 40(%rdi)\n"
        "lea 8(%rsp), %rax\n"
        "mov %rax, 48(%rdi)\n"
        "mov (%rsp), %rax\n"
        "mov %rax, 56(%rdi)\n"
        "xor %eax, %eax\n"
        "ret\n");
