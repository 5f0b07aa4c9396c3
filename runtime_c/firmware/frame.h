/* Frames on a byte stream: COBS (Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999) with a zero byte as
 * the end mark, and the CRC-32 of IEEE 802.3 over what is inside. */
#ifndef RILLET_FIRMWARE_FRAME_H
#define RILLET_FIRMWARE_FRAME_H

#include <stdint.h>

/* Takes one byte at a time. The caller owns the buffer; a frame longer than `capacity` bytes is dropped whole. */
struct fw_decoder {
    uint8_t *buffer;
    uint32_t capacity;
    uint32_t length;   /* bytes decoded so far */
    uint8_t remaining; /* literal bytes left in the current COBS block */
    uint8_t zero_due;  /* the block before this one stood for a trailing zero */
    uint8_t bad;       /* this frame overflowed: ignore everything up to the end mark */
};

/* CRC-32 (reflected polynomial 0xEDB88320). Start with 0; feed the result back in to go on. */
uint32_t fw_crc32(uint32_t crc, const uint8_t *data, uint32_t length);

/* Feeds one received byte. Returns the length of the frame now complete in the buffer, its CRC checked and left out,
 * or 0: nothing yet, or a frame that was damaged and is forgotten. */
uint32_t fw_decode(struct fw_decoder *decoder, uint8_t byte);

/* Whether the bytes since the last end mark look like a frame: they begin with a protocol version, not with a letter. */
int fw_in_frame(const struct fw_decoder *decoder);

/* Forgets what it has of a frame. */
void fw_forget(struct fw_decoder *decoder);

/* Sends `length` bytes as one frame, CRC added, through `write`. The four bytes after them must be writable. */
void fw_encode(uint8_t *frame, uint32_t length, void (*write)(const uint8_t *data, uint32_t length));

uint32_t fw_get_u32(const uint8_t *from);
uint16_t fw_get_u16(const uint8_t *from);
void fw_put_u32(uint8_t *to, uint32_t value);
void fw_put_u16(uint8_t *to, uint32_t value);

#endif
