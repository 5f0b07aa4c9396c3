/* The packed form of int8 DEPTHWISE_CONV_2D, for instruction sets that multiply and add neighbouring small integers.
 *
 * A kernel makes words: the bytes of a few input rows, one below the other, side by side. A word times the matching
 * weights is a sum of as many products; the words of one column serve every window that covers the column, in `rows`
 * neighbouring rows of output at once, each with weights of its own.
 *
 * Channels are taken in blocks of four vectors. Interleaving rows within 128 bits leaves lane i of vector q of a block
 * with byte 16 * (i / 4) + 4 * q + i % 4 of it, and packing sums to bytes undoes that.
 *
 * A row of output is cut into `units` of neighbouring bytes that use the same weights, of `blocks` blocks. A unit is a
 * pixel, whose whole blocks are read where they are; parts of blocks and repeated channels come from a band
 * (common/band.h). Where channels do not fill blocks a row may be `flat` instead: a unit is as many pixels as fill
 * some, and words come in the order of a band's bytes, so that words for any window column are a matter of where to
 * load them; those of even columns and of odd ones apart, where windows move by two.
 *
 * Weights: for each block, each of its vectors, each group of window rows, each piece, each window column, each of
 * `rows`: lanes x group values. Pieces are there where weights minus their zero point need more than 8 bits: several
 * that sum up to them. */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_H

#include "../common/band.h"
#include "depthwise_conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* int32, for each vector of channels CHANNEL_CONSTANTS vectors */
    rlt_ref scratch;  /* `tasks` times a band and words */
    rlt_window window;
    rlt_band band;                  /* bytes 0: the input is read itself */
    int32_t unit, units, last_unit; /* bytes of a unit, and of the row's last one */
    int32_t blocks;                 /* of a unit */
    int32_t rows, groups, pieces;
    int32_t flat;                /* 0; or the step of windows */
    int32_t natural;  /* words and sums are in the order of bytes: of flat rows, and where there are parts of blocks */
    int32_t even[16]; /* with `flat` 2: fours of bytes of even columns in two blocks, as interleaving wants them */
    int32_t segment, word_bytes; /* units whose words are in scratch at a time; bytes of all words there */
    int32_t small;               /* as in conv_2d/packed.h */
    int32_t output_zero_point, low, high;
} rlt_depthwise_packed_params;

enum { RLT_DEPTHWISE_PACKED_REFS = 5, RLT_DEPTHWISE_QUARTERS = 4, RLT_DEPTHWISE_OFFSET = 1 << 30 };

/* Constants of a vector of channels. ODD: the multipliers one lane further.
 *
 * With `small`, BIAS has RLT_DEPTHWISE_OFFSET more, so that sums are positive, and multipliers are doubled, as
 * unsigned. The upper half of product + NUDGE (64 bits, for even and odd lanes) is then what is left to shift to the
 * right, and to be made smaller by 1 before where the true sum is negative: the offset is taken back, and both
 * roundings of rlt_requantize() are made, whose intermediate value has the sum's sign wherever it matters. */
enum {
    CHANNEL_BIAS,
    CHANNEL_MULTIPLIER,
    CHANNEL_ODD,
    CHANNEL_LEFT,
    CHANNEL_RIGHT,
    CHANNEL_NUDGE_EVEN,
    CHANNEL_NUDGE_ODD,
    CHANNEL_CONSTANTS
};

#endif
