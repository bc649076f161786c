/* Dumps: what the interpreter does, as text, from wherever one is.
 *
 * All of it is async-signal-safe, needs no GIL, and reads by way of wj_peek. One dump
 * at a time has the text and the buffers.
 */
#ifndef WJ_DUMP_H
#define WJ_DUMP_H

#include <stddef.h>

#include "compat.h"

/* ---- text.c ---- */
/* Begin a text for ``fd``. 0, or -1 while another is under way. */
int wj_text_begin(int fd);
/* Write the rest. 0, or -1 where not all could be written. */
int wj_text_end(void);
void wj_put(const char *text);
void wj_put_number(long long number);
/* Right-aligned in ``width`` columns. */
void wj_put_column(long long number, int width);
/* A str, shortened; `?` for what is none. */
void wj_put_str(const PyObject *object);
/* A C string at an address that may be none. */
void wj_put_text_at(const char *text);

/* ---- threads.c, heap.c ---- */
int wj_dump_threads(int fd);
int wj_dump_collector(int fd);
int wj_dump_heap(int fd);

/* ---- layout.c, which is Python's: not for signal handlers ---- */
/* layout() -> a dictionary from names to offsets, sizes and masks. */
PyObject *wj_layout(PyObject *module, PyObject *ignored);

#endif
