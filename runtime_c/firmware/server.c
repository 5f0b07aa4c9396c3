#include "server.h"

#include <string.h>

#include "../port/port.h"
#include "frame.h"
#include "model.h"
#include "protocol.h"
#include "update.h"

#define TEXT_BYTES 64u /* of a text in a reply, its length byte included */
#define HELLO_BYTES (36u + 3u * TEXT_BYTES)
_Static_assert(FW_BODY_BYTES >= HELLO_BYTES && FW_BODY_BYTES <= 65532u, "the reply to HELLO is the longest of fixed size");
#define FRAME_BYTES (FW_HEADER_BYTES + FW_BODY_BYTES + FW_CRC_BYTES)

/* One request and one reply, both kept: a request that comes again gets the same reply and is not executed twice. */
static struct {
    rlt_session session;
    const rlt_image *image; /* of the chosen signature; NULL: no model */
    const uint8_t *images;  /* of all signatures, see model.h */
    uint32_t image_bytes;
    uint32_t image_count;
    uint32_t reply_bytes;   /* of the last executed request; 0: none yet, HELLO must come first */
    uint32_t request_crc;
    uint8_t request[FRAME_BYTES];
    uint8_t reply[FRAME_BYTES];
} server;

static int outside(uint32_t offset, uint32_t count, uint32_t limit)
{
    return offset > limit || count > limit - offset;
}

/* Whether READ and WRITE can reach a tensor and TENSOR describe it. */
static int reachable(rlt_view view)
{
    uintptr_t offset = (uintptr_t)view.data - (uintptr_t)fw_arena;
    return view.rank <= RLT_MAX_RANK && offset <= fw_arena_bytes &&
           !outside((uint32_t)offset, view.bytes, fw_arena_bytes);
}

static int all_reachable(void)
{
    uint32_t inputs = rlt_session_input_count(&server.session), outputs = rlt_session_output_count(&server.session);
    for (uint32_t i = 0; i < inputs; ++i) {
        if (!reachable(rlt_session_input(&server.session, i))) {
            return 0;
        }
    }
    for (uint32_t i = 0; i < outputs; ++i) {
        if (!reachable(rlt_session_output(&server.session, i))) {
            return 0;
        }
    }
    return inputs <= UINT16_MAX && outputs <= UINT16_MAX;
}

/* The image at `bytes`, of which there are `length`; NULL: it is damaged or for another firmware. */
static const rlt_image *checked(const uint8_t *bytes, uint32_t length)
{
    const rlt_image *image = (const rlt_image *)(const void *)bytes;
    int whole = length >= sizeof *image && image->bytes >= sizeof *image && image->bytes <= length;
    return whole && image->kernel_limit <= fw_kernel_count &&
                   fw_crc32(0, bytes + 16, image->bytes - 16) == image->crc
               ? image
               : NULL;
}

/* What an image takes in a row of them, the room to the next one included; never more than is left. */
static uint32_t stride(const rlt_image *image, uint32_t left)
{
    uint32_t padding = (0u - image->bytes) & (FW_IMAGE_ALIGNMENT - 1u);
    return padding < left - image->bytes ? image->bytes + padding : left;
}

/* Makes signature `index` the chosen one; variables keep their values. */
static void choose(uint32_t index)
{
    const uint8_t *at = server.images;
    uint32_t left = server.image_bytes;
    const rlt_image *image = (const rlt_image *)(const void *)at;
    for (; index != 0; --index) {
        uint32_t step = stride(image, left);
        at += step;
        left -= step;
        image = (const rlt_image *)(const void *)at;
    }
    server.image = image;
    rlt_session_attach_with(&server.session, image, NULL, fw_arena, fw_arena_bytes, fw_kernels);
#if defined(FW_FAST_ARENA)
    server.session.base[RLT_REGION_FAST] = (uint8_t *)((uintptr_t)fw_fast_arena - fw_slow_bytes);
#endif
}

