/* Elementary functions in float, within 2.5 ulp, for cores without a C library. Inputs of any value are fine. */
#ifndef RLT_FLOAT_MATH_H
#define RLT_FLOAT_MATH_H

float rlt_expf(float x);
float rlt_logf(float x);
float rlt_tanhf(float x);
float rlt_logisticf(float x);
float rlt_erfcf(float x); /* 1 - erf(x), within 2e-7 of itself */
float rlt_sinf(float x);
float rlt_cosf(float x);
float rlt_atan2f(float y, float x);
float rlt_fmodf(float x, float y);
float rlt_powf(float x, float y);
float rlt_sqrtf(float x); /* correctly rounded */
float rlt_floorf(float x);
float rlt_ceilf(float x);
float rlt_roundevenf(float x); /* to nearest, halves to even */
float rlt_roundf(float x);     /* to nearest, halves away from zero */

#endif
