/* 32-bit down-counting timer of Arm's Cortex-M System Design Kit. */
#include "../port.h"

#define CTRL PORT_REG(PORT_TICKS + 0x00u)
#define VALUE PORT_REG(PORT_TICKS + 0x04u)
#define RELOAD PORT_REG(PORT_TICKS + 0x08u)

void ticks_start(void)
{
    RELOAD = 0xFFFFFFFFu;
    VALUE = 0xFFFFFFFFu;
    CTRL = 1u;
}

uint32_t port_ticks(void)
{
    return ~VALUE;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
