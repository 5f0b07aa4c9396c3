/* Where the firmware's model comes from: the one it was built with, or, with FW_UPDATABLE, a slot in flash that signed
 * images can be sent to. */
#ifndef RILLET_FIRMWARE_UPDATE_H
#define RILLET_FIRMWARE_UPDATE_H

#include "model.h"
#include "protocol.h"
#include "server.h"

#if defined(FW_UPDATABLE)

/* `rillet build --updatable` writes these. */
extern const uint8_t fw_public_key[]; /* Ed25519 */
extern const char fw_kernel_names[];  /* each followed by a newline: what fw_kernel_crc is of */
extern const uint32_t fw_layout_crc;  /* of the headers that say how kernels' parameters lie in an image */
extern const uint8_t fw_allow_downgrade;

/* Opens the model of the best slot. */
void fw_update_start(void);

/* Serves the requests that are about updates; as the handlers of server.c. */
int fw_update_takes(uint8_t op);
uint8_t fw_update(const uint8_t *request, uint32_t body_bytes, uint8_t *reply, uint32_t *length);

/* Of the running model; "" where there is none. */
const char *fw_model_name(void);
const char *fw_signature_name(uint32_t index);

#define FW_UPDATE_CAPABILITY FW_CAN_UPDATE

#else

#define FW_UPDATE_CAPABILITY 0u

static inline void fw_update_start(void)
{
    fw_open_model(fw_image, fw_image_bytes);
}

static inline int fw_update_takes(uint8_t op)
{
    (void)op;
    return 0;
}

static inline uint8_t fw_update(const uint8_t *request, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    (void)request;
    (void)body_bytes;
    (void)reply;
    (void)length;
    return FW_UNSUPPORTED;
}

static inline const char *fw_model_name(void)
{
    return fw_model;
}

static inline const char *fw_signature_name(uint32_t index)
{
    uint32_t named = 0;
    while (named < index && fw_signatures[named] != NULL) {
        ++named;
    }
    return fw_signatures[named] != NULL ? fw_signatures[named] : "";
}

#endif
#endif
