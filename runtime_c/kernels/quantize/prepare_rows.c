#include "prepare_rows.h"

#include "../common/prepare_s8.h"

rlt_status rlt_add_rows(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, uint32_t rows, int asymmetric,
                        rlt_ref *values, rlt_ref *scales) {
    *values = rlt_add_scratch(p, op, input->elements);
    *scales = rlt_add_scratch(p, op, (size_t)rows * sizeof(rlt_row_scale));
    if (*values == RLT_REF_NONE || *scales == RLT_REF_NONE) return RLT_ERROR_MEMORY;
    rlt_quantize_rows_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, quantize_rows), sizeof *k, RLT_QUANTIZE_ROWS_REFS,
                     rlt_tasks(p, RLT_COST_QUANTIZE_ROWS, input->elements, rows));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = *values;
    k->scales = *scales;
    k->rows = rows;
    k->size = rows ? input->elements / rows : 0;
    k->asymmetric = asymmetric != 0;
    return RLT_OK;
}

rlt_status rlt_add_quantize_rows(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, uint32_t rows,
                                 int asymmetric, const rlt_tensor *weights, uint32_t channels, rlt_ref *values,
                                 rlt_ref *scales) {
    RLT_TRY(rlt_need_type(p, input, RLT_FLOAT32));
    RLT_TRY(rlt_need_const(p, weights));
    RLT_TRY(rlt_need_quantized(p, weights));
    if (weights->scale_count != 1 && weights->scale_count != channels) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, weights, "needs one scale, or one per output channel");
    }
    for (uint32_t i = 0; i < weights->scale_count; i++) {
        if (rlt_zero_point(weights, i)) {
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, weights, "zero points must be 0 beside float activations");
        }
    }
    return rlt_add_rows(p, op, input, rows, asymmetric, values, scales);
}

rlt_status rlt_add_scales(rlt_prepare_state *p, const rlt_tensor *weights, uint32_t channels, rlt_ref *scales) {
    float *values = rlt_add_constant(p, (size_t)channels * sizeof *values, scales);
    if (!values) return RLT_ERROR_MEMORY;
    for (uint32_t c = 0; c < channels; c++) values[c] = rlt_scale(weights, c);
    return RLT_OK;
}
