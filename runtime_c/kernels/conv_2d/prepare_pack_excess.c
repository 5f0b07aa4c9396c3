/* Weights packed as distances from their zero point. Host only. */
#include "prepare_pack_excess.h"

static int16_t clamped(int16_t distance) {
    const int16_t high = distance > INT8_MAX ? INT8_MAX : distance;
    return high < INT8_MIN ? INT8_MIN : high;
}

/* Whether there are such: on one side of the zero point only. In bytes, of which compilers put many in a vector. */
static int is_any_beyond(const int8_t *weights, int32_t count, int32_t zero_point) {
    const int8_t flip = zero_point < 0 ? -1 : 0, low = (int8_t)((zero_point < 0 ? -zero_point : zero_point) + INT8_MIN);
    int8_t any = 0;
    for (int32_t i = 0; i < count; i++) any = (int8_t)(any | ((int8_t)(weights[i] ^ flip) < low));
    return any;
}

int32_t rlt_conv_find_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t, rlt_conv_excess *found) {
    const int32_t filter = k->run_bytes * k->run_count, zero_point = rlt_zero_point(t->weights, 0);
    const int8_t *weights = (const int8_t *)t->weights->data;
    int32_t count = 0;
    for (int32_t c = 0; c < k->window.out_c; c++, weights += filter) {
        if (!is_any_beyond(weights, filter, zero_point)) continue;
        for (int32_t i = 0; i < filter; i++) {
            const int32_t distance = weights[i] - zero_point, rest = distance - clamped((int16_t)distance);
            if (rest == 0) continue;
            if (rest > INT8_MAX || count == RLT_CONV_2D_MOST_EXCESS) return -1;
            found[count++] = (rlt_conv_excess){c, i, rest};
        }
    }
    return count;
}

void rlt_conv_less_zero_point(uint8_t *weights, size_t count, int32_t zero_point) {
    const int16_t from = (int16_t)zero_point;
    for (size_t i = 0; i < count; i++) weights[i] = (uint8_t)clamped((int16_t)((int8_t)weights[i] - from));
}
