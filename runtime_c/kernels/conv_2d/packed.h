/* The packed form of int8 CONV_2D, for instruction sets that multiply and add neighbouring small integers; also of
 * FULLY_CONNECTED, a 1x1 window over as many pixels as there are batches.
 *
 * A kernel copies the input rows it needs to scratch, once per band of output rows (common/band.h). In scratch a window
 * is a sequence of `runs`: bytes that lie side by side (a whole row of the window, or one tap where the window is
 * dilated), and a run is a sequence of words: as many bytes as an instruction set multiplies at once.
 *
 * What the 128 added in the band and the zero points contribute is constant per channel and folded into `bias`. Only
 * what a zero point of the weights multiplies differs between pixels: -zero point * (sum of the window's values in the
 * band), the pixel's `term`, which kernels compute once per band for all channels.
 *
 * Weights: blocks of vectors of channels; within a block, for each run, for each word of it, for each vector: the word's
 * weights for each lane's channel. Channels past out_c and bytes past a run's end are zero.
 * A run's last word ends with it, if it is not the only one, and holds zero for what the word before has too.
 *
 * Where the three runs of a window each have one byte more than whole words (3x3 filters over images in colours), those
 * bytes are put together into one word more, the pixel's `tail`, for all channels.
 *
 * Vectors of 8 channels may be `paired`, all of a convolution: words are then of 8 bytes, and an instruction multiplies
 * their first halves in even lanes and the others in odd ones. Sums of two pixels are joined before they are rounded: a
 * vector's constants are there twice, but for the bias, which even lanes start with. It wastes fewer lanes where
 * channels are 8, 24, 40 or somewhat less than 40 or 56, and loads fewer words.
 *
 * Weights with a zero point are packed as distances from it, wherever 8 bits hold all but a few. What is left of these
 * has words of its own, which come after the others of a block (prepare_pack_excess.h). */
#ifndef RLT_CONV_2D_PACKED_H
#define RLT_CONV_2D_PACKED_H

#include "../common/band.h"
#include "../quantize/quantize_rows.h"
#include "conv_2d.h"

/* Blocks of vectors, as even as can be: the first ones are of one more. */
typedef struct {
    int32_t count, vectors, longer;
} rlt_conv_blocks;

/* What a block of channels reads: `words` of a window, whose places are offsets[first], ... */
typedef struct {
    int32_t first, words;
    int32_t weights; /* where its weights start, in words of a vector */
} rlt_conv_part;

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* packed */
    rlt_ref channels; /* each padded to whole vectors: int32 bias[], multiplier[], left shift[], right shift[];
                         with `scaled` for each vector RLT_ROUNDING_ARRAYS arrays of float after bias[];
                         with `exact` double factor[] after bias[];
                         with `rows` float scale[], float bias[], int32 sum of weights[] after it */
    rlt_ref offsets;  /* rlt_conv_part[blocks], then int32[]: where words lie, from their window's first byte */
    rlt_ref scratch;  /* for each task a band, then int32 terms[band.rows][out_w] and room for three more if weights
                         have a zero point, then tails[band.rows][out_w] and room for reading past the band */
    rlt_ref rows;     /* rlt_row_scale[batches] where float values were quantized while running; else NONE */
    int32_t pixel;     /* packed_pixel.h serves: `direct`, `scaled` and one pixel */
    int32_t one_scale; /* a pixel's: all channels have the same factors, which follow bias[] once */
    int32_t run_bytes, run_words, run_count;
    rlt_window window; /* 1x1 convolutions come as rows of pixels, the last of last_w */
    int32_t last_w;
    int32_t vectors; /* of output channels */
    rlt_conv_blocks blocks; /* of them */
    int32_t paired;  /* they are, all of them */
    int32_t colours; /* packed_colours.h is to be used */
    int32_t direct;  /* there is no band: windows are read where the input lies */
    rlt_band band;
    int32_t tails;      /* the last bytes of the runs are no words of their own; 0 or 1 */
    int32_t tails_at;   /* where they are in a task's scratch */
    int32_t task_bytes; /* of scratch */
    int32_t split_blocks; /* tasks share the blocks of channels, not the rows */
    int32_t weights_zero_point; /* what terms are made with */
    int32_t excess; /* words that some block has beside those of its runs */
    int32_t exact; /* results are rounded once, as doubles (FULLY_CONNECTED) */
    int32_t scaled; /* float arithmetic gives the same results (common/prepare_float_scale.h) */
    int32_t output_zero_point, low, high;
    int32_t per_channel;           /* with `rows`: the weights have several scales */
    float float_low, float_high;   /* with `rows`: fused activation */
} rlt_conv_2d_packed_params;

