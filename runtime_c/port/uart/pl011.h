/* What the Arm PL011 is in every chip (PL011 Technical Reference Manual); clocks and pins are the chip's. */
#ifndef RILLET_PORT_PL011_H
#define RILLET_PORT_PL011_H

#include "../port.h"

#define DATA PORT_REG(PORT_UART + 0x00u)
#define FLAGS PORT_REG(PORT_UART + 0x18u) /* bit 4: receive FIFO empty, bit 5: transmit FIFO full */
#define BAUD_INTEGER PORT_REG(PORT_UART + 0x24u)
#define BAUD_FRACTION PORT_REG(PORT_UART + 0x28u)
#define LINE_CONTROL PORT_REG(PORT_UART + 0x2Cu)
#define CONTROL PORT_REG(PORT_UART + 0x30u)

/* Baud rate, 8 bits, FIFOs on. */
static inline void pl011_line(void)
{
    uint32_t divisor = (PORT_UART_CLOCK_HZ * 4u + PORT_BAUD / 2u) / PORT_BAUD; /* clock / (16 x baud), in 64ths */
    BAUD_INTEGER = divisor >> 6;
    BAUD_FRACTION = divisor & 63u;
    LINE_CONTROL = 3u << 5 | 1u << 4; /* this write also takes over the divisor */
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

#endif
