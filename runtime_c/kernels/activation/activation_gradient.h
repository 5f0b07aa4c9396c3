/* Parameters of the activations' gradients: dx from dy and the activation's output (clamp, tanh) or input (gelu). */
#ifndef RLT_ACTIVATION_GRADIENT_H
#define RLT_ACTIVATION_GRADIENT_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref value, dy, dx;
    uint32_t count;
    float low, high; /* clamp: dy passes where value lies strictly between */
} rlt_activation_gradient_params;

enum { RLT_ACTIVATION_GRADIENT_REFS = 3 };

#endif