/* Opens a session of each image, which gives all variables their first values, and chooses the first. */
int fw_open_model(const uint8_t *bytes, uint32_t length)
{
    uint32_t at = 0;
    server.image = NULL;
    server.images = bytes;
    server.image_bytes = length;
    server.image_count = 0;
    while (at < length) {
        const rlt_image *image = checked(bytes + at, length - at);
        if (image == NULL || server.image_count == UINT16_MAX ||
            rlt_session_open_with(&server.session, image, NULL, fw_arena, fw_arena_bytes, fw_kernels) != RLT_OK ||
            !all_reachable()) {
            server.image_count = 0;
            return 0;
        }
        server.image_count++;
        at += stride(image, length - at);
    }
    if (server.image_count != 0) {
        choose(0);
    }
    return server.image_count != 0;
}

static void put_u64(uint8_t *to, uint64_t value)
{
    fw_put_u32(to, (uint32_t)value);
    fw_put_u32(to + 4, (uint32_t)(value >> 32));
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
    uint32_t length = 0;
    while (text[length] != 0 && length + 1u < TEXT_BYTES) {
        to[length + 1] = (uint8_t)text[length];
        ++length;
    }
    to[0] = (uint8_t)length;
    return to + length + 1;
}

/* A reply without a body; leaves the kept reply alone. */
static void send_bare(uint8_t op, uint16_t sequence, uint8_t status)
{
    uint8_t frame[FW_HEADER_BYTES + FW_CRC_BYTES] = {FW_VERSION, op, 0, 0, status, 0, 0, 0};
    fw_put_u16(frame + 2, sequence);
    fw_encode(frame, FW_HEADER_BYTES, port_write);
}

void fw_say_working(const uint8_t *request)
{
    send_bare((uint8_t)(request[1] | FW_REPLY_BIT), fw_get_u16(request + 2), FW_WORKING);
}

/* Each handler below gets the request's body and its length, writes the reply's body and gives its length through
 * *length, and returns the status. */

static uint8_t hello(uint8_t *reply, uint32_t *length)
{
    const rlt_image *image;
    uint8_t *end;
    if (server.image != NULL) {
        choose(0);
    }
    image = server.image;
    fw_put_u16(reply, FW_BODY_BYTES);
    fw_put_u16(reply + 2, (uint16_t)server.image_count);
    fw_put_u32(reply + 4, FW_CAN_LEAVE | FW_UPDATE_CAPABILITY | (fw_image_room_bytes != 0 ? FW_CAN_LOAD : 0u));
    fw_put_u32(reply + 8, fw_kernel_crc);
    fw_put_u32(reply + 12, image ? image->crc : 0);
    fw_put_u32(reply + 16, image ? image->bytes : 0);
    fw_put_u32(reply + 20, fw_arena_bytes);
    fw_put_u32(reply + 24, image ? image->step_count : 0);
    fw_put_u32(reply + 28, port_tick_hz());
    fw_put_u16(reply + 32, (uint16_t)(image ? image->input_count : 0));
    fw_put_u16(reply + 34, (uint16_t)(image ? image->output_count : 0));
    end = put_text(put_text(put_text(reply + 36, fw_board), fw_core), fw_model_name());
    *length = (uint32_t)(end - reply);
    return FW_OK;
}

static uint8_t signature(const uint8_t *body, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    uint32_t index;
    if (body_bytes != 2) {
        return FW_BAD_LENGTH;
    }
    if (server.image == NULL) {
        return FW_NO_MODEL;
    }
    index = fw_get_u16(body);
    if (index >= server.image_count) {
        return FW_BAD_RANGE;
    }
    choose(index);
    fw_put_u32(reply, server.image->crc);
    fw_put_u32(reply + 4, server.image->bytes);
    fw_put_u32(reply + 8, server.image->arena_bytes);
    fw_put_u32(reply + 12, server.image->step_count);
    fw_put_u16(reply + 16, (uint16_t)server.image->input_count);
    fw_put_u16(reply + 18, (uint16_t)server.image->output_count);
    *length = (uint32_t)(put_text(reply + 20, fw_signature_name(index)) - reply);
    return FW_OK;
}

