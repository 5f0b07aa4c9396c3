/* What every bare-metal start has in common: sections, the painted stack and the measuring of both. */
#include <string.h>

#include "port.h"

int main(void);

/* From the linker script that rillet.boards writes. */
extern uint32_t port_data_start[], port_data_end[], port_bss_start[], port_bss_end[];
extern const uint32_t port_data_load[];
extern uint32_t port_stack_low[], port_stack_top[];

#define PAINT 0xA5A5A5A5u

_Noreturn void bare_start(void)
{
    /* 16 words below this frame stay untouched: memcpy and memset run there. */
    uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;
    for (uint32_t *word = port_stack_low; word < end; ++word) {
        *word = PAINT;
    }
    memcpy(port_data_start, port_data_load, (uint32_t)((uint8_t *)port_data_end - (uint8_t *)port_data_start));
    memset(port_bss_start, 0, (uint32_t)((uint8_t *)port_bss_end - (uint8_t *)port_bss_start));
    port_leave(main());
}

int port_start(void)
{
    clock_start();
    uart_start();
    ticks_start();
    return 0;
}

void port_measure(struct port_memory *memory)
{
    const uint32_t *word = port_stack_low;
    while (word < port_stack_top && *word == PAINT) {
        ++word;
    }
    memory->stack_bytes = (uint32_t)((uint8_t *)port_stack_top - (uint8_t *)port_stack_low);
    memory->stack_used = (uint32_t)((const uint8_t *)port_stack_top - (const uint8_t *)word);
    memory->static_bytes = (uint32_t)((uint8_t *)port_data_end - (uint8_t *)port_data_start +
                                      ((uint8_t *)port_bss_end - (uint8_t *)port_bss_start));
}
