/* A 32-bit general-purpose timer of the STM32, such as timer 2, at its full rate (reference manual RM0390). */
#include "../port.h"

#define CONTROL PORT_REG(PORT_TICKS + 0x00u)
#define EVENTS PORT_REG(PORT_TICKS + 0x14u)
#define COUNT PORT_REG(PORT_TICKS + 0x24u)
#define PRESCALER PORT_REG(PORT_TICKS + 0x28u)
#define RELOAD PORT_REG(PORT_TICKS + 0x2Cu)

void ticks_start(void)
{
    PORT_REG(PORT_TICKS_GATE) |= 1u << PORT_TICKS_GATE_BIT;
    (void)PORT_REG(PORT_TICKS_GATE); /* a gate takes two cycles to open */
    PRESCALER = 0;
    RELOAD = 0xFFFFFFFFu;
    EVENTS = 1u; /* takes over the prescaler */
    CONTROL = 1u;
}

uint32_t port_ticks(void)
{
    return COUNT;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
