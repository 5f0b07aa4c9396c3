/* SHA-512 (FIPS 180-4), fed in pieces. */
#ifndef RILLET_FIRMWARE_SHA512_H
#define RILLET_FIRMWARE_SHA512_H

#include <stdint.h>

#define FW_SHA512_BYTES 64u

struct fw_sha512 {
    uint64_t state[8];
    uint32_t length;     /* bytes so far; messages of 512 MiB and more are not served */
    uint8_t block[128];  /* the last length % 128 of them */
};

void fw_sha512_start(struct fw_sha512 *hash);
void fw_sha512_add(struct fw_sha512 *hash, const uint8_t *data, uint32_t length);
void fw_sha512_finish(struct fw_sha512 *hash, uint8_t digest[FW_SHA512_BYTES]);

#endif
