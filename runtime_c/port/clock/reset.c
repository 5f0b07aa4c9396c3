/* The board runs on the clock it has out of reset. */
#include "../port.h"

void clock_start(void)
{
}
