/* 64-bit system counter of Arm's SSE-300 subsystem; PORT_TICKS is its control frame. */
#include "../port.h"

#define CONTROL PORT_REG(PORT_TICKS + 0x00u) /* bit 0: enable */
#define VALUE_LOW PORT_REG(PORT_TICKS + 0x08u)

void ticks_start(void)
{
    CONTROL |= 1u;
}

uint32_t port_ticks(void)
{
    return VALUE_LOW;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
