/* ESP32-C3: 80 MHz from the PLL, which runs when the boot ROM is done, and no watchdogs, of which the ROM leaves three
 * on (ESP32-C3 technical reference manual, chapters Reset and Clock, Watchdog Timers). */
#include "../port.h"

#define CPU_PER_CONF PORT_REG(0x600C0008u) /* bits 0-1: divider of the PLL, 0 for 80 MHz; bit 2: PLL at 480 MHz */
#define SYSCLK_CONF PORT_REG(0x600C0058u)  /* bits 10-11: source, 1 the PLL */

#define RTC_WATCHDOG PORT_REG(0x60008090u)
#define RTC_WATCHDOG_KEY PORT_REG(0x600080A8u)
#define SUPER_WATCHDOG PORT_REG(0x600080ACu) /* bit 31: fed by itself */
#define SUPER_WATCHDOG_KEY PORT_REG(0x600080B0u)
#define GROUP_WATCHDOG PORT_REG(0x6001F048u)
#define GROUP_WATCHDOG_KEY PORT_REG(0x6001F064u)
#define WATCHDOG_KEY 0x50D83AA1u

void clock_start(void)
{
    RTC_WATCHDOG_KEY = WATCHDOG_KEY;
    RTC_WATCHDOG = 0;
    RTC_WATCHDOG_KEY = 0;
    SUPER_WATCHDOG_KEY = 0x8F1D312Au;
    SUPER_WATCHDOG |= 1u << 31;
    SUPER_WATCHDOG_KEY = 0;
    GROUP_WATCHDOG_KEY = WATCHDOG_KEY;
    GROUP_WATCHDOG = 0;
    GROUP_WATCHDOG_KEY = 0;

    CPU_PER_CONF = (CPU_PER_CONF & ~3u) | 1u << 2;
    SYSCLK_CONF = (SYSCLK_CONF & ~(3u << 10)) | 1u << 10;
}
