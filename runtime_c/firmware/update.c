/* Updates of the model over the wire: a signed head first, so that nothing unsigned ever reaches the flash, then the
 * images into the slot that is not needed, then the check of the whole. docs/updates.md tells the story. */
#include "update.h"

#include <string.h>

#include "../port/port.h"
#include "ed25519.h"
#include "frame.h"
#include "image_check.h"
#include "sha512.h"
#include "slots.h"

static struct {
    enum fw_slot_state states[FW_SLOTS];
    uint32_t running;             /* FW_SLOTS: none */
    uint32_t target;              /* of the update under way; FW_SLOTS: none is */
    uint8_t head[FW_HEAD_BYTES];  /* its signed head */
} update;

static uint32_t room_bytes(void)
{
    return fw_slot_bytes - FW_SLOT_IMAGE_AT;
}

static uint32_t text_bytes(const char *text)
{
    const char *end = text;
    while (*end != 0) {
        ++end;
    }
    return (uint32_t)(end - text);
}

/* Text `index` of a head: model, signatures. After the last one all are "". */
static const char *head_text(const uint8_t *head, uint32_t index)
{
    const char *text = (const char *)head + FW_HEAD_TEXT_AT;
    for (; index != 0 && text[0] != 0; --index) {
        text += text_bytes(text) + 1;
    }
    return text;
}

const char *fw_model_name(void)
{
    return update.running < FW_SLOTS ? head_text(fw_slot(update.running), 0) : "";
}

const char *fw_signature_name(uint32_t index)
{
    return update.running < FW_SLOTS ? head_text(fw_slot(update.running), 1 + index) : "";
}

/* Starts with `slot`; a slot that was never started before counts as tried from here on. 0: its model does not open. */
static int start_slot(uint32_t slot)
{
    const uint8_t *images = fw_slot(slot) + FW_SLOT_IMAGE_AT;
    uint32_t bytes = fw_slot_word(slot, FW_HEAD_IMAGE_BYTES);
    update.running = slot;
    if (update.states[slot] == FW_SLOT_INSTALLED) {
        update.states[slot] = FW_SLOT_TRIED;
        if (fw_slot_mark(slot, FW_MARK_TRIED) != 0) {
            return 0;
        }
    }
    return fw_images_are_sound(images, bytes) && fw_open_model(images, bytes);
}

/* Starts with the best slot that opens. */
static void start_best(void)
{
    enum fw_slot_state left[FW_SLOTS];
    uint32_t slot;
    memcpy(left, update.states, sizeof left);
    while ((slot = fw_slot_choose(left)) < FW_SLOTS) {
        if (start_slot(slot)) {
            return;
        }
        left[slot] = FW_SLOT_EMPTY;
    }
    update.running = FW_SLOTS;
    fw_open_model(NULL, 0);
}

void fw_update_start(void)
{
    if (port_flash_start() != 0) {
        port_leave(4);
    }
    update.target = FW_SLOTS;
    for (uint32_t slot = 0; slot < FW_SLOTS; ++slot) {
        update.states[slot] = fw_slot_examine(slot);
    }
    start_best();
}

/* The slot that must stay as it is: the newest confirmed one, else the one that runs; FW_SLOTS: none. */
static uint32_t kept_slot(void)
{
    enum fw_slot_state confirmed[FW_SLOTS];
    uint32_t slot;
    for (slot = 0; slot < FW_SLOTS; ++slot) {
        confirmed[slot] = update.states[slot] == FW_SLOT_CONFIRMED ? FW_SLOT_CONFIRMED : FW_SLOT_EMPTY;
    }
    slot = fw_slot_choose(confirmed);
    return slot < FW_SLOTS ? slot : update.running;
}

