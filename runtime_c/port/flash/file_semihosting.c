/* The file that the emulator's semihosting command line names. */
#include "../port.h"
#include "../semihosting.h"
#include "nor_file.h"

enum { OPEN_READ_WRITE = 3, OPEN_NEW = 7 }; /* "r+b", "w+b" */

static uint32_t file;

int file_open(uint32_t *bytes)
{
    static char name[512];
    uint32_t command_line[2] = {(uint32_t)(uintptr_t)name, sizeof name};
    if (semihosting(SEMIHOSTING_COMMAND_LINE, command_line) != 0) {
        return 1;
    }
    uint32_t open[3] = {(uint32_t)(uintptr_t)name, OPEN_READ_WRITE, command_line[1]};
    file = semihosting(SEMIHOSTING_OPEN, open);
    if (file == UINT32_MAX) {
        open[1] = OPEN_NEW;
        file = semihosting(SEMIHOSTING_OPEN, open);
    }
    *bytes = file == UINT32_MAX ? UINT32_MAX : semihosting(SEMIHOSTING_LENGTH, &file);
    return *bytes == UINT32_MAX;
}

static int transfer(uint32_t operation, uint32_t at, const uint8_t *data, uint32_t bytes)
{
    const uint32_t seek[2] = {file, at}, move[3] = {file, (uint32_t)(uintptr_t)data, bytes};
    return semihosting(SEMIHOSTING_SEEK, seek) != 0 || semihosting(operation, move) != 0;
}

int file_read(uint32_t at, uint8_t *data, uint32_t bytes)
{
    return transfer(SEMIHOSTING_READ, at, data, bytes);
}

int file_write(uint32_t at, const uint8_t *data, uint32_t bytes)
{
    return transfer(SEMIHOSTING_WRITE, at, data, bytes);
}

_Noreturn void file_die(void)
{
    port_leave(9);
}
