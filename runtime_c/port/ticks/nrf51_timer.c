/* 32-bit timer of the nRF51 at its full 16 MHz. */
#include "../port.h"

#define TASKS_START PORT_REG(PORT_TICKS + 0x000u)
#define TASKS_CAPTURE PORT_REG(PORT_TICKS + 0x040u)
#define BITMODE PORT_REG(PORT_TICKS + 0x508u)
#define PRESCALER PORT_REG(PORT_TICKS + 0x510u)
#define CAPTURED PORT_REG(PORT_TICKS + 0x540u)

void ticks_start(void)
{
    BITMODE = 3u; /* 32 bits */
    PRESCALER = 0;
    TASKS_START = 1u;
}

uint32_t port_ticks(void)
{
    TASKS_CAPTURE = 1u;
    return CAPTURED;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
