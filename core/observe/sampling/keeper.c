/* What recording needs the GIL for. May call Python; must be brief. */
#include "keeper.h"

#include "codes.h"
#include "names.h"
#include "notes.h"

void
wj_keeper_serve(struct wj_ring *ring, int native)
{
    wj_codes_serve(ring);
    wj_names_serve(ring);
    if (native) {
        wj_note_libraries(ring, 0);
    }
}
