/* int8 DEPTHWISE_CONV_2D with Helium under windows that patches.h does not take: lanes.h. */
#include "../common/mve.h"
#include "lane_products_mve.h"

typedef int8_t element;
typedef struct {
    rlt_finish_four even, odd;
} finishes;

#define LOAD(from) \
    "vpst\n\t" \
    "vldrbt.s16 q5, [" from "]\n\t" \
    "vsub.i16 q5, q5, %[zero_point]\n\t"
/* Of the even channels, or the odd ones, whose constants lie `at` bytes on. */
#define FINISH(sums, at) \
    "vldrw.u32 q4, [%[w], #" at "]\n\t" \
    "vldrw.u32 q5, [%[w], #" at " + 16]\n\t" \
    "vldrw.u32 q6, [%[w], #" at " + 32]\n\t" \
    "vldrw.u32 q7, [%[w], #" at " + 48]\n\t" \
    "vadd.i32 " sums ", " sums ", q4\n\t" \
    "vqrdmulh.s32 " sums ", " sums ", q5\n\t" \
    "vshr.s32 q4, " sums ", #31\n\t" \
    "vadd.i32 " sums ", " sums ", q6\n\t" \
    "vadd.i32 " sums ", " sums ", q4\n\t" \
    "vqshl.s32 " sums ", " sums ", q7\n\t" \
    "vshr.s32 " sums ", " sums ", #24\n\t"
#define STORE(even, odd, to) \
    "vmovnt.i32 " even ", " odd "\n\t" \
    "vpst\n\t" \
    "vstrbt.16 " even ", [" to "]\n\t"

static __attribute__((noinline)) void multiply_two(const eight *at, const rlt_lane_tap *taps, int32_t count,
                                                   const int8_t *weights, const element *from, const element *other,
                                                   int32_t zero_point) {
    RLT_LANES(LOAD, RLT_LANE_SUMS(LOAD("%[y]"), "q2", "q3"),
              FINISH("q0", "0") FINISH("q1", "64") FINISH("q2", "0") FINISH("q3", "64")
              STORE("q0", "q1", "%[x]") STORE("q2", "q3", "%[y]"));
}

static __attribute__((noinline)) void multiply_one(const eight *at, const rlt_lane_tap *taps, int32_t count,
                                                   const int8_t *weights, const element *from, int32_t zero_point) {
    const element *const other = from;
    RLT_LANES(LOAD, "", FINISH("q0", "0") FINISH("q1", "64") STORE("q0", "q1", "%[x]"));
}

#include "lanes_mve.h"

rlt_status rlt_depthwise_lanes_s8_mve(const rlt_run *run, const void *params) {
    const rlt_depthwise_lanes_params *p = params;
    const rlt_window *w = &p->window;
    multiply_lanes(run, p);
    cut_bytes(rlt_out(run, p->output), w->batches * w->out_h * w->out_w * w->out_c, p->low, p->high);
    return RLT_OK;
}
