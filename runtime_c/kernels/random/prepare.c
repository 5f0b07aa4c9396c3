/* RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL: shape (constant). Two seeds of zero, which ask LiteRT for numbers that are
 * different each time, are seeds like others here. */
#include "../common/prepare_common.h"
#include "random.h"

enum { SEED, SEED_2 }; /* fields of RandomOptions */

/* Of their 64 bits LiteRT keeps the lower half, with its sign. */
static void read_seed(const rlt_op *op, uint32_t field, uint32_t words[2]) {
    const int32_t seed = rlt_option_i32(op, field, 0);
    words[0] = (uint32_t)seed;
    words[1] = seed < 0 ? UINT32_MAX : 0;
}

static rlt_status prepare_random(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK];
    uint32_t rank;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 0), RLT_MAX_RANK, dims, &rank));
    RLT_TRY(rlt_need_type(p, output, RLT_FLOAT32));
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    const rlt_ref counter = rlt_add_counter(p, op);
    rlt_random_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_RANDOM_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    k->output = rlt_ref_of(p, output);
    k->counter = counter;
    k->count = output->elements;
    read_seed(op, SEED, k->key);
    read_seed(op, SEED_2, k->stream);
    return RLT_OK;
}

rlt_status rlt_prepare_random_uniform(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_random(p, op, RLT_KERNEL_random_uniform_f32);
}

rlt_status rlt_prepare_random_standard_normal(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_random(p, op, RLT_KERNEL_random_normal_f32);
}
