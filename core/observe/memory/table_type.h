/* wadjet.observe.memory._memory.Table: what another process knows of its memory. */
#ifndef WJ_TABLE_TYPE_H
#define WJ_TABLE_TYPE_H

#include "compat.h"

/* Make the type and add it to its module. 0, or -1 with an exception. */
int wj_table_type_add(PyObject *module);

#endif
