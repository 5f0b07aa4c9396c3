/* STM32L4+: 120 MHz from the internal 16 MHz oscillator, voltage range 1 with boost (reference manual RM0432, sections
 * RCC, PWR and FLASH). The pins of port G, where some boards have their UART, get their supply. */
#include "../port.h"

#define RCC_CR PORT_REG(0x40021000u)
#define RCC_CFGR PORT_REG(0x40021008u)
#define RCC_PLLCFGR PORT_REG(0x4002100Cu)
#define RCC_APB1ENR1 PORT_REG(0x40021058u)
#define PWR_CR2 PORT_REG(0x40007004u)
#define PWR_CR5 PORT_REG(0x40007080u)
#define FLASH_ACR PORT_REG(0x40022000u)

void clock_start(void)
{
    RCC_APB1ENR1 |= 1u << 28; /* the power controller's gate */
    (void)RCC_APB1ENR1;
    PWR_CR2 |= 1u << 9;    /* the second I/O supply is there */
    PWR_CR5 &= ~(1u << 8); /* boost */

    RCC_CR |= 1u << 8;
    while ((RCC_CR & 1u << 10) == 0) {
    }
    RCC_PLLCFGR = 2u | 1u << 4 | 30u << 8 | 1u << 24; /* 16 MHz / 2 x 30 / 2 */
    RCC_CR |= 1u << 24;
    while ((RCC_CR & 1u << 25) == 0) {
    }
    FLASH_ACR = 5u | 7u << 8; /* wait states; prefetch and caches */
    while ((FLASH_ACR & 15u) != 5u) {
    }
    RCC_CFGR = 8u << 4 | 3u; /* the PLL, at first by half: more than 80 MHz may only be reached in two steps */
    while ((RCC_CFGR & 3u << 2) != 3u << 2) {
    }
    for (volatile uint32_t wait = 0; wait < 60; ++wait) { /* at least 1 us */
    }
    RCC_CFGR = 3u;
    PORT_REG(PORT_UART_SOURCE) |= 2u << PORT_UART_SOURCE_BIT; /* clock the UART from the 16 MHz oscillator */
}