static uint8_t check_head(const uint8_t *head, uint32_t kept)
{
    if (fw_get_u32(head + FW_HEAD_MAGIC) != FW_SLOT_MAGIC || fw_get_u32(head + FW_HEAD_FORMAT) != FW_SLOT_FORMAT ||
        head[FW_HEAD_SIGNED_BYTES - 2] != 0 || head[FW_HEAD_SIGNED_BYTES - 1] != 0) {
        return FW_BAD_IMAGE;
    }
    if (!fw_ed25519_verify(head + FW_HEAD_SIGNED_BYTES, fw_public_key, head, FW_HEAD_SIGNED_BYTES)) {
        return FW_BAD_SIGNATURE;
    }
    if (fw_get_u32(head + FW_HEAD_KERNELS) != fw_kernel_crc || fw_get_u32(head + FW_HEAD_LAYOUT) != fw_layout_crc ||
        fw_get_u32(head + FW_HEAD_BOARD) != fw_crc32(0, (const uint8_t *)fw_board, text_bytes(fw_board))) {
        return FW_WRONG_FIRMWARE;
    }
    if (fw_get_u32(head + FW_HEAD_IMAGE_BYTES) > room_bytes() ||
        fw_get_u32(head + FW_HEAD_ARENA_BYTES) > fw_arena_bytes) {
        return FW_TOO_LARGE;
    }
    if (!fw_allow_downgrade && kept < FW_SLOTS &&
        fw_get_u32(head + FW_HEAD_VERSION) <= fw_slot_word(kept, FW_HEAD_VERSION)) {
        return FW_OLD_VERSION;
    }
    return FW_OK;
}

/* UPDATE: checks the head and chooses the slot. Nothing in flash changes but the head and marks of that slot. */
static uint8_t begin(const uint8_t *body, uint32_t body_bytes)
{
    uint32_t kept = kept_slot(), target = kept == 0 ? 1 : 0;
    uint8_t status;
    update.target = FW_SLOTS;
    if (body_bytes != FW_HEAD_BYTES) {
        return FW_BAD_LENGTH;
    }
    status = check_head(body, kept);
    if (status != FW_OK) {
        return status;
    }
    update.states[target] = FW_SLOT_EMPTY;
    if (update.running == target) { /* on trial, and never to be confirmed */
        start_best();
    }
    if (!fw_slot_is_blank(target, 0, FW_SLOT_IMAGE_AT) && port_flash_erase(target * fw_slot_bytes) != 0) {
        return FW_FLASH_ERROR;
    }
    memcpy(update.head, body, FW_HEAD_BYTES);
    update.target = target;
    return FW_OK;
}

/* Whether part of it lies behind the room for images. */
static int outside(uint32_t offset, uint32_t count)
{
    return offset > room_bytes() || count > room_bytes() - offset;
}

/* LOAD: whoever begins a page erases it. */
static uint8_t load(const uint8_t *body, uint32_t body_bytes)
{
    uint32_t offset, at, count = body_bytes - 4;
    if (update.target == FW_SLOTS) {
        return FW_BAD_IMAGE;
    }
    if (body_bytes < 4 || count % PORT_FLASH_WRITE_BYTES != 0) {
        return FW_BAD_LENGTH;
    }
    offset = fw_get_u32(body);
    at = offset + FW_SLOT_IMAGE_AT;
    if (outside(offset, count) || offset % PORT_FLASH_WRITE_BYTES != 0 ||
        at % PORT_FLASH_PAGE_BYTES + count > PORT_FLASH_PAGE_BYTES) {
        return FW_BAD_RANGE;
    }
    if (offset == 0 || at % PORT_FLASH_PAGE_BYTES == 0) {
        uint32_t page = at - at % PORT_FLASH_PAGE_BYTES;
        if (!fw_slot_is_blank(update.target, page, PORT_FLASH_PAGE_BYTES) &&
            port_flash_erase(update.target * fw_slot_bytes + page) != 0) {
            return FW_FLASH_ERROR;
        }
    }
    return fw_slot_write(update.target, at, body + 4, count) == 0 ? FW_OK : FW_FLASH_ERROR;
}

/* CHECK: what is there already, for who takes up a broken transfer. */
static uint8_t check(const uint8_t *body, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    uint32_t offset = fw_get_u32(body), count = fw_get_u32(body + 4);
    if (body_bytes != 8) {
        return FW_BAD_LENGTH;
    }
    if (update.target == FW_SLOTS || outside(offset, count)) {
        return update.target == FW_SLOTS ? FW_BAD_IMAGE : FW_BAD_RANGE;
    }
    fw_put_u32(reply, fw_crc32(0, fw_slot(update.target) + FW_SLOT_IMAGE_AT + offset, count));
    *length = 4;
    return FW_OK;
}

static int hash_is_right(const uint8_t *images, uint32_t bytes)
{
    uint8_t digest[FW_SHA512_BYTES];
    struct fw_sha512 hash;
    fw_sha512_start(&hash);
    fw_sha512_add(&hash, images, bytes);
    fw_sha512_finish(&hash, digest);
    return memcmp(digest, update.head + FW_HEAD_HASH, sizeof digest) == 0;
}

