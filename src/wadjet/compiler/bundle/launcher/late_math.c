/* late_math.c: libm, loaded by the first call of one of its functions.
 *
 * The interpreter needs it for a few operations on floats, which most starts never
 * make; to load it takes nine system calls. The functions are hidden, so that extension
 * modules find libm's own: many do not say that they need it, as the interpreter has
 * always brought it along. So it is there before the first of them is loaded. Where a
 * Python needs another function the linker brings libm in as ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

typedef void *opening(const char *, int);

/* In the place of the C library's, for the interpreter: it loads extension modules. */
__attribute__((visibility("hidden"))) void *
dlopen(const char *file, int mode)
{
    static _Atomic(void *) libm;
    opening *open = (opening *)dlsym(RTLD_NEXT, "dlopen");
    if (!atomic_load(&libm)) {
        atomic_store(&libm, open("libm.so.6", RTLD_NOW | RTLD_GLOBAL));
    }
    return open(file, mode);
}

static void *
found_in_libm(const char *name)
{
    void *library = dlopen("libm.so.6", RTLD_NOW);
    void *function = library ? dlsym(library, name) : NULL;
    if (!function) {
        fprintf(stderr, "%s\n", dlerror());
        abort();
    }
    return function;
}

#define LATE(result, name, parameters, arguments)                                      \
    __attribute__((visibility("hidden"))) result name parameters                       \
    {                                                                                  \
        static _Atomic(void *) known;                                                  \
        void *function = atomic_load_explicit(&known, memory_order_acquire);           \
        if (!function) {                                                               \
            function = found_in_libm(#name);                                           \
            atomic_store_explicit(&known, function, memory_order_release);             \
        }                                                                              \
        return ((result(*) parameters)function)arguments;                              \
    }

#define LATE_1(name) LATE(double, name, (double x), (x))
#define LATE_2(name) LATE(double, name, (double x, double y), (x, y))

LATE_1(acos)
LATE_1(acosh)
LATE_1(asin)
LATE_1(asinh)
LATE_1(atan)
LATE_1(atanh)
LATE_1(cbrt)
LATE_1(ceil)
LATE_1(cos)
LATE_1(cosh)
LATE_1(erf)
LATE_1(erfc)
LATE_1(exp)
LATE_1(exp2)
LATE_1(expm1)
LATE_1(floor)
LATE_1(lgamma)
LATE_1(log)
LATE_1(log10)
LATE_1(log1p)
LATE_1(log2)
LATE_1(round)
LATE_1(sin)
LATE_1(sinh)
LATE_1(sqrt)
LATE_1(tan)
LATE_1(tanh)
LATE_1(tgamma)
LATE_2(atan2)
LATE_2(fmod)
LATE_2(hypot)
LATE_2(nextafter)
LATE_2(pow)
LATE_2(remainder)
LATE(double, fma, (double x, double y, double z), (x, y, z))
LATE(void, sincos, (double x, double *sine, double *cosine), (x, sine, cosine))
