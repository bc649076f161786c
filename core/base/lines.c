/* Line numbers out of a location table. Pure: knows no Python object and no clock. */
#include "lines.h"

#define UNIT 2 /* bytes of a code unit */

static const uint8_t *
varint(const uint8_t *at, const uint8_t *end, unsigned *value)
{
    unsigned shift = 0;
    *value = 0;
    while (at < end) {
        uint8_t byte = *at++;
        if (shift < 32) {
            *value |= (unsigned)(byte & 63) << shift;
        }
        shift += 6;
        if (!(byte & 64)) {
            break;
        }
    }
    return at;
}

/* Every entry starts with a byte whose top bit is set. */
static const uint8_t *
next_entry(const uint8_t *at, const uint8_t *end)
{
    do {
        at++;
    } while (at < end && !(*at & 128));
    return at;
}

/* Modulo 2^32: a table that is none may ask for anything. */
static unsigned
line_change(unsigned code, const uint8_t *at, const uint8_t *end)
{
    unsigned value;
    switch (code) {
    case 13: /* no columns */
    case 14: /* long form */
        varint(at + 1, end, &value);
        return (value & 1) ? -(value >> 1) : value >> 1;
    case 11: /* one line, one or two lines on */
    case 12:
        return code - 10;
    default:
        return 0;
    }
}

int
wj_line_at(const uint8_t *table, size_t size, int first, int offset)
{
    const uint8_t *at = table;
    const uint8_t *end = table + size;
    unsigned line = (unsigned)first;
    size_t start = 0;
    if (offset < 0) {
        return first;
    }
    while (at < end) {
        unsigned code = (unsigned)(*at >> 3) & 15u;
        size_t length = (size_t)((*at & 7) + 1) * UNIT;
        line += line_change(code, at, end);
        if ((size_t)offset < start + length) {
            return code == 15 ? 0 : (int)line;
        }
        start += length;
        at = next_entry(at, end);
    }
    return first;
}
