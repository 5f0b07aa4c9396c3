/* The protocol server: takes requests from the port's byte stream and answers them. */
#ifndef RILLET_FIRMWARE_SERVER_H
#define RILLET_FIRMWARE_SERVER_H

#include <stdint.h>

/* Opens the model and serves until the byte stream ends. */
void fw_serve(void);

/* For a fault handler: says CRASHED with its four words (pc, lr, cause, address) to whoever listens. */
void fw_say_crashed(const uint32_t words[4]);

#endif
