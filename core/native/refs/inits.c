/* Initialisations of modules in one phase: calls that no table leads to, so that they
 * are met when they make the module, and are known to be over when the import has taken
 * it.
 */
#include "state.h"

#include <stdlib.h>

struct init {
    struct wj_frame frame;   /* first, so that one is the other */
    struct PyModuleDef *def; /* Borrowed: it is static */
    PyObject *module;        /* Borrowed: the import has it, or it is gone */
};

PyObject *
wjr_init(struct wjr_site *site, PyObject *module, struct PyModuleDef *def,
         const void *base)
{
    const void *way[WJ_WAY];
    struct init *init = module == NULL || PyState_FindModule(def) != NULL
                            ? NULL
                            : calloc(1, sizeof *init);
    if (init == NULL) {
        return wjr_new(site, module);
    }
    init->def = def;
    init->module = module;
    wj_enter(&init->frame, NULL, NULL);
    init->frame.base = (const char *)base + 2 * sizeof(void *);
    init->frame.init = init;
    wj_way(way);
    init->frame.callee = wj_callee_of(way[0], def->m_name);
    wjr_before(site);
    return wjr_new(site, module);
}

/* What was returned to the import is the import's. */
static void
end(struct init *init)
{
    struct wj_entry *entry = wj_find(&init->frame, init->module);
    if (entry != NULL && entry->own > 0) {
        entry->own--;
    }
    wj_leave(&init->frame, init->module);
    free(init);
}

/* Before anything that shows that the innermost call may be over. */
void
wj_end_inits(void)
{
    while (wj_current != NULL && wj_current->init != NULL) {
        struct init *init = wj_current->init;
        if (PyState_FindModule(init->def) != init->module) {
            return;
        }
        end(init);
    }
}
