/* Packing of CONV_2D and FULLY_CONNECTED (packed.h). Host only. */
#include "../common/prepare_common.h"
#include "prepare_pack_channels.h"
#include "prepare_place.h"

enum { WIDEST_ROW = 1024, SHORTEST_ROW = 48, BAND_BYTES = 16384 };
enum { TERMS_SLACK = 12 };

/* A 1x1 window that touches every pixel sees no rows: the pixels become rows as long as suits cache and tasks.
 * `images`: each image has its own scale. */
static void flatten(rlt_conv_2d_packed_params *k, uint32_t tasks, int images) {
    rlt_window *w = &k->window;
    k->last_w = w->out_w;
    if (w->kernel_h != 1 || w->kernel_w != 1 || w->stride_h != 1 || w->stride_w != 1 || w->pad_top || w->pad_left ||
        w->in_h != w->out_h || w->in_w != w->out_w) {
        return;
    }
    const int64_t pixels = (int64_t)w->batches * w->out_h * w->out_w;
    if (pixels > INT32_MAX || pixels < 1 || (images && w->batches > 1)) return;
    int64_t rows = (pixels + WIDEST_ROW - 1) / WIDEST_ROW;
    if (rows >= tasks) rows = (rows + tasks - 1) / tasks * tasks;
    else rows = pixels / SHORTEST_ROW < tasks ? pixels / SHORTEST_ROW + 1 : tasks;
    const int64_t width = (pixels + rows - 1) / rows;
    rows = (pixels + width - 1) / width;
    w->batches = 1;
    w->in_h = w->out_h = (int32_t)rows;
    w->in_w = w->out_w = (int32_t)width;
    k->last_w = (int32_t)(pixels - (rows - 1) * width);
}

/* Rows are shared out to tasks; where there are more blocks of channels than rows, blocks. */
static uint32_t share(rlt_conv_2d_packed_params *k, uint32_t tasks, int32_t blocks) {
    const int64_t rows = (int64_t)k->window.batches * k->window.out_h;
    k->split_blocks = rows < tasks && rows < blocks;
    const int64_t parts = k->split_blocks ? blocks : rows;
    return parts < tasks ? (uint32_t)parts : tasks;
}

static size_t weights_bytes(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    const size_t words = (size_t)k->run_words * (size_t)k->run_count + (size_t)k->tails;
    return (size_t)k->vectors * words * (size_t)(f->lanes * f->word);
}

/* Whether words for what 8 bits do not hold of weights' distances from their zero point cost less than terms. */
static int can_have_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t) {
    rlt_conv_excess found[RLT_CONV_2D_MOST_EXCESS];
    if (t->input->type != RLT_INT8) return 0;
    const int32_t count = rlt_conv_find_excess(k, t, found), words = k->run_words * k->run_count;
    return count == 0 || (count > 0 && !rlt_conv_is_pixel(k) && count <= k->blocks.count * (2 + words / 8));
}

