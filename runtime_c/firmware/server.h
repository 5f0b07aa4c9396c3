/* The protocol server: takes requests from the port's byte stream and answers them. */
#ifndef RILLET_FIRMWARE_SERVER_H
#define RILLET_FIRMWARE_SERVER_H

#include <stdint.h>

/* Opens the model and serves until the byte stream ends. */
void fw_serve(void);

/* Makes these plan images, in a row as model.h says, the model that is served. 0: they are damaged, made for other
 * firmware, or none; then there is no model. */
int fw_open_model(const uint8_t *bytes, uint32_t length);

/* Tells the host that the request is accepted and takes its time; before what may take long. */
void fw_say_working(const uint8_t *request);

/* What a fault handler knows. `registers`: r0-r3 and r12 on Arm, a0-a3 and t0 on RISC-V. */
struct fw_fault {
    uint32_t pc, lr;
    uint32_t cause;   /* CFSR on Arm (0 on Armv6-M, which has none), mcause on RISC-V */
    uint32_t address; /* that was accessed, if known */
    uint32_t sp, status; /* status: xPSR or mstatus */
    uint32_t registers[5];
    uint32_t architecture; /* 0: Arm, 1: RISC-V */
};
#define FW_FAULT_WORDS 12u

/* For a fault handler: says CRASHED to whoever listens. */
void fw_say_crashed(const struct fw_fault *fault);

#endif
