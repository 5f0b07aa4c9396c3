/* Two places in flash for a model, so that one is whole while the other is written. docs/updates.md has the layout, the
 * states and what a loss of power does in each.
 *
 * A slot is a signed head, three marks, and the plan images. A mark is written once, as a whole unit of the flash. */
#ifndef RILLET_FIRMWARE_SLOTS_H
#define RILLET_FIRMWARE_SLOTS_H

#include <stdint.h>

/* From board.toml: what is erased at once, and the unit of writing. */
#ifndef PORT_FLASH_PAGE_BYTES
#define PORT_FLASH_PAGE_BYTES 4096u
#define PORT_FLASH_WRITE_BYTES 4u
#endif

#define FW_SLOTS 2u
#define FW_SLOT_MAGIC 0x4D544C52u /* "RLTM" */
#define FW_SLOT_FORMAT 1u
#define FW_HEAD_BYTES 256u /* what a body of every device can hold */
#define FW_HEAD_SIGNED_BYTES 192u /* its signature follows */
#define FW_HEAD_TEXT_AT 96u /* names of model and signatures, each ended by a zero, all by another */
#define FW_MARK_BYTES (PORT_FLASH_WRITE_BYTES < 16u ? 16u : PORT_FLASH_WRITE_BYTES)
#define FW_SLOT_IMAGE_AT ((FW_HEAD_BYTES + 3u * FW_MARK_BYTES + 63u) & ~63u)
_Static_assert(FW_HEAD_BYTES % PORT_FLASH_WRITE_BYTES == 0, "the head is written as it is");
_Static_assert(FW_SLOT_IMAGE_AT <= PORT_FLASH_PAGE_BYTES, "head and marks lie in one page");

/* Offsets of 32-bit words in the head. */
enum fw_head_word {
    FW_HEAD_MAGIC = 0,
    FW_HEAD_FORMAT = 4,
    FW_HEAD_VERSION = 8,      /* of the model: counts up */
    FW_HEAD_IMAGE_BYTES = 12, /* of all plan images together, as in model.h */
    FW_HEAD_KERNELS = 16,     /* fw_kernel_crc and fw_layout_crc of the firmware that it is for */
    FW_HEAD_LAYOUT = 20,
    FW_HEAD_ARENA_BYTES = 24,
    FW_HEAD_BOARD = 28,       /* CRC-32 of fw_board */
    FW_HEAD_HASH = 32         /* SHA-512 of the images */
};

enum fw_mark {
    FW_MARK_INSTALLED, /* the slot holds what was checked; see record() in slots.c */
    FW_MARK_TRIED,     /* it has been started */
    FW_MARK_CONFIRMED  /* and the host has found it to work */
};

enum fw_slot_state {
    FW_SLOT_EMPTY, /* or damaged, or half written */
    FW_SLOT_INSTALLED,
    FW_SLOT_TRIED,
    FW_SLOT_CONFIRMED
};

extern uint8_t fw_slots[]; /* FW_SLOTS, at the start of a page; for reading only */
extern const uint32_t fw_slot_bytes;

const uint8_t *fw_slot(uint32_t slot);
/* A word of a slot's head, see fw_head_word. */
uint32_t fw_slot_word(uint32_t slot, uint32_t offset);
/* Says which slot is newer, by sequence: it counts installations on this device. */
uint32_t fw_slot_sequence(uint32_t slot);
/* Reads all of the slot: every bit that was changed since it was installed makes it FW_SLOT_EMPTY. */
enum fw_slot_state fw_slot_examine(uint32_t slot);
/* These three: 0, or not if the flash does not take it. */
int fw_slot_write(uint32_t slot, uint32_t offset, const uint8_t *data, uint32_t bytes);
int fw_slot_install(uint32_t slot, const uint8_t *head, uint32_t sequence);
int fw_slot_mark(uint32_t slot, enum fw_mark mark);
/* Whether every byte of a range of the slot is erased. */
int fw_slot_is_blank(uint32_t slot, uint32_t offset, uint32_t bytes);

/* The slot to start with: the newest that is confirmed or has not been tried; FW_SLOTS: none. */
uint32_t fw_slot_choose(const enum fw_slot_state states[FW_SLOTS]);

#endif
