/* Keeps an object in a way that no collector knows: a pointer in a C library. */
#include <stddef.h>

typedef int (*visitproc)(void *object, void *arg);

static void *kept; /* Borrowed */
static int calls;

void
keep_this(void *object)
{
    kept = object;
}

/* What wadjet.collector.keep holds: tell of what is to live. Runs in the child. */
int
keep(visitproc visit, void *arg)
{
    calls++;
    return kept == NULL ? 0 : visit(kept, arg);
}

int
calls_here(void)
{
    return calls;
}
