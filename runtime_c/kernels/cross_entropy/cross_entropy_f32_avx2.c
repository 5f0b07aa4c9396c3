/* Float softmax cross entropy with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "cross_entropy_f32_kernel.h"

rlt_status rlt_cross_entropy_f32_avx2(const rlt_run *run, const void *params) {
    return cross_entropy_run(run, params);
}
