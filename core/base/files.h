/* Descriptors of ours in a program that is not ours. */
#ifndef WJ_FILES_H
#define WJ_FILES_H

/* Move a descriptor far above those that the program has, so that it neither finds ours
   where it expects its own nor closes it in passing. The new one, which is closed on
   exec; -1 with errno set where there is none left. ``file`` is closed either way.
   Passes on -1. */
int wj_file_aside(int file);

/* Close a descriptor of ours, unless the program has closed it and made a file of its
   own of that number. ``kind`` is part of what the kernel calls ours. Harmless for -1.
 */
void wj_file_close(int file, const char *kind);

#endif
