/* The form of int8 CONV_2D for cores without SIMD; also of FULLY_CONNECTED, a 1x1 window over `batches` pixels.
 *
 * The bytes under one output pixel's window, widened to words with padding written out, are its column. Columns of four
 * pixels lie interleaved in scratch: one weight meets four words side by side. The last one to three pixels have their
 * columns alone, filled up with zeros to a multiple of RLT_CONV_2D_WORDS_STEP.
 *
 * Weights are as in the file, one channel's behind the other's, but plus 128: Thumb-1 reads unsigned bytes at constant
 * distances, signed ones not. So sums start at -128 * (sum of the column). */
#ifndef RLT_CONV_2D_WORDS_H
#define RLT_CONV_2D_WORDS_H

#include "../common/finish.h"
#include "conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* uint8[out_c, depth], and RLT_CONV_2D_WORDS_STEP more that may be read */
    rlt_ref channels; /* rlt_finish[out_c]; of FULLY_CONNECTED rlt_finish_exact[out_c] */
    rlt_ref scratch;  /* four columns; of FULLY_CONNECTED one */
    rlt_window window;
    int32_t depth; /* elements of a column */
    int32_t input_zero_point, output_zero_point;
    int32_t low, high;
} rlt_conv_2d_words_params;

enum { RLT_CONV_2D_WORDS_REFS = 5, RLT_CONV_2D_WORDS_PIXELS = 4, RLT_CONV_2D_WORDS_STEP = 16, RLT_WEIGHT_OFFSET = 128 };

#endif
