/* Non-volatile memory controller of Nordic's nRF51 and nRF52. The processor stands still while it works. */
#include "../../firmware/slots.h"
#include "../port.h"

#define NVMC_READY PORT_REG(0x4001E400u)
#define NVMC_CONFIG PORT_REG(0x4001E504u) /* 0: reading, 1: writing, 2: erasing */
#define NVMC_ERASEPAGE PORT_REG(0x4001E508u)

static void switch_to(uint32_t use)
{
    NVMC_CONFIG = use;
    while ((NVMC_READY & 1u) == 0) {
    }
}

int port_flash_start(void)
{
    switch_to(0);
    return 0;
}

int port_flash_erase(uint32_t offset)
{
    switch_to(2);
    NVMC_ERASEPAGE = (uint32_t)(uintptr_t)(fw_slots + offset);
    switch_to(0);
    return 0;
}

int port_flash_write(uint32_t offset, const uint8_t *data, uint32_t bytes)
{
    switch_to(1);
    for (uint32_t i = 0; i < bytes; i += 4) { /* in words, one by one */
        uint32_t word = data[i] | (uint32_t)data[i + 1] << 8 | (uint32_t)data[i + 2] << 16 | (uint32_t)data[i + 3] << 24;
        PORT_REG(fw_slots + offset + i) = word;
        while ((NVMC_READY & 1u) == 0) {
        }
    }
    switch_to(0);
    return 0;
}
