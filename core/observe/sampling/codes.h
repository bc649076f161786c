/* Which code object is which: ids that stay true while code objects come and go.
 *
 * An address is no identity, because a dead code object's is used again. So an id is
 * given only to a code object that we own a reference to, and taken back when ours is
 * the last. A code object without an id is described in full, where it is seen, by the
 * thread that sees it alive in its own frame.
 */
#ifndef WJ_CODES_H
#define WJ_CODES_H

#include "compat.h"
#include "records.h"

/* The id of a code object, 0 for none. Async-signal-safe, needs no GIL. */
uint32_t wj_codes_find(const PyCodeObject *code);

/* True where a code object lies at the address, which may be any. Signal-safe. */
int wj_codes_is_code(const PyCodeObject *code);

/* Ask for an id. Async-signal-safe, needs no GIL; may be forgotten when many ask. */
void wj_codes_ask(const PyCodeObject *code);

/* True when somebody asked. */
int wj_codes_asked(void);

/* Give ids to those that were asked for and live, and write a WJ_CODE record for each.
   Take ids back where nobody else needs the code. Needs the GIL; never fails: what
   finds no memory or no room in the ring is asked for again by the next sample. */
void wj_codes_serve(struct wj_ring *ring);

/* Give up all ids. Needs the GIL; no sample may be in the making. */
void wj_codes_clear(void);

/* Describe a code object that may be dying, and the line at byte ``offset``. Bytes
   written, 0 where it cannot be read or there is no room. ``scratch`` serves for the
   location table. Async-signal-safe, needs no GIL. */
size_t wj_codes_define(const PyCodeObject *code, int offset, char *to, size_t room,
                       char *scratch, size_t scratch_size);

/* True where a definition of another thread's code still is what its object says: that
   thread may have let go of it meanwhile, and another one may lie there. */
int wj_codes_confirm(const PyCodeObject *code, const struct wj_definition *made,
                     char *scratch, size_t scratch_size);

#endif
