/* UART 0 of the nRF51 and nRF52 without DMA (nRF52840 product specification, section UART). A pin's number is
 * 32 x port + pin. */
#include "../port.h"

#define TASKS_STARTRX PORT_REG(PORT_UART + 0x000u)
#define TASKS_STARTTX PORT_REG(PORT_UART + 0x008u)
#define EVENTS_RXDRDY PORT_REG(PORT_UART + 0x108u)
#define EVENTS_TXDRDY PORT_REG(PORT_UART + 0x11Cu)
#define INTENSET PORT_REG(PORT_UART + 0x304u)
#define ENABLE PORT_REG(PORT_UART + 0x500u)
#define PSELTXD PORT_REG(PORT_UART + 0x50Cu)
#define PSELRXD PORT_REG(PORT_UART + 0x514u)
#define RXD PORT_REG(PORT_UART + 0x518u)
#define TXD PORT_REG(PORT_UART + 0x51Cu)
#define BAUDRATE PORT_REG(PORT_UART + 0x524u)
#define GPIO(pin) (0x50000000u + 0x300u * ((pin) / 32u))
#define GPIO_OUTSET PORT_REG(GPIO(PORT_UART_TX) + 0x508u)
#define GPIO_DIRSET PORT_REG(GPIO(PORT_UART_TX) + 0x518u)
#define GPIO_INPUT PORT_REG(GPIO(PORT_UART_RX) + 0x700u + 4u * (PORT_UART_RX % 32u))

void uart_start(void)
{
    GPIO_OUTSET = 1u << PORT_UART_TX % 32u; /* idle level */
    GPIO_DIRSET = 1u << PORT_UART_TX % 32u;
    GPIO_INPUT = 0; /* its input buffer on, no pull */
    PSELTXD = PORT_UART_TX;
    PSELRXD = PORT_UART_RX;
    /* baud x 2^32 / 16 MHz, of which the low 12 bits do not count */
    BAUDRATE = (uint32_t)((((uint64_t)PORT_BAUD << 32) / PORT_UART_CLOCK_HZ + 0x800u) & 0xFFFFF000u);
    ENABLE = 4u;
    INTENSET = 1u << 2; /* received */
    TASKS_STARTTX = 1u;
    TASKS_STARTRX = 1u;
}

int port_read(void)
{
    while (EVENTS_RXDRDY == 0) {
        core_wait();
    }
    EVENTS_RXDRDY = 0; /* before the byte is taken: the next may come at once */
    return (int)(RXD & 0xFFu);
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        EVENTS_TXDRDY = 0;
        TXD = *data++;
        while (EVENTS_TXDRDY == 0) {
        }
    }
}
