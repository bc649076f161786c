/* The threads of all interpreters, and their Python stacks, as faulthandler writes
 * them.
 *
 * Frames are followed one by one: of a thread that runs, a stack may be torn.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "lines.h"
#include "peek.h"

enum { MOST_THREADS = 1000, MOST_FRAMES = 100, TABLE = 1 << 15 };

static const wj_frame *
top_frame(const PyThreadState *copy)
{
#if WJ_TOP_FRAME_MAY_LIE
    wj_evaluation evaluation;
    const wj_evaluation *now = wj_evaluation_now(copy);
    return wj_peek(&evaluation, now, sizeof evaluation) == 0 ? evaluation.current_frame
                                                             : NULL;
#else
    return wj_top_frame(copy);
#endif
}

static int
line_of(const PyCodeObject *code, int offset)
{
    static uint8_t table[TABLE];
    PyVarObject head;
    const char *bytes = (const char *)code->co_linetable;
    if (bytes == NULL || wj_peek(&head, bytes, sizeof head) != 0
        || head.ob_base.ob_type != &PyBytes_Type || head.ob_size < 0) {
        return 0;
    }
    size_t size = (size_t)head.ob_size < TABLE ? (size_t)head.ob_size : TABLE;
    if (wj_peek(table, bytes + offsetof(PyBytesObject, ob_sval), size) != 0) {
        return 0;
    }
    return wj_line_at(table, size, code->co_firstlineno, offset);
}

static void
put_frame(const wj_frame *copy)
{
    PyCodeObject code;
    const PyCodeObject *at = wj_frame_code(copy);
    if (at == NULL) {
        return; /* between C and Python */
    }
    if (wj_peek(&code, at, sizeof code) != 0
        || code.ob_base.ob_base.ob_type != &PyCode_Type) {
        wj_put("  ?\n");
        return;
    }
    wj_put("  File \"");
    wj_put_str(code.co_filename);
    wj_put("\", line ");
    wj_put_number(line_of(&code, wj_frame_offset(copy, at)));
    wj_put(" in ");
    wj_put_str(code.co_qualname);
    wj_put("\n");
}

static void
put_stack(const PyThreadState *copy)
{
    static wj_frame frame;
    const wj_frame *at = top_frame(copy);
    if (at == NULL) {
        wj_put("  no Python on it\n");
    }
    for (int depth = 0; at != NULL; depth++) {
        if (depth == MOST_FRAMES) {
            wj_put("  ...\n");
            return;
        }
        if (wj_peek(&frame, at, WJ_FRAME_HEAD) != 0) {
            wj_put("  ?\n");
            return;
        }
        put_frame(&frame);
        at = frame.previous;
    }
}

/* What the kernel says of a thread: R where it runs or could, S where it waits. */
static char
kernel_state(unsigned long id)
{
    char path[64] = "/proc/self/task/", text[256];
    size_t at = strlen(path), digits = 1;
    for (unsigned long left = id; left >= 10; left /= 10) {
        digits++;
    }
    for (size_t i = digits; i > 0; i--, id /= 10) {
        path[at + i - 1] = (char)('0' + id % 10);
    }
    memcpy(path + at + digits, "/stat", sizeof "/stat");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof text);
    if (file >= 0) {
        close(file);
    }
    for (ssize_t i = size - 3; i > 0; i--) {
        if (text[i] == ')') { /* the last one: the name before it may have others */
            return text[i + 2];
        }
    }
    return '?';
}

static void
put_thread(const PyThreadState *copy, int has_gil)
{
    unsigned long id = wj_native_id(copy);
    char state = kernel_state(id);
    wj_put("Thread ");
    wj_put_number((long long)id);
    wj_put(state == 'R' ? ", running" : state == '?' ? "" : ", waiting");
    wj_put(has_gil ? ", has the GIL" : "");
    wj_put(" (most recent call first):\n");
    put_stack(copy);
}

int
wj_dump_threads(int fd)
{
    static PyThreadState copy;
    int count = 0;
    if (wj_text_begin(fd) != 0) {
        return -1;
    }
    PyInterpreterState *interpreter = wj_first_interpreter();
    for (; interpreter != NULL; interpreter = wj_next_interpreter(interpreter)) {
        const PyThreadState *holder = wj_gil_holder(wj_interpreter_gil(interpreter));
        const PyThreadState *at = wj_first_thread(interpreter);
        for (; at != NULL && count < MOST_THREADS; at = copy.next, count++) {
            if (wj_peek(&copy, at, sizeof copy) != 0) {
                break; /* it has just ended */
            }
            put_thread(&copy, at == holder);
        }
    }
    return wj_text_end();
}
