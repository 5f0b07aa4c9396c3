/* The plan image: what rlt_prepare() makes and a session runs, on every device.
 *
 * One block of 32-bit little-endian words and packed constants, position-independent: places are refs (region and
 * offset), never pointers, so the same bytes serve a 64-bit desktop's heap and a microcontroller's flash. */
#ifndef RLT_IMAGE_H
#define RLT_IMAGE_H

#include "rillet.h"

#define RLT_IMAGE_MAGIC 0x544C5249u /* "IRLT" */
#define RLT_IMAGE_VERSION 2u

/* A place: region in the top two bits, offset / 4 below, so each region can hold 4 GiB. */
typedef uint32_t rlt_ref;
enum { RLT_REGION_ARENA = 0, RLT_REGION_IMAGE = 1, RLT_REGION_MODEL = 2, RLT_REGION_FAST = 3, RLT_REGION_TILE = 3 };
/* FAST: the end of the arena, which may lie in other memory; its offsets count from the start of the arena all the same.
 * TILE: in plans without such memory, what steps that run by turns hand on (kernels/strips). */
#define RLT_REF_NONE UINT32_MAX
#define RLT_REF(region, offset) (((uint32_t)(region) << 30) | (uint32_t)((offset) >> 2))
#define RLT_REF_REGION(ref) ((ref) >> 30)
#define RLT_REF_OFFSET(ref) ((size_t)((ref) & 0x3FFFFFFFu) << 2)

typedef struct {
    uint32_t magic, version;
    uint32_t bytes;           /* of the whole image */
    uint32_t crc;             /* CRC-32 (IEEE) of the image after this field, in exported images; else 0 */
    uint32_t arena_bytes;
    uint32_t arena_alignment;
    uint32_t model_bytes;     /* size of the model file that MODEL refs point into; 0: self-contained */
    uint32_t kernel_limit;    /* every step's kernel is below this */
    uint32_t step_count, steps;     /* offset of rlt_image_step[]: those of the plan, then `part_count` that some of
                                     * them run */
    uint32_t input_count, inputs;   /* offset of rlt_image_tensor[] */
    uint32_t output_count, outputs;
    uint32_t state_count, states;   /* offset of rlt_image_state[] */
    uint32_t part_count;
} rlt_image;

/* What a task needs of the step before, which has as many. */
typedef enum {
    RLT_LINK_ALL,   /* all of it */
    RLT_LINK_OWN,   /* what the task of its own number made */
    RLT_LINK_INNER  /* the same in the outer half of the first and of the last task's share; all of it in the rest */
} rlt_link;

typedef struct {
    uint32_t kernel;
    uint32_t params;    /* offset of the kernel's parameter record: 32-bit fields only, its refs first */
    uint16_t ref_count; /* how many refs lead the record */
    uint8_t tasks;      /* pieces the work may be split into; 1: not worth it */
    uint8_t link;       /* rlt_link, where all tasks of this step and the one before it run side by side */
    uint32_t op;        /* operator's index in the subgraph */
} rlt_image_step;

typedef struct {
    rlt_ref data;
    uint32_t bytes;
    uint32_t type; /* rlt_type */
    uint32_t rank;
    int32_t dims[RLT_MAX_RANK];
    float scale;
    int32_t zero_point;
} rlt_image_tensor;

/* A variable: memory of the arena that keeps its value from one invoke to the next, and how a reset sets it. */
typedef struct {
    rlt_ref data;
    rlt_ref first; /* its first value; RLT_REF_NONE: every byte is `fill` */
    uint32_t bytes;
    uint32_t fill;
} rlt_image_state;

#endif
