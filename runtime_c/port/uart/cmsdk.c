/* UART of Arm's Cortex-M System Design Kit (MPS boards). */
#include "../port.h"

#define DATA PORT_REG(PORT_UART + 0x00u)
#define STATE PORT_REG(PORT_UART + 0x04u) /* bit 0: transmit buffer full, bit 1: receive buffer full */
#define CTRL PORT_REG(PORT_UART + 0x08u)  /* bit 0: transmit, bit 1: receive, bit 3: receive interrupt enable */
#define INTSTATUS PORT_REG(PORT_UART + 0x0Cu) /* bit 1: receive; write 1 to clear */
#define BAUDDIV PORT_REG(PORT_UART + 0x10u)

void uart_start(void)
{
    BAUDDIV = (PORT_UART_CLOCK_HZ + PORT_BAUD / 2u) / PORT_BAUD;
    CTRL = 1u | 2u | 8u;
}

int port_read(void)
{
    while ((STATE & 2u) == 0) {
        core_wait();
    }
    INTSTATUS = 2u;
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
