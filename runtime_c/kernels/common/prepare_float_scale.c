#include "prepare_float_scale.h"

#include "fixed_point.h"

enum { SIDE_BY_SIDE = 8 };

static const double WHOLE = 1 << 24; /* larger sums may have no float */
/* Half the distance of floats below 1, a little more; what doubles leave unsure here, generously. */
static const double ERROR = 0x1.01p-25, UNSURE = 0x1p-40;

static int32_t whole_below(double value) { return value < 1024 ? (int32_t)value : 1024; }

/* Least and largest r over n = 1, 2, ... `steps` (and a few more), where the smallest sum whose result is n has
 * sum * factor + half = n + r. The sum before it is at n + r - factor. With `drift`, the same for what
 * factor * (1 + drift) makes of that sum. */
static void scan_steps(double factor, double drift, double half, int32_t steps, double *least, double *largest) {
    double r[SIDE_BY_SIDE], min[SIDE_BY_SIDE], max[SIDE_BY_SIDE];
    const double ahead = SIDE_BY_SIDE - (double)(int32_t)(SIDE_BY_SIDE / factor) * factor;
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        const double n = i + 1 - half;
        r[i] = (double)(int32_t)(n / factor) * factor - n;
        if (r[i] < 0) r[i] += factor;
        min[i] = max[i] = r[i] + (n + r[i]) * drift;
    }
    for (int32_t n = SIDE_BY_SIDE; n < steps; n += SIDE_BY_SIDE) {
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            const double next = r[i] - ahead;
            r[i] = next < 0 ? next + factor : next;
            const double drifted = r[i] + (n + i + 1 - half + r[i]) * drift;
            min[i] = drifted < min[i] ? drifted : min[i];
            max[i] = drifted > max[i] ? drifted : max[i];
        }
    }
    *least = min[0];
    *largest = max[0];
    for (int i = 1; i < SIDE_BY_SIDE; i++) {
        *least = min[i] < *least ? min[i] : *least;
        *largest = max[i] > *largest ? max[i] : *largest;
    }
}

/* Bounds of what scan_steps() finds, at a fraction of its cost and close enough for nearly all channels: r / factor is
 * a fraction that falls by that of 1 / factor at each step, here in units of 2^-32, which wrap, and compared in units of
 * 2^-16. One such unit on either side is more than what doubles and a thousand steps lose. */
static void bound_steps(double factor, double half, int32_t steps, double *least, double *largest) {
    const double period = 0x1p32, fall = 1 / factor, start = (1 - half) / factor; /* below 2^22 */
    const uint32_t ahead = (uint32_t)(int64_t)(SIDE_BY_SIDE * fall * period);
    uint32_t at[SIDE_BY_SIDE];
    int16_t min[SIDE_BY_SIDE], max[SIDE_BY_SIDE];
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        at[i] = (uint32_t)-(int64_t)((start + i * fall) * period) ^ 0x80000000u; /* signed: SSE2 compares those only */
        min[i] = max[i] = (int16_t)(at[i] >> 16);
    }
    for (int32_t n = SIDE_BY_SIDE; n < steps; n += SIDE_BY_SIDE) {
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            at[i] -= ahead;
            const int16_t high = (int16_t)((int32_t)at[i] >> 16);
            min[i] = high < min[i] ? high : min[i];
            max[i] = high > max[i] ? high : max[i];
        }
    }
    int32_t lowest = min[0], highest = max[0];
    for (int i = 1; i < SIDE_BY_SIDE; i++) {
        lowest = min[i] < lowest ? min[i] : lowest;
        highest = max[i] > highest ? max[i] : highest;
    }
    *least = (lowest + 32767) * 0x1p-16 * factor;
    *largest = (highest + 32770) * 0x1p-16 * factor;
}

/* `above`, `most`: what a scan found. `unsure`: of that. A sum just at a step belongs to the higher result, if it is positive. */
static int scale_between(double factor, double half, int32_t low, double above, double most, double unsure,
                         rlt_first_rounding first, rlt_float_scale *to) {
    const double below = factor - most;
    if (above < unsure || below < unsure || (above == 0 && low < 0)) return 0;
    to->high = (float)factor;
    if ((double)to->high > factor) to->high = (float)(factor - factor * 0x1p-24);
    to->low = (float)(factor - (double)to->high);
    const double error = to->low > 0 ? ERROR : UNSURE; /* adding 0 rounds nothing */
    const double lost = first == RLT_FIRST_TO_ZERO && to->low > 0 ? ERROR : 0; /* on average */
    to->offset = (float)(half + (below - above) / 2 + lost);
    const double moved = (double)to->offset - lost - half;
    return to->low >= 0 && to->offset > 0.25f && to->offset < 0.99f && above + moved > error && below - moved > error;
}

/* The same with one operation. `above`, `most`: of the sums times `high`. */
static int scale_once(double high, double half, double above, double most, rlt_float_scale *to) {
    const double below = high - most;
    *to = (rlt_float_scale){(float)high, 0, (float)(half + (below - above) / 2)};
    const double moved = (double)to->offset - half;
    return to->offset > 0.25f && to->offset < 0.99f && above + moved > UNSURE && below - moved > UNSURE;
}

