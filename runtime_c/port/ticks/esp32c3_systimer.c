/* System timer of the ESP32-C3: 52 bits at 16 MHz (technical reference manual, chapter System Timer). */
#include "../port.h"

#define CONFIG PORT_REG(PORT_TICKS + 0x00u)    /* bit 30: unit 0 counts */
#define OPERATION PORT_REG(PORT_TICKS + 0x04u) /* bit 30: take a copy, bit 29: the copy is there */
#define COPY_LOW PORT_REG(PORT_TICKS + 0x44u)

void ticks_start(void)
{
    CONFIG |= 1u << 30;
}

uint32_t port_ticks(void)
{
    OPERATION = 1u << 30;
    while ((OPERATION & 1u << 29) == 0) {
    }
    return COPY_LOW;
}

uint32_t port_tick_hz(void)
{
    return PORT_TICK_HZ;
}
