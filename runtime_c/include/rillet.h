/* rillet.h - the only public header of the rillet runtime. C11, no dependency.
 *
 * Two phases. rlt_prepare() verifies a .tflite file and turns it into a plan: kernels chosen for a CPU, weights
 * packed, memory planned. A session runs a plan; running allocates nothing and is re-entrant per session.
 *
 * The plan is a value, the "image": one position-independent block of little-endian words. On a desktop it lives on
 * the heap; `rillet build` puts the same bytes into a microcontroller's flash, where no parser or planner is needed.
 *
 *   rlt_plan *plan; rlt_error error; rlt_session session;
 *   if (rlt_prepare(bytes, size, NULL, &plan, &error)) { puts(error.text); return 1; }
 *   void *arena = aligned_alloc(RLT_ALIGNMENT, rlt_plan_arena_bytes(plan));
 *   rlt_session_open(&session, rlt_plan_image(plan), bytes, arena, rlt_plan_arena_bytes(plan));
 *   ... fill rlt_session_input(&session, 0).data; rlt_session_invoke(&session); read rlt_session_output(&session, 0)
 *
 * Every size is in bytes unless its name says otherwise. Zero in a config field means the default.
 */
#ifndef RILLET_H
#define RILLET_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#define RLT_VERSION 0x000100   /* major << 16 | minor << 8 | patch */
#define RLT_ALIGNMENT 64       /* of the arena's start and of the image's start on a desktop; 16 on a microcontroller */
#define RLT_MAX_RANK 8

/* Status codes, with the text that rlt_status_text() gives. 0 is success, errors are negative. */
#define RLT_STATUS_LIST(X) \
    X(RLT_OK, 0, "ok") \
    X(RLT_ERROR_FORMAT, -1, "not a valid .tflite file") \
    X(RLT_ERROR_UNSUPPORTED_OP, -2, "operator has no kernel") \
    X(RLT_ERROR_UNSUPPORTED_TYPE, -3, "operator does not take this element type") \
    X(RLT_ERROR_SHAPE, -4, "shapes do not fit the operator") \
    X(RLT_ERROR_OPTION, -5, "operator option out of range") \
    X(RLT_ERROR_QUANTIZATION, -6, "quantization parameters missing or out of range") \
    X(RLT_ERROR_DYNAMIC, -7, "shape is not known before running") \
    X(RLT_ERROR_MEMORY, -8, "memory limit reached") \
    X(RLT_ERROR_ARENA, -9, "arena too small or not aligned") \
    X(RLT_ERROR_IMAGE, -10, "not a plan image of this version") \
    X(RLT_ERROR_ARGUMENT, -11, "argument out of range") \
    X(RLT_ERROR_INDEX, -12, "index in the data out of range")

typedef enum {
#define RLT_STATUS_ENUM(name, value, text) name = value,
    RLT_STATUS_LIST(RLT_STATUS_ENUM)
#undef RLT_STATUS_ENUM
} rlt_status;

/* The sentence for a status; static. */
const char *rlt_status_text(rlt_status status);

/* What went wrong, and where. Owned by the caller. `op` and `tensor` index the subgraph, -1 where none is meant. */
typedef struct {
    rlt_status status;
    int32_t op;
    int32_t tensor;
    char text[240]; /* one line: what was wrong, the op's kind, the tensor's name */
} rlt_error;

/* Element types; values of TFLite's TensorType. */
typedef enum {
    RLT_FLOAT32 = 0,
    RLT_FLOAT16 = 1,
    RLT_INT32 = 2,
    RLT_UINT8 = 3,
    RLT_INT64 = 4,
    RLT_STRING = 5,
    RLT_BOOL = 6,
    RLT_INT16 = 7,
    RLT_INT8 = 9,
    RLT_FLOAT64 = 10,
    RLT_UINT64 = 12,
    RLT_RESOURCE = 13,
    RLT_UINT32 = 15,
    RLT_UINT16 = 16,
    RLT_INT4 = 17
} rlt_type;

