/* Float SOFTMAX with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "softmax_f32_kernel.h"

rlt_status rlt_softmax_f32_avx512vnni(const rlt_run *run, const void *params) {
    return softmax_run(run, params);
}