/* Tries the floats on either side of the factor; at first with bounds for all steps at once. `above`, `most`: those. */
static int find_scale_once(double factor, double half, int32_t steps, int32_t low, double above, double most,
                           double unsure, rlt_float_scale *to) {
    const float nearest = (float)factor;
    const double aside = (double)nearest > factor ? -0x1p-24 : 0x1p-24;
    const float sides[2] = {nearest, (float)((double)nearest * (1 + 1.5 * aside))};
    double exact = above, unused;
    if (above <= UNSURE) scan_steps(factor, 0, half, steps, &exact, &unused);
    if (exact < unsure || (exact == 0 && low < 0)) return 0;
    for (int i = 0; i < 2; i++) {
        const double high = (double)sides[i], drift = (high - factor) / factor, most_drift = (steps + SIDE_BY_SIDE) * drift;
        const double under = drift < 0 ? most_drift : 0, over = drift < 0 ? 0 : most_drift;
        if (scale_once(high, half, above + under, most + over, to)) return 1;
    }
    for (int i = 0; i < 2; i++) {
        const double high = (double)sides[i], drift = (high - factor) / factor;
        double least, largest;
        scan_steps(factor, drift, half, steps, &least, &largest);
        if (scale_once(high, half, least, largest, to)) return 1;
    }
    return 0;
}

/* How many steps results can reach; 0 where floats cannot hold the sums. */
static int32_t steps_for(double factor, double half, int32_t low, int32_t high, double largest) {
    if (!(factor > 0x1p-22) || factor >= 0.5) return 0;
    const int32_t range = high > -low ? high : -low, reached = whole_below(largest * factor + half);
    const int32_t steps = reached < range ? reached : range;
    if ((steps + SIDE_BY_SIDE) / factor >= WHOLE) return 0;
    return steps > 0 ? steps : 1;
}

static int scale_for(double factor, double half, int32_t low, int32_t high, double largest, double unsure,
                     rlt_first_rounding first, rlt_float_scale *to) {
    static _Thread_local struct { /* of the channel before: all have one factor where weights have one scale */
        double factor, half, above, most;
        int32_t steps;
    } last;
    const int32_t steps = steps_for(factor, half, low, high, largest);
    double above, most;
    if (steps == 0) return 0;
    if (steps != last.steps || factor != last.factor || half != last.half) {
        bound_steps(factor, half, steps, &last.above, &last.most);
        last.factor = factor;
        last.half = half;
        last.steps = steps;
    }
    if (first == RLT_FIRST_ABSENT) {
        return find_scale_once(factor, half, steps, low, last.above, last.most, unsure, to);
    }
    if (last.above > UNSURE && scale_between(factor, half, low, last.above, last.most, UNSURE, first, to)) return 1;
    scan_steps(factor, 0, half, steps, &above, &most);
    return scale_between(factor, half, low, above, most, unsure, first, to);
}

int rlt_float_scale_for(double factor, double half, int32_t low, int32_t high, double largest, rlt_first_rounding first,
                        rlt_float_scale *to) {
    return scale_for(factor, half, low, high, largest, UNSURE, first, to);
}

/* Its two roundings are one: floor(floor(x * 2^s + 1/2) / 2^s + 1/2) = floor(x + 1/2 + 2^-s / 2), for s >= 1 and
 * magnitudes x whose result is not exactly between two. Doubles hold all of this exactly. */
int rlt_float_scale_fixed(int32_t multiplier, int32_t shift, int32_t low, int32_t high, double largest,
                          rlt_first_rounding first, rlt_float_scale *to) {
    if (shift > -1 || shift < -22 || multiplier <= 0) return 0;
    const double unit = 1.0 / (double)(INT64_C(1) << -shift);
    const double factor = (double)multiplier * 0x1p-31 * unit, half = 0.5 + unit / 2;
    return scale_for(factor, half, low, high, largest, 0, first, to);
}

int rlt_float_scale_sums(int32_t multiplier, int32_t shift, int32_t low, int32_t high, int64_t least, int64_t most,
                         rlt_first_rounding first, int32_t *bias, rlt_float_scale *to) {
    if (shift > 0 || least <= INT32_MIN || most >= INT32_MAX) return 0;
    const int32_t value = rlt_requantize((int32_t)least, multiplier, shift);
    if (value != rlt_requantize((int32_t)most, multiplier, shift)) {
        return rlt_float_scale_fixed(multiplier, shift, low, high, (double)(most > -least ? most : -least), first,
                                     to);
    }
    if (most - least >= 1 << 30) return 0;
    const int64_t sign = value < 0 ? -(1 << 30) : 1 << 30, middle = (least + most) / 2;
    *bias = (int32_t)((uint32_t)*bias + (uint32_t)(sign - middle));
    const int32_t shown = value < 0 && low >= 0 ? 0 : value; /* what is clamped anyway need not be negative */
    const int32_t magnitude = shown < -512 || shown > 512 ? 512 : shown < 0 ? -shown : shown;
    *to = (rlt_float_scale){0, 0, 0.5f + (float)magnitude};
    return 1;
}
