/* UART 0 of the RP2040 (an Arm PL011) on GPIO 0 (out) and 1 (in). */
#include "../port.h"

#define RESETS_RESET PORT_REG(0x4000C000u)
#define RESETS_DONE PORT_REG(0x4000C008u)
#define RESET_NEEDED (1u << 5 | 1u << 8 | 1u << 22) /* IO_BANK0, PADS_BANK0, UART0 */
#define GPIO_CTRL(n) PORT_REG(0x40014004u + 8u * (n))
#define FUNCTION_UART 2u

#define DATA PORT_REG(PORT_UART + 0x00u)
#define FLAGS PORT_REG(PORT_UART + 0x18u) /* bit 4: receive FIFO empty, bit 5: transmit FIFO full */
#define BAUD_INTEGER PORT_REG(PORT_UART + 0x24u)
#define BAUD_FRACTION PORT_REG(PORT_UART + 0x28u)
#define LINE_CONTROL PORT_REG(PORT_UART + 0x2Cu)
#define CONTROL PORT_REG(PORT_UART + 0x30u)

void uart_start(void)
{
    uint32_t divisor = (PORT_UART_CLOCK_HZ * 4u + PORT_BAUD / 2u) / PORT_BAUD; /* clock / (16 x baud), in 64ths */
    RESETS_RESET &= ~RESET_NEEDED;
    while ((RESETS_DONE & RESET_NEEDED) != RESET_NEEDED) {
    }
    BAUD_INTEGER = divisor >> 6;
    BAUD_FRACTION = divisor & 63u;
    LINE_CONTROL = 3u << 5 | 1u << 4;      /* 8 bits, FIFOs on; this write also takes over the divisor */
    CONTROL = 1u << 0 | 1u << 8 | 1u << 9; /* UART, transmitter, receiver on */
    GPIO_CTRL(0) = FUNCTION_UART;
    GPIO_CTRL(1) = FUNCTION_UART;
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
