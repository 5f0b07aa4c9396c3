#include "../common/prepare_common.h"
#include "prepare_dense.h"
#include "prepare_columns.h"
#include "prepare_pairs.h"
#include "prepare_vectors.h"
#include "prepare_words.h"

typedef rlt_status (*add_form)(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *w,
                               int32_t activation, int exact, int *done);

rlt_status rlt_conv_2d_dense(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *window,
                             int32_t activation, int exact, uint32_t tasks, int *done) {
    /* Each is for other cores; those later in the list are for cores that the earlier ones may have refused a layer of. */
    static const add_form forms[] = {rlt_conv_2d_vectors, rlt_conv_2d_columns, rlt_conv_2d_pairs, rlt_conv_2d_words};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        RLT_TRY(forms[i](p, op, t, window, activation, exact, done));
        if (*done) return RLT_OK;
    }
    rlt_conv_2d_packed_params plan = {.window = *window, .exact = exact};
    tasks = rlt_conv_2d_plan(p, t, tasks, &plan);
    *done = tasks != 0;
    if (!tasks) return RLT_OK;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &plan.low, &plan.high));
    return rlt_conv_2d_pack(p, op, t, tasks, &plan);
}
