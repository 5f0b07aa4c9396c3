/* LOCAL_RESPONSE_NORMALIZATION across the last dimension. */
#include "../common/prepare_common.h"
#include "local_response.h"

enum { RADIUS, BIAS, ALPHA, BETA }; /* fields of LocalResponseNormalizationOptions */

rlt_status rlt_prepare_local_response_normalization(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, input, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, output, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, input, 4));
    RLT_TRY(rlt_same_shape(p, output, input));
    const int32_t radius = rlt_option_i32(op, RADIUS, 0);
    if (radius < 0 || !input->elements) return rlt_fail(p, RLT_ERROR_OPTION, input, "radius is negative");
    const uint32_t depth = (uint32_t)input->dims[3], rows = input->elements / depth;
    const uint64_t window = 2 * (uint64_t)radius < depth ? 2 * (uint64_t)radius : depth;
    rlt_local_response_params *k =
        rlt_add_step(p, op, RLT_KERNEL_local_response_f32, sizeof *k, RLT_LOCAL_RESPONSE_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, input->elements * (window + 32), rows));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->rows = rows;
    k->depth = depth;
    k->radius = radius;
    k->bias = rlt_option_f32(op, BIAS, 0.0f);
    k->alpha = rlt_option_f32(op, ALPHA, 0.0f);
    k->beta = rlt_option_f32(op, BETA, 0.0f);
    return RLT_OK;
}
