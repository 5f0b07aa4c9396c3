/* What a build links beside the server: the model's plan image and the kernels it uses. `rillet build` writes it. */
#ifndef RILLET_FIRMWARE_MODEL_H
#define RILLET_FIRMWARE_MODEL_H

#include "../core/kernel.h"

extern const char fw_board[]; /* NUL-terminated, at most 63 bytes each */
extern const char fw_core[];
extern const char fw_model[];

/* One image for each of the model's signatures, one behind the other, each at a multiple of FW_IMAGE_ALIGNMENT. */
#define FW_IMAGE_ALIGNMENT 64u
extern const uint8_t fw_image[]; /* 16-byte aligned */
extern const char *const fw_signatures[]; /* names, at most 63 bytes each; NULL ends them */
extern const uint32_t fw_image_bytes; /* 0: no model yet */

extern const rlt_kernel_fn fw_kernels[];
extern const uint32_t fw_kernel_count;
extern const uint32_t fw_kernel_crc; /* CRC-32 of the kernels' names, each followed by a newline */

extern uint8_t fw_arena[]; /* RLT_ALIGNMENT-aligned */
extern const uint32_t fw_arena_bytes;
/* On a board with faster memory (FW_FAST_ARENA), the arena's bytes from fw_slow_bytes on lie there, at fw_fast_arena. */
extern const uint32_t fw_slow_bytes;
extern uint8_t *const fw_fast_arena;

/* Room for an image sent with LOAD; NULL and 0 where the device only runs the one it was built with. */
extern uint8_t *const fw_image_room;
extern const uint32_t fw_image_room_bytes;

/* A protocol of text beside the frames: takes every byte that is in none and gives 1 when it has answered. NULL: none.
 * `session` is NULL where there is no model. */
extern int (*const fw_text)(uint8_t byte, rlt_session *session);

#endif
