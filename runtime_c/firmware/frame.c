#include "frame.h"

#include "protocol.h"

static void append(struct fw_decoder *decoder, uint8_t byte)
{
    if (decoder->length == decoder->capacity) {
        decoder->bad = 1;
    } else {
        decoder->buffer[decoder->length++] = byte;
    }
}

uint32_t fw_crc32(uint32_t crc, const uint8_t *data, uint32_t length)
{
    /* Four bits at a time: 64 bytes of table instead of the usual 1024. */
    static const uint32_t table[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
        0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
    };
    crc = ~crc;
    for (uint32_t i = 0; i < length; ++i) {
        crc = table[(crc ^ data[i]) & 15u] ^ (crc >> 4);
        crc = table[(crc ^ ((uint32_t)data[i] >> 4)) & 15u] ^ (crc >> 4);
    }
    return ~crc;
}

uint32_t fw_decode(struct fw_decoder *decoder, uint8_t byte)
{
    if (byte == 0) {
        uint32_t length = decoder->length;
        int whole = !decoder->bad && decoder->remaining == 0 && length >= FW_HEADER_BYTES + FW_CRC_BYTES;
        fw_forget(decoder);
        if (!whole) {
            return 0;
        }
        length -= FW_CRC_BYTES;
        return fw_crc32(0, decoder->buffer, length) == fw_get_u32(decoder->buffer + length) ? length : 0;
    }
    if (decoder->remaining != 0) {
        append(decoder, byte);
        decoder->remaining--;
        return 0;
    }
    if (decoder->zero_due) {
        append(decoder, 0);
    }
    decoder->remaining = (uint8_t)(byte - 1u);
    decoder->zero_due = byte != 0xFF;
    return 0;
}

int fw_in_frame(const struct fw_decoder *decoder)
{
    return decoder->length != 0 && decoder->buffer[0] < ' ';
}

void fw_forget(struct fw_decoder *decoder)
{
    decoder->length = 0;
    decoder->remaining = 0;
    decoder->zero_due = 0;
    decoder->bad = 0;
}

void fw_encode(uint8_t *frame, uint32_t length, void (*write)(const uint8_t *data, uint32_t length))
{
    static const uint8_t mark = 0;
    uint32_t start = 0;
    fw_put_u32(frame + length, fw_crc32(0, frame, length));
    length += FW_CRC_BYTES;
    write(&mark, 1); /* whatever noise the other side has gathered ends here */
    for (;;) {
        uint32_t end = start;
        while (end < length && frame[end] != 0 && end - start < 254u) {
            ++end;
        }
        uint8_t code = (uint8_t)(end - start + 1u);
        write(&code, 1);
        write(frame + start, end - start);
        if (end == length) {
            break;
        }
        start = code == 0xFF ? end : end + 1; /* a full block stands for no zero */
    }
    write(&mark, 1);
}

uint32_t fw_get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

uint16_t fw_get_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] | from[1] << 8);
}

void fw_put_u32(uint8_t *to, uint32_t value)
{
    fw_put_u16(to, (uint16_t)value);
    fw_put_u16(to + 2, (uint16_t)(value >> 16));
}

void fw_put_u16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}
