/* What the address sanitizer, where there is one, has declared dead. */
#ifndef WJ_POISON_H
#define WJ_POISON_H

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
/* The sanitizer keeps freed memory mapped, with notes of its own in its first bytes. It
   may be asked of mapped addresses only. */
#define WJ_IS_POISONED(address) __asan_address_is_poisoned(address)
#else
#define WJ_IS_POISONED(address) 0
#endif

#endif
