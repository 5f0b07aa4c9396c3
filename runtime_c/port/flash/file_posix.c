/* The file that the environment variable RILLET_FLASH names. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "nor_file.h"

static int file = -1;

int file_open(uint32_t *bytes)
{
    const char *name = getenv("RILLET_FLASH");
    file = name != NULL ? open(name, O_RDWR | O_CREAT, 0666) : -1;
    off_t end = file >= 0 ? lseek(file, 0, SEEK_END) : -1;
    *bytes = end < 0 ? 0 : (uint32_t)end;
    return end < 0;
}

int file_read(uint32_t at, uint8_t *data, uint32_t bytes)
{
    return pread(file, data, bytes, (off_t)at) != (ssize_t)bytes;
}

int file_write(uint32_t at, const uint8_t *data, uint32_t bytes)
{
    return pwrite(file, data, bytes, (off_t)at) != (ssize_t)bytes;
}

_Noreturn void file_die(void)
{
    raise(SIGKILL);
    abort();
}
