/* i.MX RT1060: 528 MHz from the Arm PLL, buses at 528 / 4 = 132 MHz (reference manual IMXRT1060RM, chapters CCM and
 * DCDC). While the PLL is set up the core runs on the 24 MHz crystal; the flash keeps the clock that the boot ROM gave
 * it. */
#include "../port.h"

#define CACRR PORT_REG(0x400FC010u)
#define CBCDR PORT_REG(0x400FC014u)
#define CBCMR PORT_REG(0x400FC018u)
#define CDHIPR PORT_REG(0x400FC048u)
#define CCGR6 PORT_REG(0x400FC080u)
#define PLL_ARM PORT_REG(0x400D8000u)
#define DCDC_REG0 PORT_REG(0x40080000u)
#define DCDC_REG3 PORT_REG(0x4008000Cu)

#define PERIPH_CLK_SEL (1u << 25)
#define PERIPH_CLK_BUSY (1u << 5)
#define ARM_PODF_BUSY (1u << 16)
#define AHB_PODF_BUSY (1u << 1)
#define PLL_MULTIPLE 88u /* 12 MHz x 88 = 1056 MHz */

void clock_start(void)
{
    CCGR6 |= 3u << 6; /* the converter's gate */
    DCDC_REG3 = (DCDC_REG3 & ~0x1Fu) | (1175u - 800u) / 25u; /* 1.175 V for the core */
    while ((DCDC_REG0 & 1u << 31) == 0) {
    }
    CBCMR = (CBCMR & ~(3u << 12)) | 1u << 12; /* alternate clock: the crystal */
    CBCDR = (CBCDR & ~(7u << 27)) | PERIPH_CLK_SEL;
    while (CDHIPR & PERIPH_CLK_BUSY) {
    }
    PLL_ARM = 1u << 13 | PLL_MULTIPLE;
    while ((PLL_ARM & 1u << 31) == 0) {
    }
    CACRR = 1u; /* / 2 */
    while (CDHIPR & ARM_PODF_BUSY) {
    }
    CBCMR |= 3u << 18;                                  /* this PLL is the main clock */
    CBCDR = (CBCDR & ~(7u << 10 | 3u << 8)) | 3u << 8; /* core bus undivided, peripheral bus / 4 */
    while (CDHIPR & AHB_PODF_BUSY) {
    }
    CBCDR &= ~PERIPH_CLK_SEL;
    while (CDHIPR & PERIPH_CLK_BUSY) {
    }
}
