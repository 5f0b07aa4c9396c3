/* nRF51: the 16 MHz crystal instead of the RC oscillator, which is too inexact for a UART. */
#include "../port.h"

#define TASKS_HFCLKSTART PORT_REG(0x40000000u)
#define EVENTS_HFCLKSTARTED PORT_REG(0x40000100u)

void clock_start(void)
{
    TASKS_HFCLKSTART = 1u;
    while (EVENTS_HFCLKSTARTED == 0) {
    }
}