static uint8_t tensor(const uint8_t *body, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    rlt_view view;
    if (body_bytes != 4) {
        return FW_BAD_LENGTH;
    }
    if (server.image == NULL) {
        return FW_NO_MODEL;
    }
    view = fw_get_u16(body) == 0 ? rlt_session_input(&server.session, fw_get_u16(body + 2))
                                 : rlt_session_output(&server.session, fw_get_u16(body + 2));
    if (fw_get_u16(body) > 1 || view.data == NULL) {
        return FW_BAD_RANGE;
    }
    fw_put_u16(reply, (uint16_t)view.type);
    fw_put_u16(reply + 2, (uint16_t)view.rank);
    fw_put_u32(reply + 4, (uint32_t)((uint8_t *)view.data - fw_arena));
    fw_put_u32(reply + 8, view.bytes);
    memcpy(reply + 12, &view.scale, 4);
    fw_put_u32(reply + 16, (uint32_t)view.zero_point);
    for (uint32_t i = 0; i < view.rank; ++i) {
        fw_put_u32(reply + 20 + 4 * i, (uint32_t)view.dims[i]);
    }
    *length = 20 + 4 * view.rank;
    return FW_OK;
}

/* Where `count` bytes of the arena lie; NULL: not all of them in it, or in two memories. */
static uint8_t *arena_at(uint32_t offset, uint32_t count)
{
    if (outside(offset, count, fw_arena_bytes)) {
        return NULL;
    }
#if defined(FW_FAST_ARENA)
    if (offset >= fw_slow_bytes) {
        return fw_fast_arena + (offset - fw_slow_bytes);
    }
    if (count > fw_slow_bytes - offset) {
        return NULL;
    }
#endif
    return fw_arena + offset;
}

static uint8_t write_arena(const uint8_t *body, uint32_t body_bytes)
{
    if (body_bytes < 4) {
        return FW_BAD_LENGTH;
    }
    uint8_t *to = arena_at(fw_get_u32(body), body_bytes - 4);
    if (to == NULL) {
        return FW_BAD_RANGE;
    }
    memcpy(to, body + 4, body_bytes - 4);
    return FW_OK;
}

static uint8_t read_arena(const uint8_t *body, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    uint32_t count;
    if (body_bytes != 8) {
        return FW_BAD_LENGTH;
    }
    count = fw_get_u32(body + 4);
    const uint8_t *from = arena_at(fw_get_u32(body), count);
    if (count > FW_BODY_BYTES || from == NULL) {
        return FW_BAD_RANGE;
    }
    memcpy(reply, from, count);
    *length = count;
    return FW_OK;
}

/* Runs the steps from `first` to before `first + count`, jumps followed, and adds up their ticks, each step's own in
 * `each` unless that is NULL. Timed one by one because 32 bits of a fast counter wrap within the run of a large model. */
static uint8_t run_steps(uint32_t first, uint32_t count, uint64_t *total, uint8_t *each, uint8_t *reply, uint32_t *length)
{
    rlt_run seen = rlt_session_start(&server.session);
    for (uint32_t next = first; next - first < count;) {
        uint32_t step = next, start = port_ticks(), ticks;
        rlt_status status = rlt_session_step(&server.session, &seen, &next);
        ticks = port_ticks() - start;
        if (status != RLT_OK) {
            fw_put_u32(reply, step);
            fw_put_u32(reply + 4, (uint32_t)status);
            *length = 8;
            return FW_RUNTIME_ERROR;
        }
        *total += ticks;
        if (each != NULL) {
            uint8_t *at = each + 4 * (step - first);
            fw_put_u32(at, fw_get_u32(at) + ticks);
        }
    }
    return FW_OK;
}

