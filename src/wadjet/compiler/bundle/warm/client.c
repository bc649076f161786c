/* client.c: asks a warm server to run a program, and is that program to whoever waits
 * for it.
 *
 * It sends its arguments, environment, signal mask and standard streams, forwards
 * signals, and ends as the program ended. Where there is no server, or it declines, it
 * becomes the plain python. It has no C library: that would make a third of its system
 * calls. Strings are sent from where the kernel put them, one after another, at the top
 * of the stack.
 *
 * PYTHON and NAME are given by the compiler's command line; NAME is the server's.
 */
#include <elf.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <linux/un.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#define AF_UNIX 1
#define SOL_SOCKET 1
#define SO_PEERCRED 17
#define SCM_RIGHTS 1
#define SOCK_STREAM 1
#define SOCK_CLOEXEC 02000000
#define MSG_NOSIGNAL 0x4000
#define DUMPABLE 4

enum { EXITED, KILLED, DECLINED };

struct reply {
    int32_t kind;
    int32_t value;
    char text[504];
};

struct request {
    uint32_t size; /* of the strings */
    uint32_t arguments;
    uint64_t mask; /* signals blocked */
};

struct span {
    const void *start;
    size_t size;
};

struct header {
    void *name;
    int name_size;
    struct span *spans;
    size_t span_count;
    void *control;
    size_t control_size;
    int flags;
};

struct rights {
    size_t size;
    int level;
    int type;
    int files[4];
};

struct peer {
    int pid;
    int user;
    int group;
};

static long
call(long number, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                     : "memory");
    return x0;
#else
#error "x86-64 or aarch64"
#endif
}

#define CALL(name, a, b, c, d, e)                                                      \
    call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static size_t
length(const char *text)
{
    size_t size = 0;
    while (text[size]) {
        size++;
    }
    return size;
}

static const char *
variable(char **environment, const char *name)
{
    for (; *environment; environment++) {
        const char *each = *environment, *wanted = name;
        while (*wanted && *each == *wanted) {
            each++;
            wanted++;
        }
        if (!*wanted && *each == '=') {
            return each + 1;
        }
    }
    return NULL;
}

/* Append text; a path that is too long ends up too long, and is refused. */
static size_t
append(char *path, size_t used, const char *text)
{
    for (; *text && used < UNIX_PATH_MAX; text++) {
        path[used++] = *text;
    }
    return used;
}

static void
say(const char *program, const char *text)
{
    CALL(write, 2, program, length(program), 0, 0);
    CALL(write, 2, ": ", 2, 0, 0);
    CALL(write, 2, text, length(text), 0, 0);
    CALL(write, 2, "\n", 1, 0, 0);
}

static uint64_t
auxiliary(char **environment, uint64_t type)
{
    while (*environment) {
        environment++;
    }
    const uint64_t *pair = (const uint64_t *)(environment + 1);
    for (; pair[0] != AT_NULL; pair += 2) {
        if (pair[0] == type) {
            return pair[1];
        }
    }
    return 0;
}

/* Tell whether files beside the standard streams came along, which the server does not
 * get. As many descriptors are looked at as the limit for files allows. */
static int
inherits(void)
{
    static struct pollfd files[253]; /* static: to clear it takes a C library */
    long long now[2] = {0, 0};
    size_t count = sizeof files / sizeof *files;
    for (size_t i = 0; i < count; i++) {
        files[i].fd = (int)i + 3;
    }
    while (count && CALL(ppoll, files, count, now, 0, 0) < 0) {
        count /= 2;
    }
    for (size_t i = 0; i < count; i++) {
        if (files[i].revents != POLLNVAL) {
            return 1;
        }
    }
    return 0;
}

/* Return a socket to the server, less than 0 if there is none that is the user's own.
 */
static long
connected(char **environment)
{
    static struct sockaddr_un address; /* static: to clear it takes a C library */
    address.sun_family = AF_UNIX;
    unsigned user = (unsigned)auxiliary(environment, AT_UID);
    const char *folder = variable(environment, "XDG_RUNTIME_DIR");
    size_t used = 0;
    if (folder && *folder) {
        used = append(address.sun_path, used, folder);
        used = append(address.sun_path, used, "/wadjet/");
    } else {
        char digits[12];
        int place = sizeof digits - 1;
        digits[place] = '\0';
        for (unsigned left = user; left || place == sizeof digits - 1; left /= 10) {
            digits[--place] = '0' + left % 10;
        }
        used = append(address.sun_path, used, "/tmp/wadjet-");
        used = append(address.sun_path, used, digits + place);
        used = append(address.sun_path, used, "/");
    }
    used = append(address.sun_path, used, NAME);
    if (used >= UNIX_PATH_MAX) {
        return -1;
    }
    long server = CALL(socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0);
    long size = offsetof(struct sockaddr_un, sun_path) + used + 1;
    if (server < 0 || CALL(connect, server, &address, size, 0, 0) < 0) {
        return -1;
    }
    struct peer peer;
    unsigned peer_size = sizeof peer;
    long asked = CALL(getsockopt, server, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size);
    return asked == 0 && (unsigned)peer.user == user ? server : -1;
}

