/* What differs between processors: registers, and the instruction that stops a program.
 */
#ifndef WADJET_STARTUP_MACHINE_H
#define WADJET_STARTUP_MACHINE_H

#include <elf.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

typedef struct user_regs_struct registers;
#define TRAP_TEXT 0xccu
#define TRAP_MASK 0xffu
#define TRAP_AFTER 1 /* how far the program is past the instruction when it stops */
#define PROGRAM_COUNTER(r) ((r)->rip)
#define STACK_POINTER(r) ((r)->rsp)
#define SECOND_ARGUMENT(r) ((r)->rsi)
#define THIRD_ARGUMENT(r) ((r)->rdx)
#define IS_RETURN_ON_STACK 1
#define RETURN_ADDRESS(r) 0

#elif defined(__aarch64__)

typedef struct user_regs_struct registers;
#define TRAP_TEXT 0xd4200000u
#define TRAP_MASK 0xffffffffu
#define TRAP_AFTER 0
#define PROGRAM_COUNTER(r) ((r)->pc)
#define STACK_POINTER(r) ((r)->sp)
#define SECOND_ARGUMENT(r) ((r)->regs[1])
#define THIRD_ARGUMENT(r) ((r)->regs[2])
#define IS_RETURN_ON_STACK 0
#define RETURN_ADDRESS(r) ((r)->regs[30])

#else
#error "startup: this processor is not known"
#endif

static inline int
read_registers(pid_t task, registers *into)
{
    struct iovec all = {into, sizeof *into};
    return (int)ptrace(PTRACE_GETREGSET, task, (void *)NT_PRSTATUS, &all);
}

static inline int
write_registers(pid_t task, registers *from)
{
    struct iovec all = {from, sizeof *from};
    return (int)ptrace(PTRACE_SETREGSET, task, (void *)NT_PRSTATUS, &all);
}

#endif