/* Instruction sets that kernels are written for. A plan may be made for another CPU than this one. */
enum {
    RLT_ISA_SCALAR = 1u << 0,     /* portable C, always there */
    RLT_ISA_AVX2 = 1u << 1,       /* with FMA and F16C */
    RLT_ISA_AVXVNNI = 1u << 2,    /* AVX2 and its VNNI form: client processors without AVX-512 */
    RLT_ISA_AVX512VNNI = 1u << 3, /* AVX-512 F, BW, DQ, VL, VNNI */
    RLT_ISA_NEON = 1u << 4,
    RLT_ISA_DOTPROD = 1u << 5,
    RLT_ISA_DSP = 1u << 6,  /* Armv7E-M, Armv8-M DSP extension */
    RLT_ISA_MVE = 1u << 7,  /* Helium */
    RLT_ISA_WASM = 1u << 8, /* SIMD128 */
    RLT_ISA_MCU = 1u << 9,  /* portable C for small cores without SIMD, and their plain multiplier */
    RLT_ISA_V7M = 1u << 10  /* Armv7-M without the DSP extension: sums of 64 bits */
};

/* The instruction sets this CPU has and this library was built with, limited by the environment variable
 * RILLET_ISA ("scalar", "avx2", "avxvnni", "avx512vnni", ...) if it is set. Read once. */
uint32_t rlt_cpu_isa(void);

enum {
    RLT_SELF_CONTAINED = 1u << 0, /* copy every constant into the image: the model bytes are not needed to run */
    RLT_KEEP_INPUTS = 1u << 1,    /* input values survive an invoke */
    RLT_KEEP_ALL = 1u << 2        /* no two tensors share memory: every value can be read after an invoke */
};

/* A new shape for an input of the subgraph. */
typedef struct {
    uint32_t input; /* position among the subgraph's inputs */
    uint32_t rank;  /* at most RLT_MAX_RANK */
    int32_t dims[RLT_MAX_RANK];
} rlt_input_shape;

/* Where a resource variable lies, so that plans of several subgraphs of a file, run on one arena, share it. */
typedef struct {
    const char *name;      /* shared_name, of a variable without container; not NUL-terminated */
    uint32_t name_bytes;
    uint32_t arena_offset; /* a multiple of the plan's alignment; the variable ends within `variable_bytes` */
    uint32_t is_given;     /* another plan's session gives it its first value */
} rlt_variable_place;

typedef struct {
    uint32_t isa;       /* which kernels may be chosen; 0: rlt_cpu_isa() */
    uint32_t flags;     /* RLT_SELF_CONTAINED ... */
    uint32_t subgraph;  /* default 0, the main one */
    uint32_t alignment; /* of tensors in the arena, a power of two from 4 to 64; 0: 64 */
    const rlt_input_shape *input_shapes;
    uint32_t input_shape_count;
    uint64_t arena_limit; /* refuse plans with a larger arena; 0: 4 GiB */
    uint32_t threads;     /* the most that sessions will use: steps are split, and scratch planned, for so many; 0: 1 */
    float float_tolerance; /* the error, as a share of a layer's largest output, up to which float convolutions may use
                            * algorithms with fewer multiplications; 0: 1e-5; negative: sums of products only */
    const rlt_variable_place *variable_places;
    uint32_t variable_place_count;
    uint32_t variable_bytes; /* at the arena's start, for variables with places alone; a multiple of the alignment */
    const char *kernels;   /* families of kernels that may not be chosen, each after a minus: "-winograd,-packed"; read by
                            * rlt_prepare() alone; NULL: what the environment variable RILLET_KERNELS says */
    uint64_t fast_bytes;   /* room for the arena's end in faster memory, where the busiest tensors and scratch then lie;
                            * 0: none. Inputs, outputs and variables stay in the rest. */
} rlt_config;

/* Checks every offset, index, shape, size product and scale of a file, and that each operator has its own kind of
 * options, without allocating and in time linear in its size. (Values of options, and shapes that do not fit an
 * operator, are rlt_prepare()'s to refuse.) `error` may be NULL. */
rlt_status rlt_verify(const void *model, size_t size, rlt_error *error);

typedef struct rlt_plan rlt_plan;

