/* Float BATCH_MATMUL with AVX-512. */
#include "batch_matmul_f32_kernel.h"

rlt_status rlt_batch_matmul_f32_avx512vnni(const rlt_run *run, const void *params) {
    return batch_matmul_run(run, params, rlt_gemm_f32_avx512vnni);
}
