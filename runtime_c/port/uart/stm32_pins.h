/* Pins and clock gates of an STM32's USART. A pin's number is 16 x port + pin, port A being 0. */
#ifndef RILLET_PORT_STM32_PINS_H
#define RILLET_PORT_STM32_PINS_H

#include "../port.h"

/* Gives a pin to its alternate function. */
static inline void stm32_pin(uint32_t pin)
{
    uint32_t gpio = PORT_GPIO + 0x400u * (pin / 16u), at = pin % 16u;
    volatile uint32_t *mode = &PORT_REG(gpio + 0x00u), *function = &PORT_REG(gpio + 0x20u + 4u * (at / 8u));
    *function = (*function & ~(15u << 4u * (at % 8u))) | PORT_UART_FUNCTION << 4u * (at % 8u);
    *mode = (*mode & ~(3u << 2u * at)) | 2u << 2u * at;
}

static inline void stm32_uart_pins(void)
{
    PORT_REG(PORT_GPIO_CLOCK) |= 1u << PORT_UART_TX / 16u | 1u << PORT_UART_RX / 16u;
    PORT_REG(PORT_UART_GATE) |= 1u << PORT_UART_GATE_BIT;
    (void)PORT_REG(PORT_UART_GATE); /* a gate takes two cycles to open */
    stm32_pin(PORT_UART_TX);
    stm32_pin(PORT_UART_RX);
}

#endif