static uint8_t run(const uint8_t *request, const uint8_t *body, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    int profile = request[1] == FW_OP_PROFILE;
    uint32_t first, count, repetitions;
    uint64_t total = 0;
    uint8_t status = FW_OK;
    if (body_bytes != 12) {
        return FW_BAD_LENGTH;
    }
    if (server.image == NULL) {
        return FW_NO_MODEL;
    }
    first = fw_get_u32(body);
    count = fw_get_u32(body + 4);
    repetitions = fw_get_u32(body + 8);
    if (outside(first, count, server.image->step_count) ||
        (profile && (repetitions != 1 || count > FW_BODY_BYTES / 4))) {
        return FW_BAD_RANGE;
    }
    fw_say_working(request);
    if (profile) {
        memset(reply, 0, 4 * count);
    }
    for (; repetitions != 0 && status == FW_OK; --repetitions) {
        status = run_steps(first, count, &total, profile ? reply : NULL, reply, length);
    }
    if (status != FW_OK) {
        return status;
    }
    if (profile) {
        *length = 4 * count;
    } else {
        put_u64(reply, total);
        *length = 8;
    }
    return FW_OK;
}

static uint8_t memory(uint8_t *reply, uint32_t *length)
{
    struct port_memory measured;
    port_measure(&measured);
    fw_put_u32(reply, measured.stack_bytes);
    fw_put_u32(reply + 4, measured.stack_used);
    fw_put_u32(reply + 8, fw_arena_bytes);
    fw_put_u32(reply + 12, server.image ? server.image->arena_bytes : 0);
    fw_put_u32(reply + 16, measured.static_bytes);
    *length = 20;
    return FW_OK;
}

static uint8_t load(const uint8_t *body, uint32_t body_bytes)
{
    if (fw_image_room_bytes == 0) {
        return FW_UNSUPPORTED;
    }
    if (body_bytes < 4) {
        return FW_BAD_LENGTH;
    }
    if (outside(fw_get_u32(body), body_bytes - 4, fw_image_room_bytes)) {
        return FW_BAD_RANGE;
    }
    server.image = NULL; /* the model in the room, if any, is being overwritten */
    memcpy(fw_image_room + fw_get_u32(body), body + 4, body_bytes - 4);
    return FW_OK;
}

static uint8_t boot(const uint8_t *body, uint32_t body_bytes)
{
    if (fw_image_room_bytes == 0) {
        return FW_UNSUPPORTED;
    }
    if (body_bytes != 4) {
        return FW_BAD_LENGTH;
    }
    if (fw_get_u32(body) > fw_image_room_bytes) {
        return FW_BAD_RANGE;
    }
    return fw_open_model(fw_image_room, fw_get_u32(body)) ? FW_OK : FW_BAD_IMAGE;
}

static uint8_t reset(const uint8_t *body, uint32_t body_bytes)
{
    if (body_bytes != 1) {
        return FW_BAD_LENGTH;
    }
    if (body[0] > 1) {
        return FW_BAD_RANGE;
    }
    if (body[0] == 0) {
#if defined(FW_FAST_ARENA)
        memset(fw_arena, 0, fw_slow_bytes);
        memset(fw_fast_arena, 0, fw_arena_bytes - fw_slow_bytes);
#else
        memset(fw_arena, 0, fw_arena_bytes);
#endif
        if (server.image != NULL) {
            fw_open_model(server.images, server.image_bytes);
        }
    }
    return FW_OK;
}

