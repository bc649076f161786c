/* Writes a graph to a file: a header, a directory of columns, and the columns. */
#ifndef WJ_HEAP_STORE_H
#define WJ_HEAP_STORE_H

#include "graph.h"

/* Write the graph to ``file`` from its beginning; ``about`` is JSON. The header comes
   last, so that what was cut short is no snapshot. Columns are freed as they are
   written. 0, or -1 with errno. */
int wj_graph_write(struct wj_graph *graph, int file, const char *about, size_t length);

#endif
