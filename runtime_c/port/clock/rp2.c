/* RP2040 and RP2350: system and peripheral clock from the board's 12 MHz crystal (RP2040 datasheet, chapter 2; RP2350
 * datasheet, chapter 8). The two differ in where the blocks lie and in the number of the PLL's reset. */
#include "../port.h"

#define XOSC_CTRL PORT_REG(PORT_XOSC + 0x00u)
#define XOSC_STATUS PORT_REG(PORT_XOSC + 0x04u) /* bit 31: stable */
#define XOSC_STARTUP PORT_REG(PORT_XOSC + 0x0Cu)
#define RESETS_RESET PORT_REG(PORT_RESETS + 0x00u)
#define RESETS_DONE PORT_REG(PORT_RESETS + 0x08u)
#define RESET_PLL_SYS (1u << PORT_RESET_PLL)
#define PLL_CS PORT_REG(PORT_PLL + 0x00u) /* bits 0-5: reference divider, bit 31: locked */
#define PLL_PWR PORT_REG(PORT_PLL + 0x04u)
#define PLL_FBDIV PORT_REG(PORT_PLL + 0x08u)
#define PLL_PRIM PORT_REG(PORT_PLL + 0x0Cu)
#define CLK_REF_CTRL PORT_REG(PORT_CLOCKS + 0x30u)
#define CLK_REF_SELECTED PORT_REG(PORT_CLOCKS + 0x38u)
#define CLK_SYS_CTRL PORT_REG(PORT_CLOCKS + 0x3Cu)
#define CLK_SYS_SELECTED PORT_REG(PORT_CLOCKS + 0x44u)
#define CLK_PERI_CTRL PORT_REG(PORT_CLOCKS + 0x48u)

void clock_start(void)
{
    XOSC_STARTUP = 47u;                /* 1 ms: 12 MHz / 1000 / 256 */
    XOSC_CTRL = 0xFABu << 12 | 0xAA0u; /* enable, 1 to 15 MHz */
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
    PLL_FBDIV = 125u;                /* oscillator at 1500 MHz */
    PLL_PWR &= ~(1u << 0 | 1u << 5); /* power of PLL and oscillator on */
    while ((PLL_CS & 1u << 31) == 0) {
    }
    PLL_PRIM = 1500000000u / 2u / PORT_CLOCK_HZ << 16 | 2u << 12; /* one divider, then / 2 */
    PLL_PWR &= ~(1u << 3);                                        /* power of the dividers on */

    CLK_SYS_CTRL = 1u; /* auxiliary source 0: this PLL */
    while ((CLK_SYS_SELECTED & 1u << 1) == 0) {
    }
    CLK_PERI_CTRL = 1u << 11; /* enable, from the system clock */
}
