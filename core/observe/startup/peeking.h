/* What a stopped process says of itself: its files, its beginning, names in its memory.
 */
#ifndef WADJET_STARTUP_PEEKING_H
#define WADJET_STARTUP_PEEKING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Return where the first byte of a file is mapped, 0 if it is not. */
uint64_t wj_mapped_at(pid_t process, const char *path);

/* Return where a program begins once its libraries are loaded, 0 if that is not known.
 */
uint64_t wj_entry_of(pid_t process);

/* Return the process that a task belongs to; the task itself if that is not known. */
pid_t wj_process_of(pid_t task);

/* Read a str as UTF-8, cut at `room` bytes. Returns its length, -1 if it is none. */
int wj_read_text(pid_t process, uint64_t object, char *into, size_t room);

#endif
