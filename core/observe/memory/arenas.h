/* What Python's arenas are used for, and who keeps them. */
#ifndef WJ_ARENAS_H
#define WJ_ARENAS_H

#include "table.h"

/* Tell it of each arena among the table's mappings, and of each context how much of
   what is free in them its live blocks keep. They must stand still meanwhile. */
void wj_arenas_account(struct wj_table *table);

#endif
