/* The form of int8 DEPTHWISE_CONV_2D for Helium.
 *
 * VMLADAVA adds 16 products of one channel, which NHWC keeps apart, so 16 channels at a time are rearranged: scratch
 * holds words of four pixels of one channel, 16 channels side by side, padding written out. Four words, taken by one
 * gathering load, are a patch.
 *   RLT_PATCH_SQUARE  stride 1, windows up to 3x3: a word is four rows of a column; a patch of 4x4 pixels gives 2x2
 *                     outputs, each with the window at its own place among 16 weights
 *   RLT_PATCH_STRIDED stride 2 across, windows up to 4x4: words as above; a patch gives one output
 *   RLT_PATCH_LINE    images one pixel wide or high: a word is four neighbours; a patch of 16 gives four outputs
 *
 * Constants, for each channel: rlt_patch_channel, then for each output of a patch its 16 weights. */
#ifndef RLT_DEPTHWISE_CONV_2D_PATCHES_H
#define RLT_DEPTHWISE_CONV_2D_PATCHES_H

#include "../common/finish.h"
#include "depthwise_conv_2d.h"

enum { RLT_PATCH_SQUARE, RLT_PATCH_STRIDED, RLT_PATCH_LINE };

typedef struct {
    int32_t bias, multiplier, offset, shift; /* rlt_finish_four's */
} rlt_patch_channel;

typedef struct {
    rlt_ref input, output;
    rlt_ref channels;
    rlt_ref scratch;   /* 16 bytes of padding, then `columns` of 64 bytes */
    rlt_window window; /* no dilation; of a line the image is one row */
    int32_t form, columns;
    int32_t input_zero_point;
    int32_t low, high;
} rlt_depthwise_patches_params;

enum { RLT_DEPTHWISE_PATCHES_REFS = 4, RLT_PATCH_CHANNELS = 16, RLT_PATCH_BYTES = 16, RLT_PATCH_COLUMN = 64 };

#endif
