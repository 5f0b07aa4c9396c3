/* NOR flash made of RAM at fw_slots and a file that every change goes to first: killing the process at any moment is
 * what a loss of power is to a board. Four bytes behind the content of the slots, if there, are the number of operations
 * until the power is lost, in the middle of the next one. */
#include "nor_file.h"

#include <string.h>

#include "../../firmware/frame.h"
#include "../../firmware/slots.h"
#include "../port.h"

/* How many bytes of each slot came with the program. */
extern const uint32_t fw_slot_stored_bytes[FW_SLOTS];

static uint32_t operations_left = UINT32_MAX;

static uint32_t all_bytes(void)
{
    return FW_SLOTS * fw_slot_bytes;
}

int port_flash_start(void)
{
    uint32_t there;
    uint8_t number[4];
    if (file_open(&there) != 0) {
        return 1;
    }
    if (there < all_bytes()) { /* the first start */
        for (uint32_t slot = 0; slot < FW_SLOTS; ++slot) {
            uint32_t stored = fw_slot_stored_bytes[slot];
            memset(fw_slots + slot * fw_slot_bytes + stored, 0xFF, fw_slot_bytes - stored);
        }
        return file_write(0, fw_slots, all_bytes());
    }
    if (there >= all_bytes() + sizeof number) {
        if (file_read(all_bytes(), number, sizeof number) != 0) {
            return 1;
        }
        operations_left = fw_get_u32(number);
    }
    return file_read(0, fw_slots, all_bytes());
}

/* The new content of a range. */
static int change(uint32_t offset, const uint8_t *data, uint32_t bytes)
{
    if (operations_left == 0) {
        file_write(offset, data, bytes / 2);
        file_die();
    }
    operations_left -= operations_left != UINT32_MAX;
    return file_write(offset, data, bytes);
}

int port_flash_erase(uint32_t offset)
{
    if (offset % PORT_FLASH_PAGE_BYTES != 0 || offset >= all_bytes()) {
        return 1;
    }
    memset(fw_slots + offset, 0xFF, PORT_FLASH_PAGE_BYTES);
    return change(offset, fw_slots + offset, PORT_FLASH_PAGE_BYTES);
}

int port_flash_write(uint32_t offset, const uint8_t *data, uint32_t bytes)
{
    if (offset % PORT_FLASH_WRITE_BYTES != 0 || bytes % PORT_FLASH_WRITE_BYTES != 0 || offset > all_bytes() ||
        bytes > all_bytes() - offset) {
        return 1;
    }
    for (uint32_t i = 0; i < bytes; ++i) {
        if ((data[i] & ~(uint32_t)fw_slots[offset + i]) != 0) {
            return 1; /* a bit that is 0 stays 0 until it is erased */
        }
    }
    memcpy(fw_slots + offset, data, bytes);
    return change(offset, data, bytes);
}
