/* The form of int8 CONV_2D for the DSP extension; also of FULLY_CONNECTED, a 1x1 window over `batches` pixels.
 *
 * The bytes under one output pixel's window, widened to int16 with padding written out, are its column. Columns of four
 * pixels lie interleaved in scratch. A window is a sequence of `runs` of bytes side by side in the image (a row of the
 * window, or one tap where it is dilated); each four bytes become the pairs
 * (0, 2), (1, 3), a rest of n bytes the first min(n, 2) of these pairs.
 *
 * Weights: for each two channels, for each pair: one word of two halves, 256 * B + A, A and B the weights of the two
 * channels. SMLAD with such a half sums 256 * (sum of B) + (sum of A), and SXTB16 takes out A alone: one instruction
 * less than unpacking both. Sums of B so come with 24 bits. */
#ifndef RLT_CONV_2D_COLUMNS_H
#define RLT_CONV_2D_COLUMNS_H

#include "../common/finish.h"
#include "conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* rlt_finish[out_c]; of FULLY_CONNECTED rlt_finish_exact[out_c] */
    rlt_ref scratch;  /* four columns; of FULLY_CONNECTED one */
    rlt_window window;
    int32_t run_bytes, runs;
    int32_t pairs; /* of a column: a multiple of 2, the last maybe zero */
    int32_t input_zero_point, output_zero_point;
    int32_t low, high;
} rlt_conv_2d_columns_params;

enum { RLT_CONV_2D_COLUMNS_REFS = 5, RLT_CONV_2D_COLUMN_PIXELS = 4 };

#endif
