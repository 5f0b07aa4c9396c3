/* Functions of 16-bit numbers by table: 512 steps and one value more, straight lines between them, as LUTLookup in
 * tflite/kernels/internal/common.h has it. */
#ifndef RLT_TABLE_16_H
#define RLT_TABLE_16_H

#include <stdint.h>

enum { RLT_TABLE_16_STEPS = 512, RLT_TABLE_16_VALUES = 513 };

static inline int16_t rlt_look_up_16(int16_t value, const int16_t *table) {
    const int32_t index = 256 + (value >> 7), offset = value & 127;
    const int16_t slope = (int16_t)(table[index + 1] - table[index]);
    return (int16_t)(table[index] + ((slope * offset + 64) >> 7));
}

#endif
