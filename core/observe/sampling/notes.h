/* The records besides samples: threads, libraries, words for the reader. */
#ifndef WJ_NOTES_H
#define WJ_NOTES_H

#include "threads.h"

/* Write a WJ_THREAD or WJ_END record. */
void wj_note_thread(struct wj_ring *ring, enum wj_kind kind,
                    const struct wj_thread *thread, int64_t time, int64_t cpu,
                    const char *name, size_t size);

/* Write a WJ_NAME record. */
void wj_note_name(struct wj_ring *ring, pid_t tid, const char *name, size_t size);

/* Write a sentence for the people who will read the recording. */
void wj_note_text(struct wj_ring *ring, const char *text);

/* Write a WJ_TASK record. */
void wj_note_task(struct wj_ring *ring, const void *coroutine, const void *parent,
                  const char *name, size_t size);

/* Write a WJ_LIBRARY record for each mapped library, if any came since last time. */
void wj_note_libraries(struct wj_ring *ring, int all);

#endif
