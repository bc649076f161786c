/* Members: what an instance refers to, when it is cleared or goes.
 *
 * Those for which the account has a reference are held meanwhile, so that it can be
 * seen which of them were released.
 */
#include "state.h"

#include <string.h>

#include "pointers.h"

static struct wj_pointers uncleared; /* instances whose tp_clear left a member */

void
wj_hold_members(struct wj_frame *frame, PyObject *self)
{
    size_t size = wj_size_of(self);
    if (!wj_is_instance(self)) {
        return;
    }
    for (size_t at = sizeof(PyObject); at + sizeof(void *) <= size;
         at += sizeof(void *)) {
        PyObject *member;
        memcpy(&member, (const char *)self + at, sizeof member);
        struct wj_account *account =
            ((uintptr_t)member & 7) ? NULL : wj_account(member, 0);
        if (account == NULL || account->total <= 0 || member == self) {
            continue;
        }
        struct wj_entry *entry = wj_entry(frame, member);
        if (entry != NULL && !entry->member && !entry->held) {
            entry->member = 1;
            entry->held = 1;
            Py_INCREF(member);
        }
    }
}

/* A reference that was covered by a pointer which is gone. */
void
wj_uncover(PyObject *object, const char *why)
{
    struct wj_account *account = wj_account(object, 0);
    for (int i = 0; account != NULL && i < account->count; i++) {
        struct wj_stake *stake = &account->stakes[i];
        if (stake->covered > 0) {
            stake->covered--;
            account->total--;
            struct wj_stake lost = *stake;
            lost.by = wj_current->callee;
            lost.why = why;
            lost.covered = 0;
            lost.floating = 1;
            wj_account_add(object, &lost);
            return;
        }
    }
}

/* After tp_dealloc: what was not released has lost the pointer to it. */
void
wj_check_members(struct wj_frame *frame)
{
    for (int i = 0; i < frame->count; i++) {
        if (frame->entries[i].member) {
            frame->entries[i].member = 0;
            wj_uncover(frame->entries[i].object,
                       "stored in an object, whose tp_dealloc does not release it");
        }
    }
}

/* After any other call: a member that is not there any more, and was not released. */
void
wj_check_overwritten(struct wj_frame *frame, PyObject *result)
{
    for (int i = 0; i < frame->count; i++) {
        struct wj_entry *entry = &frame->entries[i];
        if (entry->member && !entry->dead && entry->object != result
            && wj_count_in(frame->self, entry->object, 0, NULL) == 0
            && wj_found_in(frame, entry->object, NULL, &(size_t){0}) == 0) {
            wj_uncover(entry->object,
                       "stored in an object, and written over unreleased");
        }
        entry->member = 0;
    }
}

/* After tp_clear: a member that stays, twice, is one that keeps its cycle alive. */
void
wj_check_clear(struct wj_frame *frame, PyObject *self)
{
    PyObject *left = NULL;
    for (int i = 0; i < frame->count; i++) {
        struct wj_entry *entry = &frame->entries[i];
        if (entry->member && PyObject_IS_GC(entry->object)
            && !PyType_Check(entry->object)
            && wj_count_in(self, entry->object, 0, NULL) > 0) {
            left = entry->object;
        }
        entry->member = 0;
    }
    void **place = left == NULL ? NULL : wj_pointers_at(&uncleared, self);
    if (place == NULL) {
        wj_pointers_remove(&uncleared, self);
        return;
    }
    if (*place == left) {
        struct wj_account *account = wj_account(left, 0);
        wj_report("not-cleared",
                  account && account->count ? account->stakes[0].site : NULL, NULL,
                  frame->callee,
                  "tp_clear of %s does not release a %s that is set here",
                  Py_TYPE(self)->tp_name, Py_TYPE(left)->tp_name);
    }
    *place = left;
}

/* An instance of a heap type has a reference to it, which its tp_dealloc has to
 * release. */
void
wj_check_type_released(struct wj_frame *frame, struct wj_callee *callee,
                       PyTypeObject *type)
{
    struct wj_entry *entry = wj_find(frame, (PyObject *)type);
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)
        || !wj_is_trampoline((const void *)type->tp_dealloc)
        || (entry != NULL && (entry->own < 0 || entry->spent > 0))) {
        return;
    }
    if (++callee->unreleased == 2) {
        wj_report("type-not-released", NULL, NULL, callee,
                  "tp_dealloc of %s does not release the type of the instance",
                  type->tp_name);
    }
}
