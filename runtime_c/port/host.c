/* POSIX process: the protocol runs over standard input and output. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "port.h"

static uint8_t received[65536];
static ssize_t received_bytes;
static ssize_t taken_bytes;

int port_start(void)
{
    return setvbuf(stdout, NULL, _IOFBF, 65536) == 0 ? 0 : 1;
}

int port_read(void)
{
    if (taken_bytes == received_bytes) {
        fflush(stdout);
        received_bytes = read(STDIN_FILENO, received, sizeof received);
        taken_bytes = 0;
        if (received_bytes <= 0) {
            return -1;
        }
    }
    return received[taken_bytes++];
}

void port_write(const uint8_t *data, uint32_t length)
{
    fwrite(data, 1, length, stdout);
}

uint32_t port_ticks(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

uint32_t port_tick_hz(void)
{
    return 1000000000u;
}

_Noreturn void port_leave(int code)
{
    fflush(stdout);
    exit(code);
}

void port_measure(struct port_memory *memory)
{
    *memory = (struct port_memory){0};
}
