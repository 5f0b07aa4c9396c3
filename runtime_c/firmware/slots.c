#include "slots.h"

#include <string.h>

#include "../port/port.h"
#include "frame.h"

enum { RECORD_BYTES = 16 };

const uint8_t *fw_slot(uint32_t slot)
{
    return fw_slots + slot * fw_slot_bytes;
}

uint32_t fw_slot_word(uint32_t slot, uint32_t offset)
{
    return fw_get_u32(fw_slot(slot) + offset);
}

static uint32_t mark_at(enum fw_mark mark)
{
    return FW_HEAD_BYTES + (uint32_t)mark * FW_MARK_BYTES;
}

uint32_t fw_slot_sequence(uint32_t slot)
{
    return fw_slot_word(slot, mark_at(FW_MARK_INSTALLED));
}

/* What the first mark says: sequence, CRC of the head, CRC of the images, CRC of these twelve bytes. */
static void record(uint8_t out[RECORD_BYTES], uint32_t slot, uint32_t sequence)
{
    const uint8_t *at = fw_slot(slot);
    fw_put_u32(out, sequence);
    fw_put_u32(out + 4, fw_crc32(0, at, FW_HEAD_BYTES));
    fw_put_u32(out + 8, fw_crc32(0, at + FW_SLOT_IMAGE_AT, fw_slot_word(slot, FW_HEAD_IMAGE_BYTES)));
    fw_put_u32(out + 12, fw_crc32(0, out, 12));
}

enum fw_slot_state fw_slot_examine(uint32_t slot)
{
    const uint8_t *at = fw_slot(slot);
    uint8_t expected[RECORD_BYTES];
    if (fw_slot_word(slot, FW_HEAD_MAGIC) != FW_SLOT_MAGIC ||
        fw_slot_word(slot, FW_HEAD_IMAGE_BYTES) > fw_slot_bytes - FW_SLOT_IMAGE_AT) {
        return FW_SLOT_EMPTY;
    }
    record(expected, slot, fw_slot_sequence(slot));
    if (memcmp(at + mark_at(FW_MARK_INSTALLED), expected, RECORD_BYTES) != 0) {
        return FW_SLOT_EMPTY;
    }
    /* Half a mark of a trial is a trial, half a confirmation is none: in doubt the other slot runs. */
    if (fw_slot_is_blank(slot, mark_at(FW_MARK_TRIED), FW_MARK_BYTES)) {
        return FW_SLOT_INSTALLED;
    }
    memset(expected, 0, sizeof expected);
    return memcmp(at + mark_at(FW_MARK_CONFIRMED), expected, RECORD_BYTES) == 0 ? FW_SLOT_CONFIRMED : FW_SLOT_TRIED;
}

int fw_slot_write(uint32_t slot, uint32_t offset, const uint8_t *data, uint32_t bytes)
{
    return port_flash_write(slot * fw_slot_bytes + offset, data, bytes) != 0 ||
           memcmp(fw_slot(slot) + offset, data, bytes) != 0;
}

static int write_mark(uint32_t slot, enum fw_mark mark, const uint8_t content[RECORD_BYTES])
{
    static uint8_t unit[FW_MARK_BYTES];
    memset(unit, 0xFF, sizeof unit);
    memcpy(unit, content, RECORD_BYTES);
    return fw_slot_write(slot, mark_at(mark), unit, sizeof unit);
}

int fw_slot_install(uint32_t slot, const uint8_t *head, uint32_t sequence)
{
    uint8_t content[RECORD_BYTES];
    if (fw_slot_write(slot, 0, head, FW_HEAD_BYTES) != 0) {
        return 1;
    }
    record(content, slot, sequence);
    return write_mark(slot, FW_MARK_INSTALLED, content);
}

int fw_slot_mark(uint32_t slot, enum fw_mark mark)
{
    return write_mark(slot, mark, (const uint8_t[RECORD_BYTES]){0});
}

int fw_slot_is_blank(uint32_t slot, uint32_t offset, uint32_t bytes)
{
    const uint8_t *at = fw_slot(slot) + offset;
    while (bytes != 0 && *at == 0xFF) {
        ++at;
        --bytes;
    }
    return bytes == 0;
}

uint32_t fw_slot_choose(const enum fw_slot_state states[FW_SLOTS])
{
    uint32_t chosen = FW_SLOTS;
    for (uint32_t slot = 0; slot < FW_SLOTS; ++slot) {
        int failed = states[slot] == FW_SLOT_TRIED;
        if (states[slot] == FW_SLOT_EMPTY) {
            continue;
        }
        if (chosen == FW_SLOTS || (!failed && states[chosen] == FW_SLOT_TRIED) ||
            (failed == (states[chosen] == FW_SLOT_TRIED) &&
             (int32_t)(fw_slot_sequence(slot) - fw_slot_sequence(chosen)) > 0)) {
            chosen = slot;
        }
    }
    return chosen;
}
