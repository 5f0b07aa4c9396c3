/* Timing the steps of a plan; apart from run.c because it needs a clock. */
#include "kernel.h"

rlt_status rlt_session_profile(rlt_session *session, uint64_t *ticks) {
    const uint32_t steps = ((const rlt_image *)session->image)->step_count;
    for (uint32_t i = 0; i < steps;) {
        const uint32_t step = i;
        const uint64_t before = rlt_ticks();
        const rlt_status status = rlt_session_go(session, &i, i, 1);
        ticks[step] += rlt_ticks() - before;
        if (status != RLT_OK) return status;
    }
    return RLT_OK;
}
