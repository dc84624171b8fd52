/* The virtual board's microphone and display: Arm semihosting calls (files of the host), which Unicorn's hook in
 * kwslib and QEMU alike answer. "Semihosting for AArch32 and AArch64", Arm 2.0. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT = 0x18 };
enum { READ_BINARY = 1, WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };

static inline int32_t semihosting(int32_t operation, const void *argument) {
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static inline int32_t open_file(const char *name, uint32_t length, int32_t mode) {
    const uintptr_t block[3] = {(uintptr_t)name, (uintptr_t)mode, length};
    return semihosting(SYS_OPEN, block);
}

/* Bytes that were not read: `length` at the end of the file. */
static inline int32_t read_file(int32_t file, void *to, uint32_t length) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)to, length};
    return semihosting(SYS_READ, block);
}

static inline int32_t write_file(int32_t file, const void *from, uint32_t length) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)from, length};
    return semihosting(SYS_WRITE, block);
}

static inline void leave(void) { semihosting(SYS_EXIT, (const void *)(uintptr_t)APPLICATION_EXIT); }

#endif
