/* Packing of float CONV_2D. Host only. */
#ifndef RLT_CONV_2D_PACK_F32_H
#define RLT_CONV_2D_PACK_F32_H

#include "../../core/prepare.h"
#include "pack_filter_f32.h"

/* A float convolution without groups; bias may be NULL. Constant weights are packed once, others by a step of their own.
 * `flipped`: weights [in_c, kernel_h, kernel_w, out_c] whose taps go backwards. */
typedef struct {
    const rlt_tensor *input, *weights, *bias, *output;
    rlt_window window;
    float low, high; /* fused activation */
    uint32_t tasks;
    int32_t flipped;
    const rlt_ref *values; /* where the input's values are, if not where `input` is */
} rlt_conv_f32;

/* Whether the packed form exists for vectors of `lanes` and its weights fit into the image. */
int rlt_conv_2d_f32_can_pack(const rlt_prepare_state *p, const rlt_conv_f32 *c, int32_t lanes);

/* Two lanes per channel where channels fill few lanes of a wide vector, or not half of the last one; else one. */
int32_t rlt_conv_f32_taps(int32_t out_c, int32_t lanes);
/* Of a block: as many as leave registers to a tile of several pixels; a single pixel has them all. */
int32_t rlt_conv_f32_most_vectors(int32_t lanes, int32_t taps, uint32_t pixels);

/* Packs the weights and adds the step. */
rlt_status rlt_conv_2d_f32_pack(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_f32 *c, uint32_t kernel,
                                int32_t lanes);

/* The step that packs the phases of `plan` (its refs are not used), and where their weights and bias come. */
rlt_status rlt_conv_2d_f32_pack_later(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *weights,
                                      const rlt_tensor *bias, const rlt_pack_filter_f32_params *plan, rlt_ref *packed,
                                      rlt_ref *packed_bias);

/* Runs, blocks and bands of k->window, which rows lie in place if no window leaves the image; 0: rows are too long. */
int rlt_conv_2d_f32_plan_band(rlt_conv_2d_packed_f32_params *k, int32_t lanes, int *in_place);

#endif
