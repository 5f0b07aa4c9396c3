/* LPUART of the i.MX RT1060 (reference manual IMXRT1060RM, chapter 49). PORT_UART_TX and PORT_UART_RX are the addresses
 * of the pads' multiplexers, PORT_UART_INPUTS that of the two registers that connect the UART to them. */
#include "../port.h"

#define BAUD PORT_REG(PORT_UART + 0x10u)
#define STATUS PORT_REG(PORT_UART + 0x14u)
#define CONTROL PORT_REG(PORT_UART + 0x18u)
#define DATA PORT_REG(PORT_UART + 0x1Cu)
#define FIFO PORT_REG(PORT_UART + 0x28u)
#define CSCDR1 PORT_REG(0x400FC024u)
#define CCGR PORT_REG(PORT_UART_GATE)

#define OVERRUN (1u << 19)
#define RECEIVED (1u << 21)
#define TRANSMIT_EMPTY (1u << 23)
#define OVERSAMPLING 16u

void uart_start(void)
{
    CSCDR1 = (CSCDR1 & ~0x7Fu) | 1u << 6; /* the 24 MHz crystal, undivided */
    CCGR |= 3u << PORT_UART_GATE_BIT;
    PORT_REG(PORT_UART_TX) = PORT_UART_FUNCTION;
    PORT_REG(PORT_UART_RX) = PORT_UART_FUNCTION;
    PORT_REG(PORT_UART_INPUTS) = 1u;
    PORT_REG(PORT_UART_INPUTS + 4u) = 1u;
    CONTROL = 0;
    BAUD = (OVERSAMPLING - 1u) << 24 |
           (PORT_UART_CLOCK_HZ + PORT_BAUD * OVERSAMPLING / 2u) / (PORT_BAUD * OVERSAMPLING);
    FIFO = 1u << 3 | 1u << 7;                 /* both FIFOs on */
    CONTROL = 1u << 21 | 1u << 19 | 1u << 18; /* interrupt on reception, transmitter, receiver on */
}

int port_read(void)
{
    while ((STATUS & RECEIVED) == 0) {
        if (STATUS & OVERRUN) {
            STATUS = OVERRUN; /* nothing is received until this is cleared */
        }
        core_wait();
    }
    return (int)(DATA & 0xFFu);
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while ((STATUS & TRANSMIT_EMPTY) == 0) {
        }
        DATA = *data++;
    }
}