/* Send what the program is to have; return less than 0 if that cannot be. */
static long
ask(long server, int count, char **words, char **environment, uint64_t mask)
{
    char **last = environment;
    while (*last) {
        last++;
    }
    const char *final = last == environment ? words[count - 1] : last[-1];
    size_t size = (size_t)(final + length(final) + 1 - words[0]);
    struct request request = {(uint32_t)size, (uint32_t)count, mask};
    struct span spans[] = {{&request, sizeof request}, {words[0], size}};
    size_t rights_size = offsetof(struct rights, files) + 3 * sizeof(int);
    struct rights rights = {rights_size, SOL_SOCKET, SCM_RIGHTS, {0, 1, 2, 0}};
    struct header header = {NULL, 0, spans, 2, &rights, sizeof rights, 0};
    return CALL(sendmsg, server, &header, MSG_NOSIGNAL, 0, 0)
                   == (long)(sizeof request + size)
               ? 0
               : -1;
}

/* Have a signal that came here reach the program: the server knows by a second
 * connection of this process whose signal it is. Stop with the program where it is to
 * stop. */
static void
forward(char **environment, long signals)
{
    struct signalfd_siginfo info;
    if (CALL(read, signals, &info, sizeof info, 0, 0) != sizeof info) {
        return;
    }
    uint32_t number = info.ssi_signo;
    long server = connected(environment);
    CALL(write, server, &number, sizeof number, 0, 0);
    CALL(close, server, 0, 0, 0, 0);
    if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) {
        CALL(kill, CALL(getpid, 0, 0, 0, 0, 0), SIGSTOP, 0, 0, 0);
    }
}

/* Wait for the end of the program; return the size of what was said of it. It is 0
 * where the server has gone, and less where it had not yet read what to run. */
static long
wait_for(char **environment, long server, long signals, struct reply *reply)
{
    struct pollfd files[] = {{(int)server, POLLIN, 0}, {(int)signals, POLLIN, 0}};
    for (;;) {
        CALL(ppoll, files, 2, 0, 0, 0);
        if (files[1].revents & POLLIN) {
            forward(environment, signals);
        }
        if (files[0].revents) {
            return CALL(read, server, reply, sizeof *reply - 1, 0, 0);
        }
    }
}

static void
set_mask(uint64_t mask)
{
    CALL(rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask, 0);
}

/* End as the program did that a signal ended. */
static void
die_by(int number)
{
    CALL(prctl, DUMPABLE, 0, 0, 0, 0); /* one core is enough */
    set_mask(~(UINT64_C(1) << (number - 1)));
    CALL(kill, CALL(getpid, 0, 0, 0, 0, 0), number, 0, 0, 0);
    CALL(exit_group, 128 + number, 0, 0, 0, 0);
}

static void
run_plainly(int count, char **words, char **environment)
{
    (void)count;
    const char *name = words[0];
    words[0] = (char *)PYTHON;
    CALL(execve, PYTHON, words, environment, 0, 0);
    say(name, "cannot run " PYTHON);
    CALL(exit_group, 127, 0, 0, 0, 0);
}

__attribute__((used, noreturn)) static void
begin(long *stack)
{
    int count = (int)stack[0];
    char **words = (char **)(stack + 1), **environment = words + count + 1;
    uint64_t all = ~UINT64_C(0), before = 0;
    static struct reply reply;
    long server = count > 0 && !inherits() ? connected(environment) : -1;
    if (server
        > 2) { /* else it is in the place of a standard stream, which is closed */
        CALL(rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all, 0);
        long signals = CALL(signalfd4, -1, &all, sizeof all, SOCK_CLOEXEC, 0);
        if (ask(server, count, words, environment, before) == 0) {
            long size = wait_for(environment, server, signals, &reply);
            if (size >= 8 && reply.kind == EXITED) {
                CALL(exit_group, reply.value, 0, 0, 0, 0);
            }
            if (size >= 8 && reply.kind == KILLED) {
                die_by(reply.value);
            }
            if (size == 0) {
                say(words[0], "the warm server has gone, and the program with it");
                CALL(exit_group, 70, 0, 0, 0, 0);
            }
            if (reply.text[0]) {
                say(words[0], reply.text);
            }
        }
        set_mask(before);
    }
    run_plainly(count, words, environment);
    __builtin_unreachable();
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
__asm__(".globl _start\n_start:\n mov x0, sp\n bl begin\n");
#endif