static uint8_t execute(const uint8_t *request, uint32_t body_bytes, uint8_t *reply, uint32_t *length)
{
    const uint8_t *body = request + FW_HEADER_BYTES;
    if (fw_update_takes(request[1])) {
        return fw_update(request, body_bytes, reply, length);
    }
    switch (request[1]) {
    case FW_OP_HELLO: return hello(reply, length);
    case FW_OP_TENSOR: return tensor(body, body_bytes, reply, length);
    case FW_OP_WRITE: return write_arena(body, body_bytes);
    case FW_OP_READ: return read_arena(body, body_bytes, reply, length);
    case FW_OP_RUN:
    case FW_OP_PROFILE: return run(request, body, body_bytes, reply, length);
    case FW_OP_MEMORY: return memory(reply, length);
    case FW_OP_RESET: return reset(body, body_bytes);
    case FW_OP_LOAD: return load(body, body_bytes);
    case FW_OP_BOOT: return boot(body, body_bytes);
    case FW_OP_SIGNATURE: return signature(body, body_bytes, reply, length);
    default: return FW_UNSUPPORTED;
    }
}

static void handle(uint32_t request_bytes)
{
    const uint8_t *request = server.request;
    uint8_t op = request[1];
    uint16_t sequence = fw_get_u16(request + 2);
    uint32_t crc = fw_get_u32(request + request_bytes); /* the decoder has checked it */
    uint32_t body_bytes = 0;

    if (op & FW_REPLY_BIT) {
        return; /* an echo of our own */
    }
    if (request[0] != FW_VERSION) {
        send_bare(op | FW_REPLY_BIT, sequence, FW_BAD_VERSION);
        return;
    }
    if (server.reply_bytes != 0 && sequence == fw_get_u16(server.reply + 2) && crc == server.request_crc) {
        fw_encode(server.reply, server.reply_bytes, port_write);
        return;
    }
    if (op != FW_OP_HELLO &&
        (server.reply_bytes == 0 || sequence != (uint16_t)(fw_get_u16(server.reply + 2) + 1u))) {
        send_bare(op | FW_REPLY_BIT, sequence, FW_OUT_OF_SEQUENCE);
        return;
    }
    server.reply[0] = FW_VERSION;
    server.reply[1] = op | FW_REPLY_BIT;
    memcpy(server.reply + 2, request + 2, 2);
    memset(server.reply + 4, 0, 4);
    server.request_crc = crc;
    server.reply[4] = execute(request, request_bytes - FW_HEADER_BYTES, server.reply + FW_HEADER_BYTES, &body_bytes);
    server.reply_bytes = FW_HEADER_BYTES + body_bytes;
    fw_encode(server.reply, server.reply_bytes, port_write);
    if (op == FW_OP_RESET && server.reply[4] == FW_OK && request[FW_HEADER_BYTES] == 1) {
        port_leave(0);
    }
}

void fw_serve(void)
{
    struct fw_decoder decoder = {.buffer = server.request, .capacity = FRAME_BYTES};
    int byte;
    fw_update_start();
    while ((byte = port_read()) >= 0) {
        uint32_t length = fw_decode(&decoder, (uint8_t)byte);
        if (length != 0) {
            handle(length);
        } else if (fw_text != NULL && !fw_in_frame(&decoder) &&
                   fw_text((uint8_t)byte, server.image != NULL ? &server.session : NULL)) {
            fw_forget(&decoder);
        }
    }
}

void fw_say_crashed(const struct fw_fault *fault)
{
    const uint32_t *words = (const uint32_t *)(const void *)fault;
    uint8_t frame[FW_HEADER_BYTES + 4 * FW_FAULT_WORDS + FW_CRC_BYTES] = {
        FW_VERSION, FW_OP_FAULT | FW_REPLY_BIT, 0, 0, FW_CRASHED};
    _Static_assert(sizeof *fault == 4 * FW_FAULT_WORDS, "sent word by word");
    for (uint32_t i = 0; i < FW_FAULT_WORDS; ++i) {
        fw_put_u32(frame + FW_HEADER_BYTES + 4 * i, words[i]);
    }
    fw_encode(frame, FW_HEADER_BYTES + 4 * FW_FAULT_WORDS, port_write);
}
