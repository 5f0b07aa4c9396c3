/* The packed form of float CONV_2D for instruction sets with vectors of `lanes` floats.
 *
 * A window is a sequence of `runs`: floats that lie side by side in a row (a whole row of the window, or one tap where
 * the window is dilated). Rows are read where they lie if no window leaves the image; otherwise they are copied to
 * scratch, a band of output rows at a time, with padding written out.
 *
 * With few channels, a channel has two lanes for every other value of a run; that saves lanes and loads.
 *
 * Weights: blocks of vectors of output channels; within a block, for each value (or `taps` of them) of each run, its
 * channels. The
 * last block has no padding: its vectors reach into what follows, at the end into RLT_CONV_F32_SLACK, and what comes of
 * channels past out_c is dropped. */
#ifndef RLT_CONV_2D_PACKED_F32_H
#define RLT_CONV_2D_PACKED_F32_H

#include "conv_2d.h"

enum { RLT_CONV_F32_MAX_VECTORS = 4, RLT_CONV_F32_SLACK = 16 };

typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* packed */
    rlt_ref bias;    /* [vectors * lanes], in the first of each channel's lanes */
    rlt_ref scratch; /* a band per task; NONE: rows are read in place */
    rlt_window window; /* 1x1 windows on every pixel come as rows of some pixels of any images, the last of last_w */
    int32_t last_w;
    int32_t vectors;              /* of output channels */
    int32_t block_vectors;        /* at most this many in a block */
    int32_t taps;                 /* lanes per channel: as many neighbouring values are multiplied at once */
    int32_t run_floats, run_count;
    int32_t row_floats;           /* one row of the input or of the band */
    int32_t band_rows;            /* output rows that share a band */
    int32_t band_floats;
    int32_t split_blocks;         /* tasks share blocks of channels, not rows */
    float low, high; /* fused activation */
    int32_t out_gap;              /* floats between one output pixel's channels and the next one's */
    int32_t out_first, out_row, out_image; /* floats: where output begins, a row, an image; out_row 0: it is dense */
} rlt_conv_2d_packed_f32_params;

enum { RLT_CONV_2D_PACKED_F32_REFS = 5 };

/* Blocks are as even as can be: how many, and the first vector of one. */
static inline int32_t rlt_conv_f32_blocks(const rlt_conv_2d_packed_f32_params *p) {
    return (p->vectors + p->block_vectors - 1) / p->block_vectors;
}
static inline int32_t rlt_conv_f32_block_start(const rlt_conv_2d_packed_f32_params *p, int32_t block) {
    return (int32_t)((int64_t)p->vectors * block / rlt_conv_f32_blocks(p));
}

/* Where row `row` of the batch begins in the output. */
static inline size_t rlt_conv_f32_output_at(const rlt_conv_2d_packed_f32_params *p, int32_t row) {
    const rlt_window *w = &p->window;
    if (!p->out_row) return (size_t)row * (size_t)w->out_w * (size_t)w->out_c;
    return (size_t)p->out_first + (size_t)(row / w->out_h) * (size_t)p->out_image +
           (size_t)(row % w->out_h) * (size_t)p->out_row;
}

/* Steps of `taps` values in a run, and floats of the packed weights. */
static inline int32_t rlt_conv_f32_run_steps(const rlt_conv_2d_packed_f32_params *p) {
    return (p->run_floats + p->taps - 1) / p->taps;
}
static inline size_t rlt_conv_f32_weights(const rlt_conv_2d_packed_f32_params *p) {
    const size_t run = (size_t)rlt_conv_f32_run_steps(p) * (size_t)p->taps;
    return (size_t)p->window.out_c * (size_t)p->run_count * run + RLT_CONV_F32_SLACK * (size_t)p->taps;
}

#endif
