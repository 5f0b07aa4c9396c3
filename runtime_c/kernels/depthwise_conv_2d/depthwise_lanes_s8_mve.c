/* int8 DEPTHWISE_CONV_2D with Helium under windows that patches.h does not take: lanes.h. */
#include "../common/mve.h"
#include "lane_products_mve.h"

typedef int8_t element;
typedef struct {
    rlt_finish_four even, odd;
} eight;

#define SUBTRACT "vsub.i16 q5, q5, %[zero_point]\n\t"
#define LOAD(offset) "vldrb.s16 q5, [%[x], #" offset "]\n\t" SUBTRACT
#define LOAD_SOME(offset) "vldrbt.s16 q5, [%[x], #" offset "]\n\t" SUBTRACT
/* Of the even channels, or the odd ones, whose constants lie `at` bytes on. */
#define SCALE(sums, at) \
    "vldrw.u32 q4, [%[channels], #" at " + 16]\n\t" \
    "vldrw.u32 q5, [%[channels], #" at " + 32]\n\t" \
    "vldrw.u32 q6, [%[channels], #" at " + 48]\n\t" \
    "vqrdmulh.s32 " sums ", " sums ", q4\n\t" \
    "vshr.s32 q7, " sums ", #31\n\t" \
    "vadd.i32 " sums ", " sums ", q5\n\t" \
    "vadd.i32 " sums ", " sums ", q7\n\t" \
    "vqshl.s32 " sums ", " sums ", q6\n\t" \
    "vshr.s32 " sums ", " sums ", #24\n\t"
#define FINISH(even, odd, at) \
    SCALE(even, at) \
    SCALE(odd, at " + 64") \
    "vmovnt.i32 " even ", " odd "\n\t"
#define STORE(value, offset) "vstrb.16 " value ", [%[to], #" offset "]\n\t"
#define STORE_SOME(value, offset) "vstrbt.16 " value ", [%[to], #" offset "]\n\t"

static __attribute__((noinline)) void multiply_sixteens(const lane_pixel *at, const element *from, const eight *channels,
                                                        element *to) {
    RLT_LANES(LOAD, FINISH, STORE, "128", "1");
}

static __attribute__((noinline)) void multiply_eight(const lane_pixel *at, const element *from, const eight *channels,
                                                     element *to, int32_t rest) {
    RLT_LANES_REST(LOAD_SOME, FINISH, STORE_SOME, "128");
}

#include "lanes_mve.h"

rlt_status rlt_depthwise_lanes_s8_mve(const rlt_run *run, const void *params) {
    const rlt_depthwise_lanes_params *p = params;
    const rlt_window *w = &p->window;
    multiply_lanes(run, p);
    cut_bytes(rlt_out(run, p->output), w->batches * w->out_h * w->out_w * w->out_c, p->low, p->high);
    return RLT_OK;
}
