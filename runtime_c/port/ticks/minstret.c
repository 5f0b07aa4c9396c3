/* RISC-V's counter of retired instructions. */
#include "../port.h"

void ticks_start(void)
{
}

uint32_t port_ticks(void)
{
    uint32_t value;
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrr %0, minstret\n\t"
                     ".option pop"
                     : "=r"(value));
    return value;
}

uint32_t port_tick_hz(void)
{
    return 0; /* instructions, not time */
}
