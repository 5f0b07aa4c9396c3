/* A .tflite file of one CONV_2D, written word by word so that C tests need no file and know every position. */
#ifndef TINY_MODEL_H
#define TINY_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Shapes: input [1, 4, 4, 2] float32, weights [3, 1, 1, 2], bias [3], output [1, 4, 4, 3]; stride 1, VALID.
 * weights[o][i] = 1 + 2 o + i, bias[o] = 10 o. */
typedef struct {
    size_t bytes;
    size_t version, opcode_index, input_index, weights_buffer, weights_shape, weights_data_count; /* positions */
} tiny_model;

enum { TINY_MODEL_ROOM = 2048 };
/* `bytes` holds TINY_MODEL_ROOM. */
tiny_model write_tiny_model(uint8_t *bytes);

#endif
