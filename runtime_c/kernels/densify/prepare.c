/* DENSIFY: a sparse constant made dense. It is done while its consumers are prepared (core/half.c) and is never a step;
 * what gets here cannot be. */
#include "../../core/prepare.h"

rlt_status rlt_prepare_densify(rlt_prepare_state *p, const rlt_op *op) {
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, rlt_input(p, op, 0),
                    "only sparse constants between operators are supported");
}
