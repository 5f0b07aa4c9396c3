/* The tables made from kernels/ops.def: operators, kernels, and the session over all kernels. */
#include "prepare.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "state.h"
#include "verify.h"

/* RLT_BUILT_<isa>(function): the function where this library was compiled for it (defines set by the build), else
 * NULL. */
#define RLT_BUILT_SCALAR(function) function
#if defined(RLT_BUILD_AVX2)
#define RLT_BUILT_AVX2(function) function
#else
#define RLT_BUILT_AVX2(function) NULL
#endif
#if defined(RLT_BUILD_AVXVNNI)
#define RLT_BUILT_AVXVNNI(function) function
#else
#define RLT_BUILT_AVXVNNI(function) NULL
#endif
#if defined(RLT_BUILD_AVX512VNNI)
#define RLT_BUILT_AVX512VNNI(function) function
#else
#define RLT_BUILT_AVX512VNNI(function) NULL
#endif
#if defined(RLT_BUILD_NEON)
#define RLT_BUILT_NEON(function) function
#else
#define RLT_BUILT_NEON(function) NULL
#endif
#if defined(RLT_BUILD_DOTPROD)
#define RLT_BUILT_DOTPROD(function) function
#else
#define RLT_BUILT_DOTPROD(function) NULL
#endif
#if defined(RLT_BUILD_DSP)
#define RLT_BUILT_DSP(function) function
#else
#define RLT_BUILT_DSP(function) NULL
#endif
#if defined(RLT_BUILD_MVE)
#define RLT_BUILT_MVE(function) function
#else
#define RLT_BUILT_MVE(function) NULL
#endif
#if defined(RLT_BUILD_MCU)
#define RLT_BUILT_MCU(function) function
#else
#define RLT_BUILT_MCU(function) NULL
#endif
#if defined(RLT_BUILD_V7M)
#define RLT_BUILT_V7M(function) function
#else
#define RLT_BUILT_V7M(function) NULL
#endif
#if defined(RLT_BUILD_WASM)
#define RLT_BUILT_WASM(function) function
#else
#define RLT_BUILT_WASM(function) NULL
#endif

/* Names are numbers of bytes from the start of all names: a pointer would take 32 bytes, most of them to relocate it. */
typedef struct {
#define RLT_OP(code, options, kind, name) char name##_##code[sizeof #kind];
#include "../kernels/ops.def"
} all_kinds;

typedef struct {
#define RLT_KERNEL(name, isa) char name[sizeof #name];
#include "../kernels/ops.def"
} all_kernels;

static const all_kinds KINDS = {
#define RLT_OP(code, options, kind, name) #kind,
#include "../kernels/ops.def"
};

static const all_kernels KERNEL_NAMES = {
#define RLT_KERNEL(name, isa) #name,
#include "../kernels/ops.def"
};

static const rlt_op_kind OPS[] = {
#define RLT_OP(code, options, kind, name) {code, options, offsetof(all_kinds, name##_##code)},
#include "../kernels/ops.def"
};

enum {
#define RLT_OP(code, options, kind, name) OP_##name##_##code,
#include "../kernels/ops.def"
};

static const struct {
    uint16_t name, isa;
} KERNEL_INFOS[] = {
#define RLT_KERNEL(name, isa) {offsetof(all_kernels, name), RLT_ISA_##isa},
#include "../kernels/ops.def"
};

const char *rlt_kind_name(const rlt_op_kind *kind) {
    return (const char *)&KINDS + kind->name;
}

const rlt_op_kind *rlt_find_op_kind(rlt_file *file, const rlt_table *code) {
    const int32_t number = rlt_operator_code(file, code);
    rlt_vector name = {0};
    if (number == CUSTOM) name = rlt_field_vector(file, code, CODE_CUSTOM, 1);
    for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++) {
        if (OPS[i].code != number) continue;
        if (number != CUSTOM) return &OPS[i];
        const char *kind = rlt_kind_name(&OPS[i]);
        if (strlen(kind) == name.count && memcmp(kind, file->bytes + name.at, name.count) == 0) return &OPS[i];
    }
    return NULL;
}

/* Switches, as their code is a third of what tables of pointers take with what relocates them. */
rlt_prepare_fn rlt_prepare_of(const rlt_op_kind *kind) {
    switch (kind - OPS) {
#define RLT_OP(code, options, kind, name) \
    case OP_##name##_##code:              \
        return rlt_prepare_##name;
#include "../kernels/ops.def"
    }
    return NULL;
}

rlt_kernel_fn rlt_kernel_of(uint32_t kernel) {
    switch (kernel) {
#define RLT_KERNEL(name, isa)   \
    case RLT_KERNEL_##name:     \
        return RLT_BUILT_##isa(rlt_##name);
#include "../kernels/ops.def"
    }
    return NULL;
}

/* The table that sessions call by, filled by whoever opens the first one. */
static const rlt_kernel_fn *all_kernels_table(void) {
    static rlt_kernel_fn table[RLT_KERNEL_COUNT];
    enum { EMPTY, FILLING, FULL };
    static atomic_int state = EMPTY;
    int found = EMPTY;
    if (atomic_compare_exchange_strong(&state, &found, FILLING)) {
        for (uint32_t i = 0; i < RLT_KERNEL_COUNT; i++) table[i] = rlt_kernel_of(i);
        atomic_store(&state, FULL);
    }
    while (atomic_load(&state) != FULL) continue; /* another thread is at it, for a microsecond */
    return table;
}

const char *rlt_operator_name(uint32_t number, int32_t *code) {
    if (number >= sizeof OPS / sizeof *OPS) return NULL;
    if (code != NULL) *code = OPS[number].code;
    return rlt_kind_name(&OPS[number]);
}

const char *rlt_kernel_name(uint32_t kernel) {
    return kernel < RLT_KERNEL_COUNT ? (const char *)&KERNEL_NAMES + KERNEL_INFOS[kernel].name : NULL;
}

uint32_t rlt_kernel_isa(uint32_t kernel) {
    return kernel < RLT_KERNEL_COUNT ? KERNEL_INFOS[kernel].isa : 0;
}

/* Whether this CPU has what the steps' kernels are made for; an image may be made for another. */
static rlt_status check_kernels(const void *image) {
    const rlt_image *head = image;
    const rlt_image_step *steps = (const rlt_image_step *)(const void *)((const uint8_t *)image + head->steps);
    for (uint32_t i = 0; i < head->step_count + head->part_count; i++)
        if (steps[i].kernel >= RLT_KERNEL_COUNT || (rlt_kernel_isa(steps[i].kernel) & ~rlt_cpu_isa()))
            return RLT_ERROR_IMAGE;
    return RLT_OK;
}

rlt_status rlt_session_open(rlt_session *session, const void *image, const void *model, void *arena,
                            size_t arena_bytes) {
    const rlt_status status = rlt_session_open_with(session, image, model, arena, arena_bytes, all_kernels_table());
    return status != RLT_OK ? status : check_kernels(image);
}

rlt_status rlt_session_attach(rlt_session *session, const void *image, const void *model, void *arena,
                              size_t arena_bytes) {
    const rlt_status status = rlt_session_attach_with(session, image, model, arena, arena_bytes, all_kernels_table());
    return status != RLT_OK ? status : check_kernels(image);
}
