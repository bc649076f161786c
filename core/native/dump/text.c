/* Text for a file descriptor, put together without allocating. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "peek.h"

enum { ROOM = 4096, LONGEST = 240 };

static int busy;
static int file, failed, saved; /* errno, which a handler must not change */
static size_t used;
static char room[ROOM];

static void
flush(void)
{
    for (size_t done = 0; done < used && !failed;) {
        ssize_t written = write(file, room + done, used - done);
        if (written > 0) {
            done += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            failed = 1;
        }
    }
    used = 0;
}

int
wj_text_begin(int fd)
{
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
        return -1;
    }
    saved = errno;
    file = fd;
    failed = 0;
    used = 0;
    return 0;
}

int
wj_text_end(void)
{
    flush();
    int result = failed ? -1 : 0;
    errno = saved;
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    return result;
}

static void
put_byte(unsigned byte)
{
    if (used == ROOM) {
        flush();
    }
    room[used++] = (char)byte;
}

void
wj_put(const char *text)
{
    for (; *text; text++) {
        put_byte((unsigned char)*text);
    }
}

void
wj_put_column(long long number, int width)
{
    char digits[24];
    int count = 0;
    unsigned long long left =
        number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        digits[count++] = '-';
    }
    for (; width > count; width--) {
        put_byte(' ');
    }
    while (count > 0) {
        put_byte((unsigned char)digits[--count]);
    }
}

void
wj_put_number(long long number)
{
    wj_put_column(number, 0);
}

static void
put_character(uint32_t each)
{
    if (each < 0x20 || each == 0x7f) {
        put_byte('?');
    } else if (each < 0x80) {
        put_byte(each);
    } else if (each < 0x800) {
        put_byte(0xc0 | each >> 6);
        put_byte(0x80 | (each & 0x3f));
    } else if (each < 0x10000) {
        put_byte(0xe0 | each >> 12);
        put_byte(0x80 | (each >> 6 & 0x3f));
        put_byte(0x80 | (each & 0x3f));
    } else {
        put_byte(0xf0 | (each >> 18 & 7));
        put_byte(0x80 | (each >> 12 & 0x3f));
        put_byte(0x80 | (each >> 6 & 0x3f));
        put_byte(0x80 | (each & 0x3f));
    }
}

void
wj_put_str(const PyObject *object)
{
    static char data[4 * LONGEST];
    PyASCIIObject head;
    if (object == NULL || wj_peek(&head, object, sizeof head) != 0
        || head.ob_base.ob_type != &PyUnicode_Type || !head.state.compact) {
        wj_put("?");
        return;
    }
    size_t start = head.state.ascii ? sizeof head : sizeof(PyCompactUnicodeObject);
    size_t kind = head.state.kind, length = (size_t)head.length;
    size_t shown = length > LONGEST ? LONGEST : length;
    if ((kind != 1 && kind != 2 && kind != 4)
        || wj_peek(data, (const char *)object + start, shown * kind) != 0) {
        wj_put("?");
        return;
    }
    for (size_t i = 0; i < shown; i++) {
        uint32_t each = 0;
        memcpy(&each, data + i * kind, kind); /* the machine is little-endian */
        put_character(each);
    }
    wj_put(shown < length ? "..." : "");
}

void
wj_put_text_at(const char *text)
{
    char part[8]; /* aligned, it lies within a page */
    for (int shown = 0; shown < LONGEST;) {
        size_t size = sizeof part - (uintptr_t)text % sizeof part;
        if (text == NULL || wj_peek(part, text, size) != 0) {
            wj_put("?");
            return;
        }
        for (size_t i = 0; i < size; i++, shown++) {
            if (part[i] == 0) {
                return;
            }
            put_byte((unsigned char)part[i] < ' ' ? '?' : (unsigned char)part[i]);
        }
        text += size;
    }
}
