/* RP2040: the flash outside of the chip, through functions in its ROM (datasheet, section 2.8.3.1.3). While they work,
 * no instruction can come from flash, so what calls them lies in RAM. */
#include <stddef.h>

#include "../../firmware/slots.h"
#include "../port.h"

#define XIP_BASE 0x10000000u
#define SSI_SSIENR PORT_REG(0x18000008u)
#define SSI_BAUDR PORT_REG(0x18000014u)
#define IN_RAM __attribute__((noinline, section(".data.flash"), long_call))

typedef void *(*lookup_function)(const uint16_t *table, uint32_t code);
typedef void (*plain_function)(void);
typedef void (*erase_function)(uint32_t address, uint32_t bytes, uint32_t block_bytes, uint8_t block_command);
typedef void (*program_function)(uint32_t address, const uint8_t *data, uint32_t bytes);

static struct {
    plain_function connect, leave_xip, flush, enter_xip;
    erase_function erase;
    program_function program;
} rom;

/* Two letters name a function. */
static void *rom_function(char first, char second)
{
    /* Half words at 0x14 and 0x18 of the ROM are the addresses of the table and of the function that searches it. */
    uintptr_t at = 0x14u;
    __asm__("" : "+r"(at)); /* compilers take so low an address for a mistake */
    const uint16_t *start = (const uint16_t *)at;
    lookup_function find = (lookup_function)(uintptr_t)start[2];
    return find((const uint16_t *)(uintptr_t)start[0], (uint32_t)second << 8 | (uint8_t)first);
}

int port_flash_start(void)
{
    rom.connect = (plain_function)(uintptr_t)rom_function('I', 'F');
    rom.leave_xip = (plain_function)(uintptr_t)rom_function('E', 'X');
    rom.erase = (erase_function)(uintptr_t)rom_function('R', 'E');
    rom.program = (program_function)(uintptr_t)rom_function('R', 'P');
    rom.flush = (plain_function)(uintptr_t)rom_function('F', 'C');
    rom.enter_xip = (plain_function)(uintptr_t)rom_function('C', 'X');
    return rom.connect == NULL || rom.leave_xip == NULL || rom.erase == NULL || rom.program == NULL ||
           rom.flush == NULL || rom.enter_xip == NULL;
}

IN_RAM static void change(uint32_t address, const uint8_t *data, uint32_t bytes)
{
    rom.connect();
    rom.leave_xip();
    if (data == NULL) {
        rom.erase(address, bytes, 1u << 16, 0xD8u); /* blocks of 64 KiB where they fit; here they never do */
    } else {
        rom.program(address, data, bytes);
    }
    rom.flush();
    rom.enter_xip(); /* as boot/rp2040.S does, command 03h; but slower */
    SSI_SSIENR = 0;
    SSI_BAUDR = 4u;
    SSI_SSIENR = 1u;
}

int port_flash_erase(uint32_t offset)
{
    change((uint32_t)(uintptr_t)(fw_slots + offset) - XIP_BASE, NULL, PORT_FLASH_PAGE_BYTES);
    return 0;
}

int port_flash_write(uint32_t offset, const uint8_t *data, uint32_t bytes)
{
    change((uint32_t)(uintptr_t)(fw_slots + offset) - XIP_BASE, data, bytes);
    return 0;
}
