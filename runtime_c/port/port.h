/* All that a platform provides to the firmware: a byte stream, a counter and a way out.
 *
 * A bare-metal board puts it together from four files that board.toml names: start/<core>.c, clock/<kind>.c,
 * uart/<kind>.c and ticks/<kind>.c; bare.c and libc.c serve them all. */
#ifndef RILLET_PORT_H
#define RILLET_PORT_H

#include <stdint.h>

/* Sets up clocks and the byte stream; called once, first. Returns 0, or an exit code for port_leave(). */
int port_start(void);

/* The next byte received, waiting for it without limit; -1 when the stream has ended for good. */
int port_read(void);

/* Sends all bytes before it returns, or before the next port_read() does. */
void port_write(const uint8_t *data, uint32_t length);

/* A free-running counter that wraps at 32 bits, and its rate; rate 0: it counts instructions. */
uint32_t port_ticks(void);
uint32_t port_tick_hz(void);

/* Ends or restarts the program. */
_Noreturn void port_leave(int code);

/* Flash that the program may write: the slots of firmware/slots.h, which lie at fw_slots. Only updatable
 * firmware has these (flash/<kind>.c). `offset` counts from fw_slots. Pages and units are PORT_FLASH_PAGE_BYTES and
 * PORT_FLASH_WRITE_BYTES large; erased bytes are FF, and writing only clears bits. All return 0, or not where the flash
 * fails or is asked for what it cannot do. */
int port_flash_start(void);
int port_flash_erase(uint32_t offset);
int port_flash_write(uint32_t offset, const uint8_t *data, uint32_t bytes);

struct port_memory {
    uint32_t stack_bytes;  /* reserved; 0: not known here */
    uint32_t stack_used;   /* most that was ever in use since start */
    uint32_t static_bytes; /* .data and .bss without arena and stack */
};
void port_measure(struct port_memory *memory);

/* Parts of port_start() on bare metal. */
void clock_start(void);
void uart_start(void);
void ticks_start(void);

/* Called by start/<core>.c on its own stack: fills .data and .bss, paints the stack, runs main(). */
_Noreturn void bare_start(void);

/* From start/<core>.c: sleeps until the UART's interrupt line is up, or not at all where board.toml names none; may
 * return early. Interrupts never run code here, they only end the sleep. */
void core_wait(void);

/* Memory-mapped registers. */
#define PORT_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#endif