/* Paired vectors of a block. */
enum { RLT_CONV_2D_MOST_PAIRED = 3 };

enum { RLT_CONV_2D_PACKED_REFS = 7 };

/* Bytes of a tail; of how many vectors outputs are where it pays, which are then not paired; how far apart pixels may be
 * at most; how many bytes past the band making tails may read. */
enum { RLT_CONV_2D_TAIL = 4, RLT_CONV_2D_TAIL_VECTORS = 2, RLT_CONV_2D_TAIL_STEP = 8, RLT_CONV_2D_TAIL_SLACK = 192 };

/* Turning input values into those of a band takes an instruction for each word that is loaded, which hides behind
 * multiplications by more vectors than these no worse than copying does. */
enum { RLT_CONV_2D_DIRECT_VECTORS = 2 };

/* How scaled sums become results, to which the output zero point is to be added: for each vector of channels high[],
 * low[], offset[]. Unless vectors are paired, low[] is 0 wherever it can be: then one operation does. Channels whose result is the same whatever the input (those that training left dead) have sums of its
 * sign and factor 0. */
enum { RLT_ROUNDING_HIGH, RLT_ROUNDING_LOW, RLT_ROUNDING_OFFSET, RLT_ROUNDING_ARRAYS };

/* The first vector of block `block`. */
static inline int32_t rlt_conv_block_start(const rlt_conv_blocks *b, int32_t block) {
    return block * b->vectors + (block < b->longer ? block : b->longer);
}

/* Whether tiles of two output rows (packed_tall.h) may serve a block of one vector of channels. */
enum { RLT_CONV_TALL_ROWS = 3 };
static inline int rlt_conv_has_tall_windows(const rlt_conv_2d_packed_params *p) {
    return !p->paired && !p->excess && p->run_count == RLT_CONV_TALL_ROWS && p->window.kernel_h == RLT_CONV_TALL_ROWS &&
           p->window.stride_h == 1 && p->window.dilation_h == 1;
}

/* What packed_colours.h is for: windows of 3x3 pixels of 3 channels; up to how many channels; how far apart they are at
 * most, in bytes, as two vectors hold those of 16 pixels. */
enum { RLT_COLOUR_ROWS = 3, RLT_COLOUR_BYTES = 9, RLT_COLOUR_CHANNELS = 8, RLT_COLOUR_STEP = 7 };

/* Whether there is but one pixel, whose window lies side by side, for packed_pixel.h. */
static inline int rlt_conv_is_pixel(const rlt_conv_2d_packed_params *p) {
    return p->run_count == 1 && p->window.out_w == 1 && p->window.out_h == 1 && p->window.batches == 1;
}

/* Where run `run` of the window starts, relative to the window's first byte in scratch. */
static inline size_t rlt_conv_run_offset(const rlt_conv_2d_packed_params *p, int32_t run) {
    const rlt_window *w = &p->window;
    const size_t row = (size_t)w->dilation_h * (size_t)p->band.row_bytes;
    if (w->dilation_w == 1) return (size_t)run * row;
    return (size_t)(run / w->kernel_w) * row +
           (size_t)(run % w->kernel_w) * (size_t)(w->dilation_w * p->band.wide) * (size_t)w->in_c;
}

#endif
