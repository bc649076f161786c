/* What the program maps by itself, past all allocators. */
#ifndef WJ_MAPPINGS_H
#define WJ_MAPPINGS_H

#include "table.h"

/* Note that [start, start + size) was mapped; ``caller`` is the C code that asked. */
void wj_mappings_add(const void *start, size_t size, const void *caller,
                     enum wj_mapping_kind kind);

/* Note that [start, start + size) is no more: the whole of some, parts of others. */
void wj_mappings_remove(const void *start, size_t size);

/* Keep them in a table from now on, those that are there first. ``is_python`` tells
   which callers are the interpreter, ``context_of`` where a caller is in the program.
 */
void wj_mappings_begin(struct wj_table *table, int (*is_python)(const void *caller),
                       uint32_t (*context_of)(const void *caller));

/* Keep them to ourselves again; the table stays as it is. */
void wj_mappings_end(void);

/* In a forked child: the table is the parent's. */
void wj_mappings_forked(void);

#endif
