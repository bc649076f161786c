/* Whether an address that was an object's still is. */
#ifndef WJ_TRACKED_H
#define WJ_TRACKED_H

#include "compat.h"

#define WJ_KNOWN_PAGES 64 /* a power of two */

/* Pages that were found to be mapped; true only while the GIL is held. Begins as zeros.
 */
struct wj_pages {
    uintptr_t known[WJ_KNOWN_PAGES];
};

/* True if an object of the type lies at the address, and the collector knows it. A dead
   one has no count and no links; whatever lies in its place by now has not its type and
   its neighbours' links as well. The address may be any. Needs the GIL. */
int wj_is_tracked(struct wj_pages *pages, const PyObject *object,
                  const PyTypeObject *type);

/* The same of an object that was tracked: the collector lets tuples and dicts go that
   hold nothing it has to know of. */
int wj_is_alive(struct wj_pages *pages, const PyObject *object,
                const PyTypeObject *type);

#endif
