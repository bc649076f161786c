/* Where objects are made: a sample of the requests for memory, one in some hundreds. */
#ifndef WJ_SITES_H
#define WJ_SITES_H

#include "compat.h"

#define WJ_NO_SITE UINT32_MAX

/* Stand before the interpreter's allocator of objects, and step aside again. 0, or -1
   with an exception set. Both need the GIL. */
int wj_sites_watch(void);
void wj_sites_leave(void);

/* From now on remember the sampled blocks that are freed; then forget them. */
void wj_sites_hold(void);
void wj_sites_let_go(void);

/* The site of a block that was freed since ``wj_sites_hold``, WJ_NO_SITE where it was
   not sampled; once a block. */
uint32_t wj_sites_freed(const void *block);

/* Borrowed: the code of a site, and the byte offset in it. */
const PyCodeObject *wj_site(uint32_t site, int *offset);

#endif