/* Verifies `model` and plans it. The bytes are borrowed: they must stay until the plan and its sessions are gone
 * (unless RLT_SELF_CONTAINED: then only during this call), and start at a multiple of 8. Allocates at most
 * eight times `size` plus 64 KiB, and gives back what the plan does not keep.
 * `config` and `error` may be NULL. On failure *plan is NULL. Free with rlt_plan_free(). */
rlt_status rlt_prepare(const void *model, size_t size, const rlt_config *config, rlt_plan **plan, rlt_error *error);
void rlt_plan_free(rlt_plan *plan);

/* The image (see core/image.h), owned by the plan, RLT_ALIGNMENT-aligned. */
const void *rlt_plan_image(const rlt_plan *plan);
size_t rlt_plan_image_bytes(const rlt_plan *plan);
/* Arena needed to run, scratch included; scratch alone is the largest that one step needs. */
size_t rlt_plan_arena_bytes(const rlt_plan *plan);
/* Of these, the last ones are for fast memory (rlt_config.fast_bytes). */
size_t rlt_plan_fast_bytes(const rlt_plan *plan);
size_t rlt_plan_scratch_bytes(const rlt_plan *plan);
/* Lower bound of the arena: the most bytes of tensors alive at one step, scratch not counted. */
size_t rlt_plan_live_bytes(const rlt_plan *plan);
uint32_t rlt_plan_step_count(const rlt_plan *plan);

/* One step of a plan, for profiles, verification and memory pictures. */
typedef struct {
    uint32_t op;             /* operator's index in the subgraph */
    uint32_t kernel;         /* index for rlt_kernel_name() */
    uint32_t tasks;          /* pieces it can be split into for threads */
    uint32_t scratch_bytes;
    uint32_t output_count;
    uint32_t part_count;     /* operators that it computes by turns, a few rows each; the last one is `op`; mostly 1 */
} rlt_step_info;
rlt_status rlt_plan_step(const rlt_plan *plan, uint32_t step, rlt_step_info *info);
/* The same with operator and kernel of part `k`. */
rlt_status rlt_plan_step_part(const rlt_plan *plan, uint32_t step, uint32_t k, rlt_step_info *info);
/* Tensor index (in the subgraph) of output `k` of a step's operator. */
int32_t rlt_plan_step_output(const rlt_plan *plan, uint32_t step, uint32_t k);

/* Where a tensor of the subgraph lives while it is alive. */
typedef struct {
    uint32_t arena_offset;  /* UINT32_MAX: not in the arena (constant, or never used) */
    uint32_t bytes;
    uint32_t first_step;    /* steps in which it is alive, both inclusive */
    uint32_t last_step;
    uint32_t type;          /* rlt_type */
    uint32_t rank;
    int32_t dims[RLT_MAX_RANK]; /* after shape inference */
} rlt_tensor_info;
rlt_status rlt_plan_tensor(const rlt_plan *plan, uint32_t tensor, rlt_tensor_info *info);

/* A resource variable (VAR_HANDLE). Its memory lies in the arena as long as the session lives: between invokes it may be
 * read and written there. */
typedef struct {
    const char *name;       /* shared_name; not NUL-terminated, the plan's */
    uint32_t name_bytes;
    uint32_t arena_offset;
    uint32_t bytes;
    uint32_t type;          /* rlt_type */
    uint32_t rank;
    int32_t dims[RLT_MAX_RANK];
} rlt_variable_info;
/* Those that the subgraph reads or assigns, in the order of their first handles. */
uint32_t rlt_plan_variable_count(const rlt_plan *plan);
rlt_status rlt_plan_variable(const rlt_plan *plan, uint32_t variable, rlt_variable_info *info);

/* Kernels: names ("conv_2d_s8_avx512vnni"), NULL past the end, and the instruction set each needs. */
const char *rlt_kernel_name(uint32_t kernel);
uint32_t rlt_kernel_isa(uint32_t kernel);
/* Operators that have kernels: the number-th one's name ("CONV_2D"), NULL past the end; TFLite's BuiltinOperator value
 * is written to `code` unless that is NULL. CUSTOM ones (32) have their custom_code as name. */
const char *rlt_operator_name(uint32_t number, int32_t *code);

