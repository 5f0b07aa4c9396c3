/* DEPTHWISE_CONV_2D of int16 activations and int8 weights with Helium: lanes.h, window_16/finish_16.h. */
#include "../common/mve.h"
#include "../window_16/finish_16.h"
#include "lane_products_mve.h"

typedef int16_t element;
typedef struct {
    rlt_finish_16_long_four even, odd;
} eight;

#define LOAD(offset) "vldrh.u16 q5, [%[x], #" offset "]\n\t"
#define LOAD_SOME(offset) "vldrht.u16 q5, [%[x], #" offset "]\n\t"
#define SCALE(sums, at) \
    "vldrw.u32 q4, [%[channels], #" at " + 16]\n\t" \
    "vmulh.s32 " sums ", " sums ", q4\n\t" \
    "vldrw.u32 q5, [%[channels], #" at " + 32]\n\t" \
    "vrshl.s32 " sums ", " sums ", q5\n\t"
#define FINISH(even, odd, at) \
    SCALE(even, at) \
    SCALE(odd, at " + 48") \
    "vqmovnb.s32 " even ", " even "\n\t" \
    "vqmovnt.s32 " even ", " odd "\n\t"
#define STORE(value, offset) "vstrh.16 " value ", [%[to], #" offset "]\n\t"
#define STORE_SOME(value, offset) "vstrht.16 " value ", [%[to], #" offset "]\n\t"

static __attribute__((noinline)) void multiply_sixteens(const lane_pixel *at, const element *from, const eight *channels,
                                                        element *to) {
    RLT_LANES(LOAD, FINISH, STORE, "96", "2");
}

static __attribute__((noinline)) void multiply_eight(const lane_pixel *at, const element *from, const eight *channels,
                                                     element *to, int32_t rest) {
    RLT_LANES_REST(LOAD_SOME, FINISH, STORE_SOME, "96");
}

#include "lanes_mve.h"

rlt_status rlt_depthwise_lanes_s16_mve(const rlt_run *run, const void *params) {
    const rlt_depthwise_lanes_params *p = params;
    const rlt_window *w = &p->window;
    multiply_lanes(run, p);
    cut_halves(rlt_out(run, p->output), w->batches * w->out_h * w->out_w * w->out_c, p->low, p->high);
    return RLT_OK;
}
