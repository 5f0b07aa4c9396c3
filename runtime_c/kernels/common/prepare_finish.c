#include "prepare_finish.h"

enum { SAFE_SUM = 1 << 29, LARGEST_SHIFT = 22, CONSTANT_SHIFT = 8, TOP_BYTE = 24 };

/* Channels that training left dead have tiny scales: whatever the inputs, the bias decides. */
static int is_constant(const rlt_channel_sum *sum, int32_t *value) {
    const int64_t low = sum->bias - sum->largest, high = sum->bias + sum->largest;
    if (sum->shift > 0 || low <= INT32_MIN || high >= INT32_MAX) return 0;
    *value = rlt_requantize((int32_t)low, sum->multiplier, sum->shift);
    return *value == rlt_requantize((int32_t)high, sum->multiplier, sum->shift);
}

int rlt_finish_for(const rlt_channel_sum *sum, int exact, rlt_finish *f) {
    int32_t value;
    if (!exact && is_constant(sum, &value)) {
        value = rlt_clamp(rlt_clamp(value, -512, 512) + sum->zero_point, INT8_MIN, INT8_MAX);
        *f = (rlt_finish){0, 0, value * (1 << CONSTANT_SHIFT) + (1 << (CONSTANT_SHIFT - 1)), CONSTANT_SHIFT};
        return 1;
    }
    const int64_t total = sum->largest + (sum->bias < 0 ? -sum->bias : sum->bias);
    const int32_t right = -sum->shift;
    if (total >= SAFE_SUM || right < 1 || right > LARGEST_SHIFT) return 0;
    const int64_t most = ((total * sum->multiplier) >> 31) + 1; /* of |h| */
    const int64_t half = INT64_C(1) << (right - 1);
    const int64_t offset = half + sum->zero_point * (INT64_C(1) << right) + (exact ? 2 : 0);
    if (most + (offset < 0 ? -offset : offset) >= INT32_MAX) return 0;
    *f = (rlt_finish){(int32_t)(2 * sum->bias), sum->multiplier, (int32_t)offset, right};
    return 1;
}

void rlt_finish_widen(rlt_finish_exact *f, int64_t largest) {
    rlt_finish *k = &f->finish;
    for (;;) {
        const int64_t bias = k->bias2, total = (largest << (f->left + 1)) + (bias < 0 ? -bias : bias); /* doubled twice */
        const int64_t most = ((total * k->multiplier) >> 31) + 1, offset = 2 * (int64_t)(k->offset - 2) + 2;
        if (total >= SAFE_SUM || k->shift >= LARGEST_SHIFT || most + (offset < 0 ? -offset : offset) >= INT32_MAX) return;
        k->bias2 *= 2;
        k->offset = (int32_t)offset;
        k->shift++;
        f->left++;
    }
}

void rlt_finish_put(rlt_finish_four *four, int32_t lane, const rlt_finish *f) {
    four->bias[lane] = f->bias2 / 2;
    four->multiplier[lane] = f->multiplier;
    four->offset[lane] = f->offset;
    four->shift[lane] = TOP_BYTE - f->shift;
}
