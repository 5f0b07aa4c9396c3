/* USART and LPUART of the STM32F7, H7, L4 and U5 (reference manual RM0432, sections USART and LPUART). */
#include "stm32_pins.h"

#define CONTROL1 PORT_REG(PORT_UART + 0x00u)
#define CONTROL3 PORT_REG(PORT_UART + 0x08u)
#define BAUD PORT_REG(PORT_UART + 0x0Cu)
#define STATUS PORT_REG(PORT_UART + 0x1Cu) /* bit 5: received, bit 7: transmit register empty */
#define RECEIVED PORT_REG(PORT_UART + 0x24u)
#define TRANSMIT PORT_REG(PORT_UART + 0x28u)

#if defined(PORT_LPUART)
#define BAUD_STEPS 256u /* the low-power UART divides in 256ths */
#else
#define BAUD_STEPS 1u
#endif

void uart_start(void)
{
    stm32_uart_pins();
    BAUD = (uint32_t)(((uint64_t)PORT_UART_CLOCK_HZ * BAUD_STEPS + PORT_BAUD / 2u) / PORT_BAUD);
    CONTROL3 = 1u << 12;                             /* a lost byte does not stop reception: frames have checksums */
    CONTROL1 = 1u << 0 | 1u << 5 | 1u << 3 | 1u << 2; /* UART, interrupt on reception, transmitter, receiver on */
}

int port_read(void)
{
    while ((STATUS & 1u << 5) == 0) {
        core_wait();
    }
    return (int)(RECEIVED & 0xFFu);
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while ((STATUS & 1u << 7) == 0) {
        }
        TRANSMIT = *data++;
    }
}
