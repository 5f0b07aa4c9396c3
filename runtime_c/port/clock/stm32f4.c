/* STM32F446 and STM32F7: PORT_CLOCK_HZ (a multiple of 2 MHz, above 168 MHz) from the internal 16 MHz oscillator, with
 * over-drive; the peripheral buses at a quarter and a half of that (reference manuals RM0390 and RM0385, sections RCC,
 * PWR and FLASH). */
#include "../port.h"

#define RCC_CR PORT_REG(0x40023800u)
#define RCC_PLLCFGR PORT_REG(0x40023804u)
#define RCC_CFGR PORT_REG(0x40023808u)
#define RCC_APB1ENR PORT_REG(0x40023840u)
#define PWR_CR PORT_REG(0x40007000u)
#define PWR_CSR PORT_REG(0x40007004u)
#define FLASH_ACR PORT_REG(0x40023C00u)

#define MEGAHERTZ (PORT_CLOCK_HZ / 1000000u)

static void wait_for(volatile uint32_t *status, uint32_t mask)
{
    while ((*status & mask) != mask) {
    }
}

void clock_start(void)
{
    RCC_APB1ENR |= 1u << 28; /* the power controller's gate */
    (void)RCC_APB1ENR;       /* a gate takes two cycles to open */
    PWR_CR |= 3u << 14;      /* highest voltage */

    /* 16 MHz / 8 x MEGAHERTZ / 2; the other outputs at a legal rate */
    RCC_PLLCFGR = 8u | MEGAHERTZ << 6 | 0u << 16 | 9u << 24 | 2u << 28;
    RCC_CR |= 1u << 24;
    PWR_CR |= 1u << 16; /* over-drive: on, */
    wait_for(&PWR_CSR, 1u << 16);
    PWR_CR |= 1u << 17; /* and switched to */
    wait_for(&PWR_CSR, 1u << 17);
    wait_for(&RCC_CR, 1u << 25);

    FLASH_ACR = 3u << 8 | (MEGAHERTZ - 1u) / 30u;  /* a wait state per 30 MHz at 2.7 to 3.6 V; prefetch, accelerator */
#if !defined(PORT_CACHES)
    FLASH_ACR |= 1u << 10; /* the F4's flash has a data cache as well */
#endif
    RCC_CFGR = 5u << 10 | 4u << 13; /* APB1 / 4, APB2 / 2 */
    RCC_CFGR |= 2u;                 /* the PLL */
    wait_for(&RCC_CFGR, 2u << 2);
#if defined(PORT_UART_SOURCE)
    PORT_REG(PORT_UART_SOURCE) |= 2u << PORT_UART_SOURCE_BIT; /* clock the UART from the 16 MHz oscillator */
#endif
}
