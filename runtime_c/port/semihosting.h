/* Arm's semihosting: an emulator or debugger does what the program asks of it (specification "Semihosting for AArch32
 * and AArch64"). */
#ifndef RILLET_PORT_SEMIHOSTING_H
#define RILLET_PORT_SEMIHOSTING_H

#include <stdint.h>

enum {
    SEMIHOSTING_OPEN = 0x01,
    SEMIHOSTING_WRITE = 0x05,
    SEMIHOSTING_READ = 0x06,
    SEMIHOSTING_SEEK = 0x0A,
    SEMIHOSTING_LENGTH = 0x0C,
    SEMIHOSTING_COMMAND_LINE = 0x15,
    SEMIHOSTING_EXIT = 0x20
};

/* Armv6-M to Armv8-M. `arguments`: as the operation wants them. */
static inline uint32_t semihosting(uint32_t operation, const void *arguments)
{
    register uint32_t result __asm__("r0") = operation;
    register const void *block __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(result) : "r"(block) : "memory");
    return result;
}

#endif
