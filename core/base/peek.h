/* Reading memory that may be gone: a copy that fails instead of faulting. */
#ifndef WJ_PEEK_H
#define WJ_PEEK_H

#include <stddef.h>

/* How memory is copied; chosen once by wj_peek_init. */
enum wj_peek_way { WJ_PEEK_NONE, WJ_PEEK_READV, WJ_PEEK_PIPE };

/* Choose a way that works in this process. Call again in a forked child. */
enum wj_peek_way wj_peek_init(void);

/* Copy ``size`` bytes from ``from``. 0, or -1 where any of them cannot be read.
   Async-signal-safe; a system call each, so not for the hot path. */
int wj_peek(void *to, const void *from, size_t size);

#endif
