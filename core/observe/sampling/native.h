/* Native stacks, unwound in the thread itself. */
#ifndef WJ_NATIVE_H
#define WJ_NATIVE_H

#include "stack.h"

/* Find out which code is the interpreter's. Call before the first wj_native_unwind. */
void wj_native_init(void);

/* The native stack that a signal interrupted, leaf first: addresses outside the
   interpreter, and WJ_EVALUATOR for each evaluation of Python that ``stack`` entered,
   where it lies among them. How many were written to ``to``. ``context`` is the
   handler's third argument. */
uint32_t wj_native_unwind(void *context, const struct wj_stack *stack, uint64_t *to,
                          uint32_t room);

#endif
