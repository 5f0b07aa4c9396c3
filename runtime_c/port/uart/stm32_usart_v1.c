/* USART of the STM32F1, F2 and F4 (reference manual RM0390, section USART). */
#include "stm32_pins.h"

#define STATUS PORT_REG(PORT_UART + 0x00u) /* bit 5: received, bit 7: transmit register empty */
#define DATA PORT_REG(PORT_UART + 0x04u)
#define BAUD PORT_REG(PORT_UART + 0x08u)
#define CONTROL PORT_REG(PORT_UART + 0x0Cu)

void uart_start(void)
{
    stm32_uart_pins();
    BAUD = (PORT_UART_CLOCK_HZ + PORT_BAUD / 2u) / PORT_BAUD;
    CONTROL = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2; /* USART, interrupt on reception, transmitter, receiver on */
}

int port_read(void)
{
    while ((STATUS & 1u << 5) == 0) {
        core_wait();
    }
    return (int)(DATA & 0xFFu); /* status and data read in this order also end an overrun */
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while ((STATUS & 1u << 7) == 0) {
        }
        DATA = *data++;
    }
}
