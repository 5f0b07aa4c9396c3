/* UART 0 of the RP2040 and RP2350 (an Arm PL011) on GPIO 0 (out) and 1 (in). */
#include "../port.h"

#define RESETS_RESET PORT_REG(PORT_RESETS + 0x00u)
#define RESETS_DONE PORT_REG(PORT_RESETS + 0x08u)
#define GPIO_CTRL(n) PORT_REG(PORT_IO_BANK + 4u + 8u * (n))
#define PAD(n) PORT_REG(PORT_PADS + 4u + 4u * (n))
#define FUNCTION_UART 2u
#define PAD_DEFAULT 0x56u /* input, pull-down, Schmitt trigger, 4 mA; on the RP2350 this also ends the isolation, bit 8 */

#define DATA PORT_REG(PORT_UART + 0x00u)
#define FLAGS PORT_REG(PORT_UART + 0x18u) /* bit 4: receive FIFO empty, bit 5: transmit FIFO full */
#define BAUD_INTEGER PORT_REG(PORT_UART + 0x24u)
#define BAUD_FRACTION PORT_REG(PORT_UART + 0x28u)
#define LINE_CONTROL PORT_REG(PORT_UART + 0x2Cu)
#define CONTROL PORT_REG(PORT_UART + 0x30u)

void uart_start(void)
{
    uint32_t divisor = (PORT_UART_CLOCK_HZ * 4u + PORT_BAUD / 2u) / PORT_BAUD; /* clock / (16 x baud), in 64ths */
    RESETS_RESET &= ~PORT_RESET_UART; /* IO_BANK0, PADS_BANK0, UART0 */
    while ((RESETS_DONE & PORT_RESET_UART) != PORT_RESET_UART) {
    }
    BAUD_INTEGER = divisor >> 6;
    BAUD_FRACTION = divisor & 63u;
    LINE_CONTROL = 3u << 5 | 1u << 4;      /* 8 bits, FIFOs on; this write also takes over the divisor */
    CONTROL = 1u << 0 | 1u << 8 | 1u << 9; /* UART, transmitter, receiver on */
    for (uint32_t pin = 0; pin < 2; ++pin) {
        GPIO_CTRL(pin) = FUNCTION_UART;
        PAD(pin) = PAD_DEFAULT;
    }
}

int port_read(void)
{
    while (FLAGS & 1u << 4) {
        core_wait();
    }
    return (int)(DATA & 0xFFu); /* the bits above are error flags; a damaged frame fails its checksum anyway */
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while (FLAGS & 1u << 5) {
        }
        DATA = *data++;
    }
}
