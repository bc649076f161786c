/* The way to a place: which functions of the extension have called each other, by the
 * frame pointers that the shim has it built with, and this library, too.
 *
 * Reads nothing beyond the call from the interpreter.
 */
#include "state.h"

enum { STEPS = 24 };

/* Where the functions return to that are under way, the innermost first; then NULL. */
void
wj_way(const void **way)
{
    const char *end = wj_current == NULL ? NULL : wj_current->base;
    const void *const *frame = __builtin_frame_address(0);
    int found = 0;
    for (int step = 0; step < STEPS && found < WJ_WAY; step++) {
        if ((const char *)(frame + 2) > end) {
            break;
        }
        const void *back = frame[1];
        const void *const *next = frame[0];
        if (wj_in_code(back)) {
            way[found++] = back;
        } else if (found > 0) {
            break;
        }
        if (next <= frame) {
            break;
        }
        frame = next;
    }
    while (found < WJ_WAY) {
        way[found++] = NULL;
    }
}
