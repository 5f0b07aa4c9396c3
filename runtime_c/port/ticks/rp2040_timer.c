/* The RP2040's microsecond timer. */
#include "../port.h"

#define RESETS_RESET PORT_REG(0x4000C000u)
#define RESETS_DONE PORT_REG(0x4000C008u)
#define RESET_TIMER (1u << 21)
#define WATCHDOG_TICK PORT_REG(0x4005802Cu)
#define TIME_RAW_LOW PORT_REG(PORT_TICKS + 0x28u)

void ticks_start(void)
{
    RESETS_RESET &= ~RESET_TIMER;
    while ((RESETS_DONE & RESET_TIMER) == 0) {
    }
    WATCHDOG_TICK = 1u << 9 | 12u; /* one tick per 12 cycles of the 12 MHz crystal: a microsecond */
}

uint32_t port_ticks(void)
{
    return TIME_RAW_LOW;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
