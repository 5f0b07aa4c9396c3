/* 16550-compatible UART with byte-wide registers. */
#include "../port.h"

#define REG(offset) (*(volatile uint8_t *)(uintptr_t)(PORT_UART + (offset)))
#define DATA REG(0)
#define LINE_STATUS REG(5) /* bit 0: byte received, bit 5: transmit register empty */

void uart_start(void)
{
    uint32_t divisor = (PORT_UART_CLOCK_HZ + PORT_BAUD * 8u) / (PORT_BAUD * 16u);
    REG(1) = 0;    /* no interrupts */
    REG(3) = 0x80; /* divisor latch */
    REG(0) = (uint8_t)divisor;
    REG(1) = (uint8_t)(divisor >> 8);
    REG(3) = 3; /* 8 data bits, no parity, 1 stop bit */
    REG(2) = 1; /* FIFOs on */
    REG(1) = 1; /* interrupt while a byte waits */
}

int port_read(void)
{
    while ((LINE_STATUS & 1u) == 0) {
        core_wait();
    }
    return DATA;
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while ((LINE_STATUS & 0x20u) == 0) {
        }
        DATA = *data++;
    }
}
