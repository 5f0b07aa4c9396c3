/* RP2040: system and peripheral clock at 125 MHz from the board's 12 MHz crystal (datasheet, chapter 2). */
#include "../port.h"

#define XOSC_CTRL PORT_REG(0x40024000u)
#define XOSC_STATUS PORT_REG(0x40024004u) /* bit 31: stable */
#define XOSC_STARTUP PORT_REG(0x4002400Cu)
#define RESETS_RESET PORT_REG(0x4000C000u)
#define RESETS_DONE PORT_REG(0x4000C008u)
#define RESET_PLL_SYS (1u << 12)
#define PLL_CS PORT_REG(0x40028000u) /* bits 0-5: reference divider, bit 31: locked */
#define PLL_PWR PORT_REG(0x40028004u)
#define PLL_FBDIV PORT_REG(0x40028008u)
#define PLL_PRIM PORT_REG(0x4002800Cu)
#define CLK_REF_CTRL PORT_REG(0x40008030u)
#define CLK_REF_SELECTED PORT_REG(0x40008038u)
#define CLK_SYS_CTRL PORT_REG(0x4000803Cu)
#define CLK_SYS_SELECTED PORT_REG(0x40008044u)
#define CLK_PERI_CTRL PORT_REG(0x40008048u)

void clock_start(void)
{
    XOSC_STARTUP = 47u;                  /* 1 ms: 12 MHz / 1000 / 256 */
    XOSC_CTRL = 0xFABu << 12 | 0xAA0u;   /* enable, 1 to 15 MHz */
    while ((XOSC_STATUS & 1u << 31) == 0) {
    }
    CLK_REF_CTRL = 2u; /* crystal */
    while ((CLK_REF_SELECTED & 1u << 2) == 0) {
    }
    CLK_SYS_CTRL = 0; /* reference clock, while the PLL is set up */
    while ((CLK_SYS_SELECTED & 1u) == 0) {
    }

    RESETS_RESET |= RESET_PLL_SYS;
    RESETS_RESET &= ~RESET_PLL_SYS;
    while ((RESETS_DONE & RESET_PLL_SYS) == 0) {
    }
    PLL_CS = 1u;
    PLL_FBDIV = 125u;                    /* oscillator at 1500 MHz */
    PLL_PWR &= ~(1u << 0 | 1u << 5);     /* power of PLL and oscillator on */
    while ((PLL_CS & 1u << 31) == 0) {
    }
    PLL_PRIM = 6u << 16 | 2u << 12;      /* / 6 / 2 */
    PLL_PWR &= ~(1u << 3);               /* power of the dividers on */

    CLK_SYS_CTRL = 1u; /* auxiliary source 0: this PLL */
    while ((CLK_SYS_SELECTED & 1u << 1) == 0) {
    }
    CLK_PERI_CTRL = 1u << 11; /* enable, from the system clock */
}
