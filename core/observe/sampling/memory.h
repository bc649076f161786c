/* Keeps the interpreter's memory mapped while somebody reads it without the GIL. */
#ifndef WJ_MEMORY_H
#define WJ_MEMORY_H

/* Stand before the interpreter's arena allocator. Needs the GIL. */
void wj_memory_guard(void);

/* Step aside again, unless somebody stands before us by now. Needs the GIL. */
void wj_memory_release(void);

/* Between the two, no data-stack chunk and no arena is unmapped: freeing is put off, by
   the thread that frees, until nobody holds. Needs no GIL; one holder. */
void wj_hold_memory(void);
void wj_let_go_memory(void);

/* In a forked child: the holder stayed behind. */
void wj_memory_forked(void);

#endif
