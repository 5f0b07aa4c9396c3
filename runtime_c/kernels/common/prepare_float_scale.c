#include "prepare_float_scale.h"

#include "fixed_point.h"

enum { SIDE_BY_SIDE = 8 };

static const double WHOLE = 1 << 24; /* larger sums may have no float */
/* Largest error of an offset below 1 plus something tiny; what doubles leave unsure here, generously. */
static const double ERROR = 0x1.01p-25, UNSURE = 0x1p-40;

static int32_t whole_below(double value) { return value < 1024 ? (int32_t)value : 1024; }

/* Least and largest r over n = 1, 2, ... `steps` (and a few more), where the smallest sum whose result is n has
 * sum * factor + half = n + r. The sum before it is at n + r - factor. */
static void scan_steps(double factor, double half, int32_t steps, double *least, double *largest) {
    double r[SIDE_BY_SIDE], min[SIDE_BY_SIDE], max[SIDE_BY_SIDE];
    const double ahead = SIDE_BY_SIDE - (double)(int32_t)(SIDE_BY_SIDE / factor) * factor;
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        const double n = i + 1 - half;
        r[i] = (double)(int32_t)(n / factor) * factor - n;
        if (r[i] < 0) r[i] += factor;
        min[i] = max[i] = r[i];
    }
    for (int32_t n = SIDE_BY_SIDE; n < steps; n += SIDE_BY_SIDE) {
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            const double next = r[i] - ahead;
            r[i] = next < 0 ? next + factor : next;
            min[i] = r[i] < min[i] ? r[i] : min[i];
            max[i] = r[i] > max[i] ? r[i] : max[i];
        }
    }
    *least = min[0];
    *largest = max[0];
    for (int i = 1; i < SIDE_BY_SIDE; i++) {
        *least = min[i] < *least ? min[i] : *least;
        *largest = max[i] > *largest ? max[i] : *largest;
    }
}

/* The same where factor = multiplier / 2^bits and half = 1/2 + 2^30 / 2^bits: in whole numbers, which are exact and,
 * being without branches, several at once. Most channels of a model come here. */
static void scan_fixed_steps(int32_t multiplier, int32_t bits, int32_t steps, double *least, double *largest) {
    const int64_t one = INT64_C(1) << bits, half = one / 2 + (1 << 30);
    const int32_t ahead = (int32_t)(SIDE_BY_SIDE * one % multiplier);
    int32_t r[SIDE_BY_SIDE], min[SIDE_BY_SIDE], max[SIDE_BY_SIDE];
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        const int32_t left = (int32_t)((half - (i + 1) * one) % multiplier);
        min[i] = max[i] = r[i] = left < 0 ? left + multiplier : left;
    }
    for (int32_t n = SIDE_BY_SIDE; n < steps; n += SIDE_BY_SIDE) {
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            const int32_t next = r[i] - ahead;
            r[i] = next + (multiplier & -(next < 0));
            min[i] = r[i] < min[i] ? r[i] : min[i];
            max[i] = r[i] > max[i] ? r[i] : max[i];
        }
    }
    int32_t lowest = min[0], highest = max[0];
    for (int i = 1; i < SIDE_BY_SIDE; i++) {
        lowest = min[i] < lowest ? min[i] : lowest;
        highest = max[i] > highest ? max[i] : highest;
    }
    *least = (double)lowest / (double)one;
    *largest = (double)highest / (double)one;
}

/* `above`, `most`: what a scan found. `unsure`: of that. A sum just at a step belongs to the higher result, if it is positive. */
static int scale_between(double factor, double half, int32_t low, double above, double most, double unsure,
                         rlt_float_scale *to) {
    const double below = factor - most;
    if (above < unsure || below < unsure || (above == 0 && low < 0)) return 0;
    to->high = (float)factor;
    if ((double)to->high > factor) to->high = (float)(factor - factor * 0x1p-24);
    to->low = (float)(factor - (double)to->high);
    to->offset = (float)(half + (below - above) / 2);
    const double moved = (double)to->offset - half;
    return to->low >= 0 && to->offset > 0.25f && to->offset < 0.99f && above + moved > ERROR && below - moved > ERROR;
}

/* How many steps results can reach; 0 where floats cannot hold the sums. */
static int32_t steps_for(double factor, double half, int32_t low, int32_t high, double largest) {
    if (!(factor > 0x1p-22) || factor >= 0.5) return 0;
    const int32_t range = high > -low ? high : -low, reached = whole_below(largest * factor + half);
    const int32_t steps = reached < range ? reached : range;
    if ((steps + SIDE_BY_SIDE) / factor >= WHOLE) return 0;
    return steps > 0 ? steps : 1;
}

int rlt_float_scale_for(double factor, double half, int32_t low, int32_t high, double largest, rlt_float_scale *to) {
    const int32_t steps = steps_for(factor, half, low, high, largest);
    double above, most;
    if (steps == 0) return 0;
    scan_steps(factor, half, steps, &above, &most);
    return scale_between(factor, half, low, above, most, UNSURE, to);
}

/* Its two roundings are one: floor(floor(x * 2^s + 1/2) / 2^s + 1/2) = floor(x + 1/2 + 2^-s / 2), for s >= 1 and
 * magnitudes x whose result is not exactly between two. Doubles hold all of this exactly. */
int rlt_float_scale_fixed(int32_t multiplier, int32_t shift, int32_t low, int32_t high, double largest,
                          rlt_float_scale *to) {
    if (shift > -1 || shift < -22 || multiplier <= 0) return 0;
    const double unit = 1.0 / (double)(INT64_C(1) << -shift);
    const double factor = (double)multiplier * 0x1p-31 * unit, half = 0.5 + unit / 2;
    const int32_t steps = steps_for(factor, half, low, high, largest);
    double above, most;
    if (steps == 0) return 0;
    scan_fixed_steps(multiplier, 31 - shift, steps, &above, &most);
    return scale_between(factor, half, low, above, most, 0, to);
}

int rlt_float_scale_sums(int32_t multiplier, int32_t shift, int32_t low, int32_t high, int64_t least, int64_t most,
                         int32_t *bias, rlt_float_scale *to) {
    if (shift > 0 || least <= INT32_MIN || most >= INT32_MAX) return 0;
    const int32_t value = rlt_requantize((int32_t)least, multiplier, shift);
    if (value != rlt_requantize((int32_t)most, multiplier, shift)) {
        return rlt_float_scale_fixed(multiplier, shift, low, high, (double)(most > -least ? most : -least), to);
    }
    if (most - least >= 1 << 30) return 0;
    const int64_t sign = value < 0 ? -(1 << 30) : 1 << 30, middle = (least + most) / 2;
    *bias = (int32_t)((uint32_t)*bias + (uint32_t)(sign - middle));
    const int32_t shown = value < 0 && low >= 0 ? 0 : value; /* what is clamped anyway need not be negative */
    const int32_t magnitude = shown < -512 || shown > 512 ? 512 : shown < 0 ? -shown : shown;
    *to = (rlt_float_scale){0, 0, 0.5f + (float)magnitude};
    return 1;
}
