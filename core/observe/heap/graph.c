/* A graph's columns as a whole: see graph.h. */
#include "graph.h"

void
wj_graph_free(struct wj_graph *graph)
{
    struct wj_column *column = (struct wj_column *)graph; /* it has nothing else */
    for (size_t at = 0; at < sizeof *graph / sizeof *column; at++) {
        wj_column_free(&column[at]);
    }
}
