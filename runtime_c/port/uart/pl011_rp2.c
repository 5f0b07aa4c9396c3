/* UART 0 of the RP2040 and RP2350 (an Arm PL011) on GPIO 0 (out) and 1 (in). */
#include "pl011.h"

#define RESETS_RESET PORT_REG(PORT_RESETS + 0x00u)
#define RESETS_DONE PORT_REG(PORT_RESETS + 0x08u)
#define GPIO_CTRL(n) PORT_REG(PORT_IO_BANK + 4u + 8u * (n))
#define PAD(n) PORT_REG(PORT_PADS + 4u + 4u * (n))
#define FUNCTION_UART 2u
#define PAD_DEFAULT 0x56u /* input, pull-down, Schmitt trigger, 4 mA; on the RP2350 this also ends the isolation, bit 8 */

void uart_start(void)
{
    RESETS_RESET &= ~PORT_RESET_UART; /* IO_BANK0, PADS_BANK0, UART0 */
    while ((RESETS_DONE & PORT_RESET_UART) != PORT_RESET_UART) {
    }
    pl011_line();
    CONTROL = 1u << 0 | 1u << 8 | 1u << 9; /* UART, transmitter, receiver on */
    for (uint32_t pin = 0; pin < 2; ++pin) {
        GPIO_CTRL(pin) = FUNCTION_UART;
        PAD(pin) = PAD_DEFAULT;
    }
}
