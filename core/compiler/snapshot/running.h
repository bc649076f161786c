/* The interpreter, run as its own main function would run it. */
#ifndef WJ_SNAPSHOT_RUNNING_H
#define WJ_SNAPSHOT_RUNNING_H

/* Start the interpreter, do what the specification says, and end the process. */
void wj_run(int argc, char **argv) __attribute__((noreturn));

/* Let the interpreter not tell of its audit events any more. */
void wj_forget_audits(void);

#endif
