/* How much of a mapping is in memory. */
#ifndef WJ_RESIDENT_H
#define WJ_RESIDENT_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of [start, start + size), which may be mapped in parts. One caller at a time.
 */
uint64_t wj_resident(uint64_t start, uint64_t size);

#endif
