/* A file that stands for flash, on the emulators and on this machine: it outlives the program, however that ends. */
#ifndef RILLET_PORT_NOR_FILE_H
#define RILLET_PORT_NOR_FILE_H

#include <stdint.h>

/* Opens the file, making it if it is not there, and gives its length through `bytes`. All: 0, or not on failure. */
int file_open(uint32_t *bytes);
int file_read(uint32_t at, uint8_t *data, uint32_t bytes);
/* Bytes are in the file when this returns, or some of them if the process is killed meanwhile. */
int file_write(uint32_t at, const uint8_t *data, uint32_t bytes);
/* Ends the process at once. */
_Noreturn void file_die(void);

#endif
