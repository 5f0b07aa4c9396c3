/* The wire protocol's numbers. docs/protocol.md says what each request and reply carries;
 * devices/protocol.py holds the same numbers for the host, and a test compares the two. */
#ifndef RILLET_FIRMWARE_PROTOCOL_H
#define RILLET_FIRMWARE_PROTOCOL_H

#define FW_VERSION 1u        /* first byte of every frame */
#define FW_HEADER_BYTES 8u   /* version, op, sequence (2), status, three zero bytes */
#define FW_CRC_BYTES 4u      /* CRC-32 of header and body, little-endian, ends the frame */
#define FW_REPLY_BIT 0x80u   /* set in the op of a reply */

/* The largest body in bytes that this device takes or sends; HELLO tells the host. A board may define its own. */
#ifndef FW_BODY_BYTES
#define FW_BODY_BYTES 1024u
#endif

#define FW_OPS(X)                                                         \
    X(HELLO, 1)   /* begin a session: who are you, what do you hold */    \
    X(TENSOR, 2)  /* describe one input or output */                      \
    X(WRITE, 3)   /* bytes into the arena */                              \
    X(READ, 4)    /* bytes out of the arena */                            \
    X(RUN, 5)     /* execute a range of steps, timed as a whole */        \
    X(PROFILE, 6) /* execute a range of steps, timed one by one */        \
    X(MEMORY, 7)  /* stack high-water mark, arena, static RAM */          \
    X(RESET, 8)   /* clear the session's state, or leave the program */   \
    X(LOAD, 9)    /* bytes into the model image */                        \
    X(BOOT, 10)   /* check the loaded image and start using it */         \
    X(SIGNATURE, 11) /* choose what TENSOR, RUN and PROFILE are about */  \
    X(UPDATE, 12) /* the signed head of a model that LOAD will send */    \
    X(CHECK, 13)  /* CRC of what LOAD has left in flash */                \
    X(CONFIRM, 14) /* the new model works: keep it */                     \
    X(SLOTS, 15)  /* what the slots hold, and how to write them */        \
    X(KERNELS, 16) /* names of the kernels in the firmware */             \
    X(FAULT, 127) /* never requested: what a crashed device says */

#define FW_STATUSES(X)                                                                        \
    X(OK, 0, "done")                                                                          \
    X(WORKING, 1, "accepted, still executing; the final reply follows")                       \
    X(UNSUPPORTED, 2, "the device does not offer this request")                               \
    X(BAD_LENGTH, 3, "the request's body has the wrong length")                               \
    X(BAD_RANGE, 4, "an offset, length, index or step number is outside what the device has") \
    X(OUT_OF_SEQUENCE, 5, "the sequence number is not the next one: say HELLO again")         \
    X(NO_MODEL, 6, "the device holds no model")                                               \
    X(RUNTIME_ERROR, 7, "a step failed")                                                      \
    X(BAD_VERSION, 8, "the device speaks another protocol version")                           \
    X(BAD_IMAGE, 9, "the loaded image is damaged or does not fit this firmware")              \
    X(CRASHED, 10, "the device took a hardware fault")                                        \
    X(BAD_SIGNATURE, 11, "the model is not signed with the key that this firmware trusts")    \
    X(WRONG_FIRMWARE, 12, "the model was made for another board or other firmware")           \
    X(TOO_LARGE, 13, "the model needs a larger slot or arena than this firmware has")         \
    X(OLD_VERSION, 14, "the model's version is not above the installed one's")                \
    X(FLASH_ERROR, 15, "the flash did not take what was written")

enum fw_op {
#define X(name, value) FW_OP_##name = value,
    FW_OPS(X)
#undef X
};

enum fw_status {
#define X(name, value, text) FW_##name = value,
    FW_STATUSES(X)
#undef X
};

/* Bits of the capabilities word in the reply to HELLO. */
enum fw_capability {
    FW_CAN_LOAD = 1,   /* LOAD and BOOT are served */
    FW_CAN_LEAVE = 2,  /* RESET with kind 1 ends the program */
    FW_CAN_UPDATE = 4  /* signed models can be installed: UPDATE, LOAD, CHECK, BOOT, CONFIRM, SLOTS, KERNELS */
};

#endif