/* Copies a self-contained image for a firmware: kernels are renumbered in order of first use and their old indices
 * written to `kernels`, behind the `known` ones of images exported before for the same firmware (room for
 * `known` + rlt_plan_step_count() entries). `destination` holds image_bytes.
 * Returns how many kernels there are now, or RLT_ERROR_IMAGE if the plan refers to the model's bytes. */
int32_t rlt_plan_export(const rlt_plan *plan, void *destination, uint32_t *kernels, uint32_t known);

/* A thread pool; shared by sessions that do not run at the same time. NULL means one thread. */
typedef struct rlt_threads rlt_threads;
rlt_threads *rlt_threads_open(uint32_t count);
void rlt_threads_close(rlt_threads *threads);

/* A plan being run. Owned by the caller; the fields are the runtime's. Holds no memory of its own. */
typedef struct {
    const void *image;
    const void *kernels;
    uint8_t *base[4];
    rlt_threads *threads;
} rlt_session;

/* A tensor seen from outside: valid until the session's arena goes. */
typedef struct {
    void *data;
    uint32_t bytes;
    uint32_t type;
    uint32_t rank;
    int32_t dims[RLT_MAX_RANK];
    float scale; /* first scale and zero point; 0 where not quantized */
    int32_t zero_point;
} rlt_view;

/* Opens a session with all kernels of this library. `model`: the bytes given to rlt_prepare(), NULL for a
 * self-contained image. `arena`: RLT_ALIGNMENT-aligned, at least rlt_plan_arena_bytes(), owned by the caller. */
rlt_status rlt_session_open(rlt_session *session, const void *image, const void *model, void *arena, size_t arena_bytes);
/* The same, but every variable keeps what the arena holds: for one of several plans that share variables, once a
 * session of each has been opened, and again whenever another one's has run. */
rlt_status rlt_session_attach(rlt_session *session, const void *image, const void *model, void *arena,
                              size_t arena_bytes);
uint32_t rlt_session_input_count(const rlt_session *session);
uint32_t rlt_session_output_count(const rlt_session *session);
rlt_view rlt_session_input(const rlt_session *session, uint32_t index);  /* data NULL if out of range */
rlt_view rlt_session_output(const rlt_session *session, uint32_t index);
/* Runs all steps, or `count` from `first`. Errors come only from the data itself (an index out of range). Takes bounded
 * time but for a WHILE: like any loop it goes on for as long as its condition holds, for ever where the model says so.
 * Whoever runs models of strangers watches the time outside. */
rlt_status rlt_session_invoke(rlt_session *session);
rlt_status rlt_session_run(rlt_session *session, uint32_t first, uint32_t count);
/* Gives variables (the states of recurrent and streaming models) their first values again; opening does it too. */
void rlt_session_reset(rlt_session *session);
/* Runs all steps and adds each one's time to ticks[step], in rlt_ticks_per_second() units. */
rlt_status rlt_session_profile(rlt_session *session, uint64_t *ticks);
uint64_t rlt_ticks(void);
uint64_t rlt_ticks_per_second(void);

/* What one core of this CPU does at most, with the instruction sets of rlt_cpu_isa(), for rooflines: the caller takes
 * the time. Not in firmwares. */
typedef enum {
    RLT_PEAK_INT8_MACS,  /* 8-bit multiply-accumulates on registers */
    RLT_PEAK_FLOAT_MACS, /* the same with float32 */
    RLT_PEAK_READ_BYTES  /* reading `bytes` of `buffer`, each round all of it */
} rlt_peak_kind;

/* Does `rounds` rounds of work and returns how many units (multiply-accumulates, bytes) that were. A round is some
 * tens to hundreds of instructions, or a pass over `buffer`. 0: `buffer` does not start at a multiple of 64, or `bytes` is no
 * multiple of 512. */
uint64_t rlt_peak(rlt_peak_kind kind, const void *buffer, size_t bytes, uint32_t rounds);
/* Two threads, of turn 0 and 1, count up `word` by turns, `rounds` times each; it starts at 0, alone in its 128 bytes.
 * Returns how many times this one did: fewer where the other one does not come. Not in firmwares. */
uint32_t rlt_take_turns(uint32_t *word, uint32_t turn, uint32_t rounds);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#if defined(__cplusplus)
}
#endif
#endif
