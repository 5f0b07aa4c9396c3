/* Numbers and declarations of all kernels and prepare functions, made from kernels/ops.def. */
#ifndef RLT_KERNELS_H
#define RLT_KERNELS_H

#include "kernel.h"

enum {
#define RLT_KERNEL(name, isa) RLT_KERNEL_##name,
#include "../kernels/ops.def"
    RLT_KERNEL_COUNT
};

#define RLT_KERNEL(name, isa) rlt_status rlt_##name(const rlt_run *run, const void *params);
#include "../kernels/ops.def"


#endif
