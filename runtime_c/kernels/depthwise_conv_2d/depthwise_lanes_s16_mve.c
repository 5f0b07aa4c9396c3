/* DEPTHWISE_CONV_2D of int16 activations and int8 weights with Helium: lanes.h, window_16/finish_16.h. */
#include "../common/mve.h"
#include "../window_16/finish_16.h"
#include "lane_products_mve.h"

typedef int16_t element;
typedef struct {
    rlt_finish_16_four even, odd;
} finishes;

#define LOAD(from) \
    "vpst\n\t" \
    "vldrht.u16 q5, [" from "]\n\t"
#define FINISH(even, odd) \
    "vadd.i32 " even ", " even ", q4\n\t" \
    "vrmulh.s32 " even ", " even ", q5\n\t" \
    "vadd.i32 " odd ", " odd ", q6\n\t" \
    "vrmulh.s32 " odd ", " odd ", q7\n\t" \
    "vqmovnb.s32 " even ", " even "\n\t" \
    "vqmovnt.s32 " even ", " odd "\n\t"
#define CONSTANTS \
    "vldrw.u32 q4, [%[w]]\n\t" \
    "vldrw.u32 q5, [%[w], #16]\n\t" \
    "vldrw.u32 q6, [%[w], #32]\n\t" \
    "vldrw.u32 q7, [%[w], #48]\n\t"
#define STORE(value, to) \
    "vpst\n\t" \
    "vstrht.16 " value ", [" to "]\n\t"

static __attribute__((noinline)) void multiply_two(const eight *at, const rlt_lane_tap *taps, int32_t count,
                                                   const int8_t *weights, const element *from, const element *other,
                                                   int32_t zero_point) {
    RLT_LANES(LOAD, RLT_LANE_SUMS(LOAD("%[y]"), "q2", "q3"),
              CONSTANTS FINISH("q0", "q1") FINISH("q2", "q3") STORE("q0", "%[x]") STORE("q2", "%[y]"));
}

static __attribute__((noinline)) void multiply_one(const eight *at, const rlt_lane_tap *taps, int32_t count,
                                                   const int8_t *weights, const element *from, int32_t zero_point) {
    const element *const other = from;
    RLT_LANES(LOAD, "", CONSTANTS FINISH("q0", "q1") STORE("q0", "%[x]"));
}

#include "lanes_mve.h"

rlt_status rlt_depthwise_lanes_s16_mve(const rlt_run *run, const void *params) {
    const rlt_depthwise_lanes_params *p = params;
    const rlt_window *w = &p->window;
    multiply_lanes(run, p);
    cut_halves(rlt_out(run, p->output), w->batches * w->out_h * w->out_w * w->out_c, p->low, p->high);
    return RLT_OK;
}
