/* Which library an address lies in. */
#define _GNU_SOURCE
#include "loaded.h"

#include <dlfcn.h>
#include <link.h>

#if __GLIBC_PREREQ(2, 35)

int
wj_loaded_at(const void *address, struct wj_loaded *loaded)
{
    struct dl_find_object found;
    if (_dl_find_object((void *)(uintptr_t)address, &found) != 0) {
        return -1;
    }
    *loaded = (struct wj_loaded){
        found.dlfo_link_map->l_name,
        found.dlfo_link_map->l_addr,
        (uintptr_t)found.dlfo_map_start,
        (uintptr_t)found.dlfo_map_end,
    };
    return 0;
}

#else

int
wj_loaded_at(const void *address, struct wj_loaded *loaded)
{
    Dl_info found;
    struct link_map *map;
    if (dladdr1(address, &found, (void **)&map, RTLD_DL_LINKMAP) == 0) {
        return -1;
    }
    /* Where it ends is not said: as far as it is known to reach. */
    *loaded = (struct wj_loaded){map->l_name, map->l_addr, (uintptr_t)found.dli_fbase,
                                 (uintptr_t)address + 1};
    return 0;
}

#endif
