#include "prepare_form.h"

enum { PAYING_BYTES = 96 };

#define NO_HYBRID UINT32_MAX /* then the next form's kernel is used */

/* The one place where a variant is chosen: the first that fits. */
static const rlt_conv_form forms[] = {
    {RLT_ISA_AVX512VNNI, RLT_KERNEL_conv_2d_s8_avx512vnni, RLT_KERNEL_conv_2d_hybrid_avx512vnni, 16, 4, 4, 1,
     RLT_FIRST_TO_NEAREST, 1, RLT_CONV_2D_DIRECT_VECTORS},
    {RLT_ISA_AVXVNNI, RLT_KERNEL_conv_2d_s8_avxvnni, NO_HYBRID, 8, 2, 4, 1, RLT_FIRST_TO_ZERO, 0, 0},
    {RLT_ISA_AVX2, RLT_KERNEL_conv_2d_s8_avx2, RLT_KERNEL_conv_2d_hybrid_avx2, 8, 2, 2, 2, RLT_FIRST_TO_ZERO, 0, 0},
};

const rlt_conv_form *rlt_conv_form_for(const rlt_prepare_state *p, const rlt_tensor *input) {
    const int hybrid = input->type == RLT_FLOAT32;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (rlt_has(p, forms[i].isa) && !(hybrid && forms[i].hybrid == NO_HYBRID)) return &forms[i];
    }
    return NULL;
}

void rlt_conv_lay_out(rlt_conv_2d_packed_params *k, const rlt_conv_form *f, int paired) {
    k->paired = paired;
    k->vectors = (k->window.out_c + rlt_conv_lanes(k, f) - 1) / rlt_conv_lanes(k, f);
    const int32_t most = paired ? RLT_CONV_2D_MOST_PAIRED : f->most_vectors, blocks = (k->vectors + most - 1) / most;
    k->blocks = (rlt_conv_blocks){blocks, k->vectors / blocks, k->vectors % blocks};
    k->run_words = (k->run_bytes - k->tails + rlt_conv_word(k, f) - 1) / rlt_conv_word(k, f);
}

int rlt_conv_can_pair(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    const int32_t half = f->lanes / 2, channels = k->window.out_c, halves = (channels + half - 1) / half;
    if (!f->pairs || rlt_conv_is_pixel(k)) return 0;
    if (halves <= 3) return channels == half || channels == 3 * half;
    return (halves == 5 || halves == 7) && k->run_count * k->run_bytes >= PAYING_BYTES;
}

int rlt_conv_can_have_tails(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    return f->pairs && !rlt_conv_can_pair(k, f) && k->vectors == RLT_CONV_2D_TAIL_VECTORS &&
           k->window.dilation_w == 1 && k->run_bytes % f->word == 1 && (k->run_count == 3 || k->run_count == 4) &&
           k->window.stride_w * k->window.in_c <= RLT_CONV_2D_TAIL_STEP;
}

int rlt_conv_can_be_colours(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    const rlt_window *w = &k->window;
    const int32_t step = w->stride_w * w->in_c;
    return f->pairs && !k->weights_zero_point && !k->exact && k->low == k->output_zero_point &&
           k->run_count == RLT_COLOUR_ROWS && w->kernel_h == RLT_COLOUR_ROWS && k->run_bytes == RLT_COLOUR_BYTES &&
           w->dilation_h == 1 && w->out_c <= RLT_COLOUR_CHANNELS && step % 2 == 0 && step <= RLT_COLOUR_STEP;
}

int rlt_conv_can_be_direct(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    const rlt_window *w = &k->window;
    const int is_pixel = f->direct && k->scaled && rlt_conv_is_pixel(k);
    const int32_t word = rlt_conv_word(k, f);
    return (k->paired || is_pixel || k->vectors <= f->direct) && !k->weights_zero_point && !w->pad_top &&
           !w->pad_left && (k->run_bytes % word == 0 || (!is_pixel && !k->tails && k->run_bytes > word)) &&
           (int64_t)(w->out_w - 1) * w->stride_w + (int64_t)(w->kernel_w - 1) * w->dilation_w < w->in_w &&
           (int64_t)(w->out_h - 1) * w->stride_h + (int64_t)(w->kernel_h - 1) * w->dilation_h < w->in_h;
}