/* BOOT: the slot counts from the moment that its mark is written, which is the last thing to be. */
static uint8_t boot(const uint8_t *body, uint32_t body_bytes)
{
    uint32_t slot = update.target, other = slot ^ 1u, bytes = fw_get_u32(update.head + FW_HEAD_IMAGE_BYTES);
    const uint8_t *images = fw_slot(slot) + FW_SLOT_IMAGE_AT;
    if (body_bytes != 4) {
        return FW_BAD_LENGTH;
    }
    if (slot == FW_SLOTS || fw_get_u32(body) != bytes || !hash_is_right(images, bytes) ||
        !fw_images_are_sound(images, bytes)) {
        return FW_BAD_IMAGE;
    }
    update.target = FW_SLOTS;
    if (fw_slot_install(slot, update.head, update.states[other] != FW_SLOT_EMPTY ? fw_slot_sequence(other) + 1 : 1)) {
        return FW_FLASH_ERROR;
    }
    update.states[slot] = fw_slot_examine(slot);
    start_best();
    return update.running == slot ? FW_OK : FW_BAD_IMAGE;
}

static uint8_t confirm(void)
{
    if (update.running == FW_SLOTS) {
        return FW_NO_MODEL;
    }
    if (update.states[update.running] != FW_SLOT_CONFIRMED) {
        if (fw_slot_mark(update.running, FW_MARK_CONFIRMED) != 0) {
            return FW_FLASH_ERROR;
        }
        update.states[update.running] = FW_SLOT_CONFIRMED;
    }
    return FW_OK;
}

static uint8_t slots(uint8_t *reply, uint32_t *length)
{
    uint8_t *at = reply + 28 + FW_KEY_BYTES;
    fw_put_u32(reply, PORT_FLASH_PAGE_BYTES);
    fw_put_u32(reply + 4, PORT_FLASH_WRITE_BYTES);
    fw_put_u32(reply + 8, FW_SLOT_IMAGE_AT);
    fw_put_u32(reply + 12, room_bytes());
    fw_put_u32(reply + 16, fw_layout_crc);
    fw_put_u32(reply + 20, update.running);
    fw_put_u32(reply + 24, fw_allow_downgrade);
    memcpy(reply + 28, fw_public_key, FW_KEY_BYTES);
    for (uint32_t slot = 0; slot < FW_SLOTS; ++slot, at += 16) {
        int there = update.states[slot] != FW_SLOT_EMPTY;
        fw_put_u32(at, (uint32_t)update.states[slot]);
        fw_put_u32(at + 4, there ? fw_slot_word(slot, FW_HEAD_VERSION) : 0);
        fw_put_u32(at + 8, there ? fw_slot_sequence(slot) : 0);
        fw_put_u32(at + 12, there ? fw_slot_word(slot, FW_HEAD_IMAGE_BYTES) : 0);
    }
    *length = (uint32_t)(at - reply);
    return FW_OK;
}

static uint8_t kernels(const uint8_t *body, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    uint32_t offset = fw_get_u32(body), all = text_bytes(fw_kernel_names);
    if (body_bytes != 4 || offset > all) {
        return body_bytes != 4 ? FW_BAD_LENGTH : FW_BAD_RANGE;
    }
    *length = all - offset < FW_BODY_BYTES ? all - offset : FW_BODY_BYTES;
    memcpy(reply, fw_kernel_names + offset, *length);
    return FW_OK;
}

int fw_update_takes(uint8_t op)
{
    return op == FW_OP_LOAD || op == FW_OP_BOOT || (op >= FW_OP_UPDATE && op <= FW_OP_KERNELS);
}

uint8_t fw_update(const uint8_t *request, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    const uint8_t *body = request + FW_HEADER_BYTES;
    switch (request[1]) {
    case FW_OP_LOAD: return load(body, body_bytes);
    case FW_OP_BOOT: fw_say_working(request); return boot(body, body_bytes);
    case FW_OP_UPDATE: fw_say_working(request); return begin(body, body_bytes);
    case FW_OP_CHECK: return check(body, body_bytes, reply, length);
    case FW_OP_CONFIRM: return confirm();
    case FW_OP_SLOTS: return slots(reply, length);
    default: return kernels(body, body_bytes, reply, length);
    }
}
