/* STM32U5: 160 MHz from the internal 16 MHz oscillator at voltage range 1, and the instruction cache (reference manual
 * RM0456, sections RCC, PWR, FLASH and ICACHE). */
#include "../port.h"

#define RCC_CR PORT_REG(0x46020C00u)
#define RCC_CFGR1 PORT_REG(0x46020C1Cu)
#define RCC_PLL1CFGR PORT_REG(0x46020C28u)
#define RCC_PLL1DIVR PORT_REG(0x46020C34u)
#define RCC_AHB3ENR PORT_REG(0x46020C94u)
#define PWR_VOSR PORT_REG(0x4602080Cu)
#define FLASH_ACR PORT_REG(0x40022000u)
#define ICACHE_CR PORT_REG(0x40030400u)

void clock_start(void)
{
    RCC_AHB3ENR |= 1u << 2; /* the power controller's gate */
    (void)RCC_AHB3ENR;
    RCC_CR |= 1u << 8;
    while ((RCC_CR & 1u << 10) == 0) {
    }
    PWR_VOSR |= 3u << 16; /* voltage range 1 */
    while ((PWR_VOSR & 1u << 15) == 0) {
    }
    /* The PLL's input is 16 MHz undivided, which also feeds the booster; its third output is the system's clock. */
    RCC_PLL1CFGR = 2u | 3u << 2 | 1u << 18;
    RCC_PLL1DIVR = (10u - 1u) | 1u << 9 | 1u << 16 | 0u << 24; /* x 10 / 1 */
    PWR_VOSR |= 1u << 18;                                      /* booster, needed above 55 MHz */
    while ((PWR_VOSR & 1u << 14) == 0) {
    }
    RCC_CR |= 1u << 24;
    while ((RCC_CR & 1u << 25) == 0) {
    }
    FLASH_ACR = 4u | 1u << 8; /* wait states, prefetch */
    while ((FLASH_ACR & 15u) != 4u) {
    }
    RCC_CFGR1 |= 3u;
    while ((RCC_CFGR1 & 3u << 2) != 3u << 2) {
    }
    ICACHE_CR |= 1u;
    PORT_REG(PORT_UART_SOURCE) |= 2u << PORT_UART_SOURCE_BIT; /* clock the UART from the 16 MHz oscillator */
}
