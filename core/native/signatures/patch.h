/* Texts of the interpreter's C structures, replaced in place.
 *
 * A method definition or a type points to its documentation; a text signature at its
 * head is what inspect.signature reads. Knows ELF images and pages, and nothing of
 * Python. Invariant: a page has the same protection after a batch as before.
 */
#ifndef WJ_PATCH_H
#define WJ_PATCH_H

#include <stddef.h>
#include <stdint.h>

/* Pages of one protection, among which a batch of writes goes on; begin with zeros. */
struct wj_pages {
    uintptr_t start, end;
    int protection; /* as it was, -1 where no image has them */
    int opened;     /* they can be written only since we asked for it */
};

/* Replace the pointer at ``place`` by ``value``, also in a page that is read-only since
   it was relocated. 0, or -1 with errno. */
int wj_patch_pointer(struct wj_pages *pages, void **place, void *value);

/* Protect again what was not writable; to be called after a batch. */
void wj_patch_close(struct wj_pages *pages);

/* The length of "NAME(...)\n--\n\n" at the head of ``doc``, 0 where there is none. */
size_t wj_patch_head(const char *doc, const char *name);

/* Write "TEXT\n--\n\nREST" to ``to``, which has room for it;
   ``old`` may be NULL and may have a signature at its head, which is left out. */
void wj_patch_text(char *to, const char *text, size_t length, const char *old,
                   const char *name);

/* The bytes that wj_patch_text writes: the same for a second time, when the signature
   is there already. */
size_t wj_patch_room(size_t length, const char *old, const char *name);

/* Called for each image: its path, where it is loaded, and its build id (NULL for
   none). Not 0 ends the walk and is returned. */
typedef int (*wj_patch_visit)(void *context, const char *path, uintptr_t base,
                              uintptr_t end, const unsigned char *id, size_t id_size);
int wj_patch_images(wj_patch_visit visit, void *context);

#endif
