/* The forms that packed convolutions can take: what each kernel wants, and what a layer's shape allows. Host only. */
#ifndef RLT_CONV_2D_PREPARE_FORM_H
#define RLT_CONV_2D_PREPARE_FORM_H

#include "../common/prepare_float_scale.h"
#include "prepare_pack.h"

/* How a kernel wants its operands: lanes of a vector, vectors of a block at most, input values of a word, bytes of a
 * value in the band, how scaled sums are rounded first, whether paired vectors are understood, up to how many vectors
 * windows may be read directly. */
typedef struct {
    uint32_t isa, kernel, hybrid;
    int32_t lanes, most_vectors, word, wide;
    rlt_first_rounding first;
    int32_t pairs, direct;
} rlt_conv_form;

/* The form for this CPU and the type of the input; NULL: none. */
const rlt_conv_form *rlt_conv_form_for(const rlt_prepare_state *p, const rlt_tensor *input);

/* Channels of a vector and bytes of a word. */
static inline int32_t rlt_conv_lanes(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    return f->lanes >> k->paired;
}

static inline int32_t rlt_conv_word(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    return f->word << k->paired;
}

/* Vectors and blocks of channels and words of a run, of a layer whose window, runs and tails are set. */
void rlt_conv_lay_out(rlt_conv_2d_packed_params *k, const rlt_conv_form *f, int paired);

/* Whether half of the last vector would be wasted, as much as a seventh of all or more; joining sums pays for long ones,
 * and where there is but that vector, or three halves. */
int rlt_conv_can_pair(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f);

/* Whether the last byte of each run can be in a word with those of the other runs. */
int rlt_conv_can_have_tails(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f);

/* Whether lanes are to be pixels: of images in colours, and results that cannot be below the zero point. */
int rlt_conv_can_be_colours(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f);

/* Whether windows can be read without copying the input first: without padding, and where no word ends after its run
 * (prepare_pack_weights.h). */
int rlt_conv_can_be_direct(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f);

#endif
