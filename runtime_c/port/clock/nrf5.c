/* nRF51 and nRF52: the crystal instead of the RC oscillator, which is too inexact for a UART (nRF52840 product
 * specification, section CLOCK; the nRF51 has the same registers). */
#include "../port.h"

#define TASKS_HFCLKSTART PORT_REG(0x40000000u)
#define EVENTS_HFCLKSTARTED PORT_REG(0x40000100u)
#define ICACHECNF PORT_REG(0x4001E540u) /* of the nRF52's flash controller; bit 0: instruction cache */

void clock_start(void)
{
    TASKS_HFCLKSTART = 1u;
    while (EVENTS_HFCLKSTARTED == 0) {
    }
#if __ARM_ARCH >= 7
    ICACHECNF = 1u;
#endif
}