uint32_t rlt_conv_2d_plan(const rlt_prepare_state *p, const rlt_conv_tensors *t, uint32_t tasks,
                          rlt_conv_2d_packed_params *k) {
    const rlt_conv_form *f = rlt_conv_form_for(p, t->input);
    rlt_window *w = &k->window;
    if (!f || !t->weights->data || t->weights->type != RLT_INT8 || (t->bias && !t->bias->data)) return 0;
    if (!t->output->elements || !rlt_may_use(p, "packed")) return 0;
    if ((int64_t)w->in_c * w->kernel_w >= 1 << 24 || t->weights->elements >= 1u << 30) return 0;
    rlt_column_to_row(w);
    k->band.repeat = 1;
    k->band.wide = f->wide;
    k->band.fill = rlt_zero_point(t->input, 0) + 128;
    tasks = tasks < RLT_BAND_TASKS ? tasks : RLT_BAND_TASKS;
    flatten(k, tasks, t->input->type == RLT_FLOAT32);
    const int whole_rows = w->dilation_w == 1;
    k->run_count = w->kernel_h * (whole_rows ? 1 : w->kernel_w);
    k->run_bytes = w->in_c * (whole_rows ? w->kernel_w : 1);
    rlt_conv_lay_out(k, f, 0);
    k->tails = t->input->type == RLT_INT8 && rlt_conv_can_have_tails(k, f);
    rlt_conv_lay_out(k, f, 0);
    k->weights_zero_point = rlt_zero_point(t->weights, 0);
    if (k->weights_zero_point && can_have_excess(k, t)) k->weights_zero_point = 0;
    if (!rlt_band_plan(&k->band, w, BAND_BYTES)) return 0;
    const int64_t terms = k->weights_zero_point ? (int64_t)k->band.rows * w->out_w * 4 + TERMS_SLACK : 0;
    const int64_t tails = k->tails ? (int64_t)k->band.rows * w->out_w * RLT_CONV_2D_TAIL + RLT_CONV_2D_TAIL_SLACK : 0;
    if (terms > INT32_MAX / 8 || tails > INT32_MAX / 8) return 0;
    k->tails_at = k->band.bytes + (int32_t)((terms + 63) & ~(int64_t)63);
    k->task_bytes = k->tails_at + (int32_t)((tails + 63) & ~(int64_t)63);
    if (weights_bytes(k, f) + rlt_conv_channels_bytes(k, f) > rlt_constant_room(p) / 2) return 0;
    return share(k, tasks, k->blocks.count);
}

/* Once vectors are known: where windows and their words are found, and their weights. */
static rlt_status place_words(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_conv_form *f,
                              uint32_t tasks, rlt_conv_2d_packed_params *k) {
    const int is_less = t->input->type == RLT_INT8 && !k->weights_zero_point;
    k->direct = k->colours || rlt_conv_can_be_direct(k, f);
    k->scratch = k->direct ? RLT_REF_NONE : rlt_add_scratch(p, op, (size_t)k->task_bytes * tasks);
    if (k->direct) k->band.row_bytes = k->window.in_w * k->window.in_c;
    rlt_conv_packing how = {.lanes = rlt_conv_lanes(k, f), .word = rlt_conv_word(k, f), .wide = f->wide};
    if (is_less) how.zero_point = rlt_zero_point(t->weights, 0);
    return rlt_conv_2d_place(p, t, &how, k);
}

rlt_status rlt_conv_2d_pack(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, uint32_t tasks,
                            const rlt_conv_2d_packed_params *plan) {
    const rlt_conv_form *f = rlt_conv_form_for(p, t->input);
    rlt_conv_2d_packed_params *k = rlt_add_step(p, op, f->kernel, sizeof *k, RLT_CONV_2D_PACKED_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = *plan;
    k->input = rlt_ref_of(p, t->input);
    k->rows = RLT_REF_NONE;
    k->output = rlt_ref_of(p, t->output);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    RLT_TRY(rlt_conv_pack_channels(p, k, t, f));
    RLT_TRY(place_words(p, op, t, f, tasks, k));
    const int even = !k->split_blocks && k->last_w == k->window.out_w;
    if (even) rlt_makes_rows(p, t->output, (uint32_t)k->window.batches * (uint32_t)k->window.out_h);
    if (even) rlt_needs_window(p, t->output, t->input, &k->window);
    return RLT_OK;
}

rlt_status rlt_conv_2d_pack_hybrid(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, uint32_t tasks,
                                   const rlt_conv_2d_packed_params *plan) {
    const rlt_conv_form *f = rlt_conv_form_for(p, t->input);
    rlt_conv_2d_packed_params *k = rlt_add_step(p, op, f->hybrid, sizeof *k, RLT_CONV_2D_PACKED_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = *plan;
    k->weights_zero_point = 0; /* LiteRT does not look at it here */
    k->output = rlt_ref_of(p, t->output);
    RLT_TRY(place_words(p, op, t, f, tasks, k));
    return rlt_conv_pack_hybrid_channels(p, k, t, f);
}
