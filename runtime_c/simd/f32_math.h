/* Elementary functions of vectors, the formulas of kernels/common/float_math.c without its branches: within 3 ulp.
 * Included after f32.h. */
#ifndef RLT_F32_MATH_H
#define RLT_F32_MATH_H

RLT_INLINE rlt_vec rlt_vec_exp(rlt_vec x) {
    /* Beyond these bounds the result is infinite or zero anyway. */
    const rlt_vec t = rlt_vec_clamp(x, rlt_vec_all(-104.0f), rlt_vec_all(89.0f));
    const rlt_vec n = rlt_vec_round(rlt_vec_mul(t, rlt_vec_all(1.44269504f)));
    /* ln(2) in two parts, the first with few enough bits that n times it is exact. */
    rlt_vec r = rlt_vec_fma(n, rlt_vec_all(-0.693359375f), t);
    r = rlt_vec_fma(n, rlt_vec_all(2.12194440e-4f), r);
    rlt_vec y = rlt_vec_fma(r, rlt_vec_all(1.0f / 5040), rlt_vec_all(1.0f / 720));
    y = rlt_vec_fma(r, y, rlt_vec_all(1.0f / 120));
    y = rlt_vec_fma(r, y, rlt_vec_all(1.0f / 24));
    y = rlt_vec_fma(r, y, rlt_vec_all(1.0f / 6));
    y = rlt_vec_fma(r, y, rlt_vec_all(0.5f));
    y = rlt_vec_add(rlt_vec_fma(rlt_vec_mul(r, r), y, r), rlt_vec_all(1.0f));
    /* 2^n in two steps, so that results below 2^-126 come out. */
    const rlt_vec half = rlt_vec_round(rlt_vec_mul(n, rlt_vec_all(0.5f)));
    return rlt_vec_mul(rlt_vec_mul(y, rlt_vec_power_of_two(half)), rlt_vec_power_of_two(rlt_vec_sub(n, half)));
}

RLT_INLINE rlt_vec rlt_vec_logistic(rlt_vec x) {
    const rlt_vec one = rlt_vec_all(1.0f);
    return rlt_vec_div(one, rlt_vec_add(one, rlt_vec_exp(rlt_vec_sub(rlt_vec_all(0.0f), x))));
}

RLT_INLINE rlt_vec rlt_vec_tanh(rlt_vec x) {
    /* Taylor series below 0.55, where 1 - 2 / (exp(2x) + 1) cancels. */
    static const float terms[7] = {1.33333333e-1f, -5.39682540e-2f, 2.18694885e-2f, -8.86323553e-3f,
                                   3.59212803e-3f, -1.45583438e-3f, 5.90027441e-4f};
    const rlt_vec one = rlt_vec_all(1.0f), two = rlt_vec_all(2.0f), size = rlt_vec_abs(x), z = rlt_vec_mul(x, x);
    rlt_vec series = rlt_vec_all(terms[6]);
    for (int i = 5; i >= 0; i--) series = rlt_vec_fma(z, series, rlt_vec_all(terms[i]));
    series = rlt_vec_fma(z, series, rlt_vec_all(-3.33333333e-1f));
    const rlt_vec near = rlt_vec_fma(rlt_vec_mul(x, z), series, x);
    const rlt_vec far = rlt_vec_sub(one, rlt_vec_div(two, rlt_vec_add(rlt_vec_exp(rlt_vec_mul(two, size)), one)));
    return rlt_vec_where_less(size, rlt_vec_all(0.55f), near, rlt_vec_with_sign(far, x));
}

/* exp(x) - 1 for x <= 0. */
RLT_INLINE rlt_vec rlt_vec_exp_minus_one(rlt_vec x) {
    rlt_vec y = rlt_vec_fma(x, rlt_vec_all(1.0f / 5040), rlt_vec_all(1.0f / 720));
    y = rlt_vec_fma(x, y, rlt_vec_all(1.0f / 120));
    y = rlt_vec_fma(x, y, rlt_vec_all(1.0f / 24));
    y = rlt_vec_fma(x, y, rlt_vec_all(1.0f / 6));
    y = rlt_vec_fma(x, y, rlt_vec_all(0.5f));
    const rlt_vec near = rlt_vec_fma(rlt_vec_mul(x, x), y, x);
    return rlt_vec_where_less(x, rlt_vec_all(-0.35f), rlt_vec_sub(rlt_vec_exp(x), rlt_vec_all(1.0f)), near);
}

/* The normal distribution's function, within 1e-7; *bell: exp(-x^2 / 2). Half of erfc(|x| / sqrt(2)) is a polynomial of
 * t = 1 / (1 + 0.3275911 |x| / sqrt(2)) times the bell: Abramowitz and Stegun, 7.1.26. */
RLT_INLINE rlt_vec rlt_vec_normal(rlt_vec x, rlt_vec *bell) {
    static const float terms[4] = {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f};
    const rlt_vec one = rlt_vec_all(1.0f);
    const rlt_vec t = rlt_vec_div(one, rlt_vec_fma(rlt_vec_abs(x), rlt_vec_all(0.3275911f * 0.707106781f), one));
    *bell = rlt_vec_exp(rlt_vec_mul(rlt_vec_mul(x, x), rlt_vec_all(-0.5f)));
    rlt_vec tail = rlt_vec_all(1.061405429f);
    for (int i = 0; i < 4; i++) tail = rlt_vec_fma(tail, t, rlt_vec_all(terms[i]));
    tail = rlt_vec_mul(rlt_vec_mul(rlt_vec_mul(tail, t), *bell), rlt_vec_all(0.5f));
    return rlt_vec_where_less(x, rlt_vec_all(0.0f), tail, rlt_vec_sub(one, tail));
}

#endif
