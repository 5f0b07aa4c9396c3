/* The cycle counter of a Cortex-M's debug unit (Armv7-M architecture reference manual, section C1.8). */
#include "../port.h"

#define DEMCR PORT_REG(0xE000EDFCu) /* bit 24: trace units on */
#define CONTROL PORT_REG(0xE0001000u)
#define CYCLES PORT_REG(0xE0001004u)
#define LOCK_ACCESS PORT_REG(0xE0001FB0u) /* of the Cortex-M7; no effect elsewhere */

void ticks_start(void)
{
    DEMCR |= 1u << 24;
    LOCK_ACCESS = 0xC5ACCE55u;
    CYCLES = 0;
    CONTROL |= 1u;
}

uint32_t port_ticks(void)
{
    return CYCLES;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
