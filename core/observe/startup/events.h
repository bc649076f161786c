/* Writing events. */
#ifndef WADJET_STARTUP_EVENTS_H
#define WADJET_STARTUP_EVENTS_H

#include "tracer.h"

/* Add an event with `event.extra` bytes of text. Without memory `failed` is set, and
 * what follows is not written. */
void wj_tell(struct tracing *to, struct event event, const char *text);

#endif
