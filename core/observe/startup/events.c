/* A growing list of events. */
#include "events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 65536

static int
wj_grow(struct tracing *to, size_t more)
{
    size_t room = to->room ? to->room : FIRST_ROOM;
    while (room - to->used < more) {
        room *= 2;
    }
    if (room == to->room) {
        return 0;
    }
    char *data = realloc(to->data, room);
    if (data == NULL) {
        to->failed = ENOMEM;
        return -1;
    }
    to->data = data;
    to->room = room;
    return 0;
}

void
wj_tell(struct tracing *to, struct event event, const char *text)
{
    size_t padded = (event.extra + 7u) & ~(size_t)7;
    if (to->failed || wj_grow(to, sizeof event + padded) != 0) {
        return;
    }
    char *at = to->data + to->used;
    memcpy(at, &event, sizeof event);
    memset(at + sizeof event, 0, padded);
    if (event.extra) {
        memcpy(at + sizeof event, text, event.extra);
    }
    to->used += sizeof event + padded;
}
