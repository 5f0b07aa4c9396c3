/* UART 0 of the Apollo3 on pins 48 (out) and 49 (in); an Arm PL011 with its own clock (Apollo3 Blue datasheet, chapters
 * UART and GPIO; register names as in apollo3.h of Ambiq's SDK). */
#include "pl011.h"

#define INTERRUPTS PORT_REG(PORT_UART + 0x38u)
#define DEVPWREN PORT_REG(0x40021008u)     /* bit 7: UART 0 */
#define DEVPWRSTATUS PORT_REG(0x40021018u) /* bit 2: the domain that UART 0 is in */
#define PADKEY PORT_REG(0x40010060u)
#define PADREGM PORT_REG(0x40010030u) /* pads 48 and 49, a byte each: bit 0 pull-up, bit 1 input, bits 3-5 function */

void uart_start(void)
{
    DEVPWREN |= 1u << 7;
    while ((DEVPWRSTATUS & 1u << 2) == 0) {
    }
    PADKEY = 0x73u;
    PADREGM = (PADREGM & 0xFFFF0000u) | 0x0200u; /* function 0 is the UART on both */
    PADKEY = 0;
    CONTROL = 1u << 3;           /* its clock on, */
    CONTROL = 1u << 3 | 1u << 4; /* at 24 MHz */
    pl011_line();
    INTERRUPTS = 1u << 4 | 1u << 6; /* received, and received a while ago */
    CONTROL = 1u << 3 | 1u << 4 | 1u << 0 | 1u << 8 | 1u << 9; /* UART, transmitter, receiver on */
}
