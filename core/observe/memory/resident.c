/* How much of a mapping is in memory. */
#define _GNU_SOURCE
#include "resident.h"

#include <sys/mman.h>

#define PAGE 4096ull

uint64_t
wj_resident(uint64_t start, uint64_t size)
{
    static unsigned char pages[4096];
    const uint64_t most = sizeof pages * PAGE;
    uint64_t found = 0;
    for (uint64_t at = start & ~(PAGE - 1); at < start + size; at += most) {
        uint64_t part = start + size - at < most ? start + size - at : most;
        if (mincore((void *)(uintptr_t)at, part, pages) == 0) {
            for (uint64_t i = 0; i < (part + PAGE - 1) / PAGE; i++) {
                found += (pages[i] & 1) * PAGE;
            }
        }
    }
    return found < size ? found : size;
}
