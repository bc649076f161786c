/* Trampolines: functions in the extension's tables that lead to wj_called, each knowing
 * its number. All calling conventions of slots and methods pass at most five arguments
 * of a word, and give a word or nothing.
 */
#include "state.h"

struct wj_callee wj_callees[WJ_TRAMPOLINES];

/* clang-format off */
#define ONE(n)                                                                         \
    static void *t##n(void *a, void *b, void *c, void *d, void *e)                     \
    {                                                                                  \
        return wj_called(&wj_callees[0x##n], (void *[]){a, b, c, d, e});               \
    }
#define EIGHT(n)                                                                       \
    ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7)
#define SIXTEEN(n)                                                                     \
    EIGHT(n)                                                                           \
    ONE(n##8) ONE(n##9) ONE(n##A) ONE(n##B) ONE(n##C) ONE(n##D) ONE(n##E) ONE(n##F)
#define EACH(M, n)                                                                     \
    M(n##0)                                                                            \
    M(n##1) M(n##2) M(n##3) M(n##4) M(n##5) M(n##6) M(n##7) M(n##8) M(n##9) M(n##A)    \
        M(n##B) M(n##C) M(n##D) M(n##E) M(n##F)
#define PAGE(n) EACH(SIXTEEN, n)
PAGE(0)
PAGE(1)
PAGE(2)
PAGE(3)
PAGE(4)
PAGE(5)
PAGE(6)
PAGE(7)
PAGE(8)
PAGE(9)
PAGE(A)
PAGE(B)
PAGE(C)
PAGE(D)
PAGE(E)
PAGE(F)

#define NAME(n) t##n,
#define NAMES16(n)                                                                     \
    NAME(n##0)                                                                         \
    NAME(n##1) NAME(n##2) NAME(n##3) NAME(n##4) NAME(n##5) NAME(n##6) NAME(n##7)       \
        NAME(n##8) NAME(n##9) NAME(n##A) NAME(n##B) NAME(n##C) NAME(n##D) NAME(n##E)   \
            NAME(n##F)
#define NAMES(n) EACH(NAMES16, n)
void *(*const wj_trampolines[WJ_TRAMPOLINES])(void *, void *, void *, void *,
                                              void *) = {
    NAMES(0) NAMES(1) NAMES(2) NAMES(3) NAMES(4) NAMES(5) NAMES(6) NAMES(7) NAMES(8)
        NAMES(9) NAMES(A) NAMES(B) NAMES(C) NAMES(D) NAMES(E) NAMES(F)};
/* clang-format on */
