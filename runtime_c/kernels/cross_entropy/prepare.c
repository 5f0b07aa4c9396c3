/* rillet.SOFTMAX_CROSS_ENTROPY (logits [.., depth], labels [.., depth]) and rillet.SPARSE_SOFTMAX_CROSS_ENTROPY (labels
 * int32 [..]): loss [..] and dlogits [.., depth]. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "cross_entropy.h"

enum { COST = 24 }; /* simple operations per logit */

static rlt_status prepare(rlt_prepare_state *p, const rlt_op *op, uint32_t sparse) {
    RLT_TRY(rlt_operands(p, op, 2, 2));
    rlt_tensor *logits = rlt_input(p, op, 0), *labels = rlt_input(p, op, 1);
    rlt_tensor *loss = rlt_output(p, op, 0), *dlogits = rlt_output(p, op, 1);
    RLT_TRY(rlt_need_type(p, logits, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, labels, sparse ? RLT_INT32 : RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, loss, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dlogits, RLT_FLOAT32));
    if (logits->rank < 1 || labels->rank != logits->rank - sparse)
        return rlt_fail(p, RLT_ERROR_SHAPE, labels, "labels do not fit the logits");
    for (uint32_t i = 0; i < labels->rank; i++)
        if (labels->dims[i] != logits->dims[i])
            return rlt_fail(p, RLT_ERROR_SHAPE, labels, "labels do not fit the logits");
    RLT_TRY(rlt_set_shape(p, loss, logits->rank - 1, logits->dims));
    RLT_TRY(rlt_same_shape(p, dlogits, logits));
    const uint32_t depth = (uint32_t)logits->dims[logits->rank - 1];
    rlt_cross_entropy_params *k =
        rlt_add_step(p, op, RLT_AVX2_KERNEL(p, cross_entropy_f32), sizeof *k, RLT_CROSS_ENTROPY_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)logits->elements * COST, loss->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->logits = rlt_ref_of(p, logits);
    k->labels = rlt_ref_of(p, labels);
    k->loss = rlt_ref_of(p, loss);
    k->dlogits = rlt_ref_of(p, dlogits);
    k->rows = loss->elements;
    k->depth = depth;
    k->sparse = sparse;
    return RLT_OK;
}

rlt_status rlt_prepare_softmax_cross_entropy(rlt_prepare_state *p, const rlt_op *op) {
    return prepare(p, op, 0);
}

rlt_status rlt_prepare_sparse_softmax_cross_entropy(rlt_prepare_state *p, const rlt_op *op) {
    return prepare(p, op, 1);
}
