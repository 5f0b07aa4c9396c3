/* Apollo3: 48 MHz from the internal oscillator, and the flash's cache (Apollo3 Blue datasheet, chapters CLKGEN and
 * CACHECTRL). */
#include "../port.h"

#define CCTRL PORT_REG(0x40004018u) /* bit 0: half the oscillator's rate */
#define CLKKEY PORT_REG(0x40004014u)
#define CACHECFG PORT_REG(0x40018000u)

void clock_start(void)
{
    CLKKEY = 0x47u;
    CCTRL = 0;
    CLKKEY = 0;
    CACHECFG |= 1u << 0 | 1u << 8 | 1u << 9; /* cache on, for instructions and data */
}
