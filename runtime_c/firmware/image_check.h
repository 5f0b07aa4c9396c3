/* Checks plan images before anything in them is used. */
#ifndef RILLET_FIRMWARE_IMAGE_CHECK_H
#define RILLET_FIRMWARE_IMAGE_CHECK_H

#include <stdint.h>

/* Whether `bytes` are plan images, one behind the other as model.h says, in which every table, operand and number of a
 * kernel lies inside what there is: the image, the arena, the firmware's kernels. Takes no memory, and time in
 * proportion to `length`. It does not know the kernels' parameters beyond their operands: that these fit each other is
 * what the signature vouches for. */
int fw_images_are_sound(const uint8_t *bytes, uint32_t length);

#endif
