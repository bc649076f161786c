/* Line numbers out of the location table of a code object (PEP 626; 3.11 and later). */
#ifndef WJ_LINES_H
#define WJ_LINES_H

#include <stddef.h>
#include <stdint.h>

/* The line of the instruction at byte ``offset``; ``first`` for an offset before the
   first instruction; 0 where the table says that there is no line. Never reads outside
   ``table``. Source: Objects/locations.md of CPython. */
int wj_line_at(const uint8_t *table, size_t size, int first, int offset);

#endif
