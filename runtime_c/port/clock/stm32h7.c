/* STM32H743: 400 MHz from the internal 64 MHz oscillator at voltage scale 1, buses at 200 MHz, peripherals at 100 MHz
 * (reference manual RM0433, sections RCC, PWR and FLASH). The USARTs keep the 64 MHz. */
#include "../port.h"

#define RCC_CR PORT_REG(0x58024400u)
#define RCC_CFGR PORT_REG(0x58024410u)
#define RCC_D1CFGR PORT_REG(0x58024418u)
#define RCC_D2CFGR PORT_REG(0x5802441Cu)
#define RCC_D3CFGR PORT_REG(0x58024420u)
#define RCC_PLLCKSELR PORT_REG(0x58024428u)
#define RCC_PLLCFGR PORT_REG(0x5802442Cu)
#define RCC_PLL1DIVR PORT_REG(0x58024430u)
#define PWR_CSR1 PORT_REG(0x58024804u)
#define PWR_CR3 PORT_REG(0x5802480Cu)
#define PWR_D3CR PORT_REG(0x58024818u)
#define FLASH_ACR PORT_REG(0x52002000u)

#define FLASH_SETTING (3u | 2u << 4) /* wait states, and the programming delay of 200 MHz */

void clock_start(void)
{
    PWR_CR3 = 1u << 1; /* supply: the LDO alone; this is taken once and ends the wait below */
    while ((PWR_CSR1 & 1u << 13) == 0) {
    }
    PWR_D3CR |= 3u << 14; /* voltage scale 1 */
    while ((PWR_D3CR & 1u << 13) == 0) {
    }
    RCC_PLLCKSELR = 0u | 8u << 4;                     /* 64 MHz / 8 */
    RCC_PLLCFGR = 1u << 16 | 3u << 2;                 /* first output on; input of 8 to 16 MHz */
    RCC_PLL1DIVR = (100u - 1u) | (2u - 1u) << 9;      /* x 100 / 2 */
    RCC_CR |= 1u << 24;
    while ((RCC_CR & 1u << 25) == 0) {
    }
    FLASH_ACR = FLASH_SETTING;
    while (FLASH_ACR != FLASH_SETTING) {
    }
    RCC_D1CFGR = 8u | 4u << 4;      /* bus matrix / 2, APB3 / 2 */
    RCC_D2CFGR = 4u << 4 | 4u << 8; /* APB1 and APB2 / 2 */
    RCC_D3CFGR = 4u << 4;           /* APB4 / 2 */
    RCC_CFGR |= 3u;
    while ((RCC_CFGR & 7u << 3) != 3u << 3) {
    }
    PORT_REG(PORT_UART_SOURCE) |= 3u << PORT_UART_SOURCE_BIT;
}
