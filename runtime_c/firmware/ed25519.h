/* Ed25519 signatures (RFC 8032): only checking them. All that it handles is public, so its time may depend on it. */
#ifndef RILLET_FIRMWARE_ED25519_H
#define RILLET_FIRMWARE_ED25519_H

#include <stdint.h>

#define FW_KEY_BYTES 32u
#define FW_SIGNATURE_BYTES 64u

/* Whether `signature` is one of the message by the key. Takes 1.6 KiB of stack and no other memory. */
int fw_ed25519_verify(const uint8_t signature[FW_SIGNATURE_BYTES], const uint8_t key[FW_KEY_BYTES],
                      const uint8_t *message, uint32_t length);

#endif
