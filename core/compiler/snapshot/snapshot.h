/* A process that is written as an executable, and starts again where it stopped.
 *
 * The library is loaded before all others. `start.c` gives the program a stack of its
 * own at an address that no other process uses, and moves there what else the kernel
 * put beside its own; `image.c` writes the memory, `refusals.c` says what cannot be
 * written, and `enter.c` is where the kernel enters the file: before there is a C
 * library.
 */
#ifndef WJ_SNAPSHOT_H
#define WJ_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>
#include <signal.h>

#define WJ_VDSO_PIECES 8
#define WJ_VOLATILE_PIECES 16
#define WJ_HELD 8
#define WJ_SIGNALS 65
#define WJ_CPU_WORDS 16

/* The registers that a function must keep, as `wj_save` has found them. */
struct wj_registers {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

/* A mapping of the kernel's vdso: what precedes its code, or the code itself. */
struct wj_vdso_piece {
    uintptr_t start, size;
};

/* Memory that the kernel may empty: its content is no part of an image. */
struct wj_volatile_piece {
    uintptr_t start, size;
    int droppable; /* else it is emptied in a forked child only */
};

/* A descriptor of a library that is mapped, which the library holds open. */
struct wj_held {
    int number;
    char *path; /* Owned */
};

/* Checksums of memory. */
struct wj_sums {
    uint64_t words, places;
};

/* What a path was like; `known` is 0 where there was nothing. */
struct wj_file {
    char *path; /* Owned */
    uint64_t inode, size, seconds;
    uint32_t nanoseconds, device_major, device_minor;
    int known;
};

/* All that the restored process needs before it has a C library. Lies in the image. */
struct wj_frozen {
    struct wj_registers registers;
    uintptr_t thread;                /* the FS register */
    uintptr_t stack_low, stack_high; /* the stack that we run on */
    uintptr_t frames_high;           /* above it are the words that the kernel wrote */
    uintptr_t vdso;                  /* its code, where it is now */
    struct wj_sums vdso_sums;
    struct wj_vdso_piece vdso_pieces[WJ_VDSO_PIECES];
    size_t vdso_count;
    struct wj_volatile_piece volatiles[WJ_VOLATILE_PIECES];
    size_t volatile_count;
    int by_chance;     /* the kernel has drawn the addresses */
    int *tid;          /* where the C library keeps the thread's number */
    int former;        /* its number when the image was made */
    void *robust_list; /* and its list of robust mutexes */
    size_t robust_size;
    void *rseq;      /* NULL where there is none */
    uint8_t *random; /* 16 bytes that AT_RANDOM points to */
    uint32_t user;
    uint64_t capabilities[2]; /* AT_HWCAP, AT_HWCAP2 */
    uint32_t cpu[WJ_CPU_WORDS];
    struct wj_file *files; /* Owned */
    size_t file_count;
    struct wj_held held[WJ_HELD];
    size_t held_count;
    char **variables; /* each NAME=VALUE, then each NAME that had none. Owned */
    size_t variable_count;
    char *python; /* what a cold start runs, and its first words. Owned */
    char **words;
    size_t word_count;
    char **images; /* others made of the same, one of which may run instead. Owned */
    size_t image_count;
    uintptr_t *started; /* out: the new process's argc, arguments, environment */
};
extern struct wj_frozen wj_frozen;

/* Pages that a start writes, which the kernel makes ready at once. Written into the
 * image from outside (compiler/snapshot/pages.py). */
#define WJ_MOST_RUNS 1024
struct wj_needed {
    uint64_t count;
    struct {
        uint64_t start, size; /* as a struct iovec */
    } runs[WJ_MOST_RUNS];
};
extern struct wj_needed wj_needed;

/* Keep the registers: returns 0, and 1 once more in the restored process. */
int wj_save(struct wj_registers *registers) __attribute__((returns_twice));

/* Where the kernel enters the image. */
void wj_entry(void);
void wj_enter(uintptr_t *stack) __attribute__((noreturn));

/* True for a variable, as NAME=VALUE, that the interpreter, the loader or the C library
 * reads by itself. */
int wj_is_read_by_all(const char *text);

/* What of the processor a C library chooses its functions by. */
void wj_describe_cpu(uint32_t words[WJ_CPU_WORDS]);
struct wj_sums wj_sum(const void *start, size_t size);

/* Fill in what the C library and the kernel agreed on for this thread. 0, or -1 with a
 * reason in `why`. */
int wj_describe_thread(const char **why);

/* What a file is like now. */
void wj_describe_file(struct wj_file *file);

/* Write the memory to a file. 0, or -1 with errno set, or with a reason in `why`. */
int wj_write_image(int file, const char **why);

/* Write what cannot be frozen into `text`, a line each; returns their number.
 * Descriptors of `ours` do not count. */
int wj_refusals(const int *ours, size_t count, char *text, size_t size);

/* What the parent asked for, NULL if this is no process to freeze. */
const char *wj_specification(void);

/* What the program has asked the C library's environment for, and the files that it has
 * opened to read, while `wj_asking`: lists that end with NULL. */
extern char **wj_asked, **wj_opened;
extern int wj_asking;
void wj_note_opened(const char *path);

#endif
