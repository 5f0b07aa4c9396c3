/* UART of Arm's Cortex-M System Design Kit (MPS boards). */
#include "../port.h"

#define DATA PORT_REG(PORT_UART + 0x00u)
#define STATE PORT_REG(PORT_UART + 0x04u) /* bit 0: transmit buffer full, bit 1: receive buffer full */
#define CTRL PORT_REG(PORT_UART + 0x08u)  /* bit 0: transmit, bit 1: receive enable */
#define BAUDDIV PORT_REG(PORT_UART + 0x10u)

void uart_start(void)
{
    BAUDDIV = (PORT_UART_CLOCK_HZ + PORT_BAUD / 2u) / PORT_BAUD;
    CTRL = 3u;
}

int port_read(void)
{
    while ((STATE & 2u) == 0) {
    }
    return (int)(DATA & 0xFFu);
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while (STATE & 1u) {
        }
        DATA = *data++;
    }
}
