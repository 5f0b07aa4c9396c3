/* int8 DEPTHWISE_CONV_2D with Helium: patches.h. */
#include "../common/mve.h"
#include "patches.h"

enum { CHANNELS = RLT_PATCH_CHANNELS, COLUMN = RLT_PATCH_COLUMN, SIDE = 4 };

/* Where the four pixels of a column come from, how far apart they are from one column to the next, and where to. */
typedef struct {
    const int8_t *from[SIDE];
    int32_t next[SIDE];
    int8_t *to;
    int32_t columns, channels;
} source;

static void rearrange(const source *s) {
    __asm__ volatile(
        "ldm %[s], {r0-r6, r8-r11}\n\t"
        "vctp.8 r11\n\t"
        "wls lr, r10, 2f\n"
        "1:\n\t"
        "vpstttt\n\t"
        "vldrbt.u8 q0, [r0]\n\t"
        "vldrbt.u8 q1, [r1]\n\t"
        "vldrbt.u8 q2, [r2]\n\t"
        "vldrbt.u8 q3, [r3]\n\t"
        "add r0, r0, r4\n\t"
        "vst40.8 {q0, q1, q2, q3}, [r9]\n\t"
        "add r1, r1, r5\n\t"
        "vst41.8 {q0, q1, q2, q3}, [r9]\n\t"
        "add r2, r2, r6\n\t"
        "vst42.8 {q0, q1, q2, q3}, [r9]\n\t"
        "add r3, r3, r8\n\t"
        "vst43.8 {q0, q1, q2, q3}, [r9]!\n\t"
        "le lr, 1b\n"
        "2:"
        :
        : [s] "r"(s)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2", "q3", "p0", "cc",
          "memory");
}

/* Patches side by side, and their outputs. */
typedef struct {
    uint32_t words[SIDE];   /* addresses of the first patch's, less the distance of two patches */
    int32_t places[SIDE];   /* of four outputs, from the first */
    int8_t *to;
    int32_t outputs, next;  /* bytes from four outputs to the next */
    const void *constants;
    int32_t channels;
} patches;

/* The sums of four outputs: from one patch with the weights q0 to q3, or from four with q0. */
#define FROM_ONE(distance) \
    "vldrw.u32 q4, [q6, #" distance "]!\n\t" \
    "vmladav.s8 r0, q4, q0\n\t" \
    "vmladav.s8 r2, q4, q1\n\t" \
    "vmladav.s8 r4, q4, q2\n\t" \
    "vmladav.s8 r6, q4, q3\n\t"
#define FROM_FOUR(distance) \
    "vldrw.u32 q4, [q6, #" distance "]!\n\t" \
    "vmladav.s8 r0, q4, q0\n\t" \
    "vldrw.u32 q4, [q6, #" distance "]!\n\t" \
    "vmladav.s8 r2, q4, q0\n\t" \
    "vldrw.u32 q4, [q6, #" distance "]!\n\t" \
    "vmladav.s8 r4, q4, q0\n\t" \
    "vldrw.u32 q4, [q6, #" distance "]!\n\t" \
    "vmladav.s8 r6, q4, q0\n\t"
#define ONE_FILTER "vldrw.u32 q0, [r12], #16\n\t"
#define FOUR_FILTERS \
    ONE_FILTER \
    "vldrw.u32 q1, [r12], #16\n\t" \
    "vldrw.u32 q2, [r12], #16\n\t" \
    "vldrw.u32 q3, [r12], #16\n\t"

#define CHANNEL_ROWS(p, filters, sums) \
    __asm__ volatile( \
        "vldrw.u32 q7, [%[p], #16]\n\t" \
        "ldr r10, [%[p], #40]\n\t" \
        "ldr r12, [%[p], #44]\n\t" \
        "ldr lr, [%[p], #48]\n" \
        "1:\n\t" /* a channel */ \
        "mov r0, #4\n\t" \
        "vldrw.u32 q6, [%[p]]\n\t" \
        "ldrd r9, r11, [%[p], #32]\n\t" \
        "vadd.i32 q4, q6, r0\n\t" /* where the next channel starts */ \
        "add r0, r9, #1\n\t" \
        "vstrw.32 q4, [%[p]]\n\t" \
        "str r0, [%[p], #32]\n\t" \
        "ldrd r1, r3, [r12], #8\n\t" \
        "ldrd r5, r8, [r12], #8\n\t" \
        filters \
        "2:\n\t" /* four outputs */ \
        sums \
        "vmov q5[2], q5[0], r0, r4\n\t" \
        "vmov q5[3], q5[1], r2, r6\n\t" \
        "vadd.i32 q5, q5, r1\n\t" \
        "vqrdmulh.s32 q5, q5, r3\n\t" \
        "vctp.32 r11\n\t" \
        "vshr.s32 q4, q5, #31\n\t" \
        "vadd.i32 q5, q5, q4\n\t" \
        "vadd.i32 q5, q5, r5\n\t" \
        "vqshl.s32 q5, r8\n\t" \
        "vshr.s32 q5, q5, #24\n\t" \
        "vpst\n\t" \
        "vstrbt.32 q5, [r9, q7]\n\t" \
        "add r9, r9, r10\n\t" \
        "subs r11, r11, #4\n\t" \
        "bgt 2b\n\t" \
        "le lr, 1b" \
        : \
        : [p] "r"(p) \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1", "q2", "q3", \
          "q4", "q5", "q6", "q7", "p0", "cc", "memory")

static __attribute__((noinline)) void squares(patches *p) { CHANNEL_ROWS(p, FOUR_FILTERS, FROM_ONE("128")); }
static __attribute__((noinline)) void strided(patches *p) { CHANNEL_ROWS(p, ONE_FILTER, FROM_FOUR("128")); }
static __attribute__((noinline)) void lines(patches *p) { CHANNEL_ROWS(p, FOUR_FILTERS, FROM_ONE("64")); }

/* Sixteen channels (or the last ones) of an image, and where their parts lie. */
typedef struct {
    const rlt_depthwise_patches_params *p;
    const int8_t *image; /* at the first of these channels */
    int8_t *output;
    const int8_t *constants;
    int8_t *padding, *columns;
    int32_t channels;
} group;

/* The group after this one; 0: there is none. */
static int go_on(group *g, int32_t *c) {
    const rlt_depthwise_patches_params *p = g->p;
    const int32_t weights_bytes = (p->form == RLT_PATCH_STRIDED ? 1 : 4) * RLT_PATCH_BYTES;
    *c += CHANNELS;
    g->image += CHANNELS;
    g->output += CHANNELS;
    g->constants += CHANNELS * ((int32_t)sizeof(rlt_patch_channel) + weights_bytes);
    g->channels = p->window.in_c - *c < CHANNELS ? p->window.in_c - *c : CHANNELS;
    return g->channels > 0;
}

static void multiply(const group *g, int32_t y, int32_t outputs, const int32_t places[SIDE]) {
    const rlt_window *w = &g->p->window;
    const int32_t form = g->p->form, distance = form == RLT_PATCH_LINE ? COLUMN : 2 * COLUMN;
    const uint32_t first = (uint32_t)(uintptr_t)g->columns - (uint32_t)distance;
    patches at = {
        .words = {first, first + COLUMN, first + 2 * COLUMN, first + 3 * COLUMN},
        .places = {places[0], places[1], places[2], places[3]},
        .to = g->output + y * w->out_w * w->out_c, .outputs = outputs,
        .next = (form == RLT_PATCH_SQUARE ? 2 : 4) * w->out_c, .constants = g->constants, .channels = g->channels,
    };
    if (form == RLT_PATCH_SQUARE) squares(&at); /* no pointer to a function: builds follow calls for the stack's depth */
    else if (form == RLT_PATCH_LINE) lines(&at);
    else strided(&at);
}

/* Row by row, all channels of one before the next: the output may lie where rows are not needed any more. */
static void image_rows(const group *first) {
    const rlt_depthwise_patches_params *p = first->p;
    const rlt_window *w = &p->window;
    const int32_t square = p->form == RLT_PATCH_SQUARE, row = w->out_w * w->out_c;
    const int32_t places[2][SIDE] = {{0, w->out_c, 2 * w->out_c, 3 * w->out_c}, {0, row, w->out_c, row + w->out_c}};
    const int32_t room = p->columns - w->pad_left;
    source s = {.to = first->columns + w->pad_left * COLUMN, .columns = room < w->in_w ? room : w->in_w};
    for (int32_t y = 0; y < w->out_h; y += 1 + square) {
        if (square && y + 1 == w->out_h) y--; /* the last two again */
        int32_t more[SIDE];
        for (int32_t i = 0; i < SIDE; i++) {
            const int32_t from = y * w->stride_h - w->pad_top + i, inside = from >= 0 && from < w->in_h;
            s.from[i] = inside ? first->image + from * w->in_w * w->in_c : first->padding;
            s.next[i] = inside ? w->in_c : 0;
            more[i] = inside ? CHANNELS : 0;
        }
        group g = *first;
        int32_t c = 0;
        do {
            s.channels = g.channels;
            rearrange(&s);
            for (int32_t i = 0; i < SIDE; i++) s.from[i] += more[i];
            multiply(&g, y, square ? 2 * w->out_w : w->out_w, places[square]);
        } while (go_on(&g, &c));
    }
}

static void image_line(const group *g) {
    const rlt_depthwise_patches_params *p = g->p;
    const rlt_window *w = &p->window;
    const int32_t places[SIDE] = {0, w->out_c, 2 * w->out_c, 3 * w->out_c};
    const int32_t last = (w->in_w + w->pad_left) / SIDE; /* words before it have no padding on the right */
    for (int32_t word = 0; word < p->columns;) {
        const int32_t first = word * SIDE - w->pad_left;
        source s = {.to = g->columns + word * COLUMN, .columns = 1, .channels = g->channels};
        if (first >= 0 && word < last) s.columns = (last < p->columns ? last : p->columns) - word;
        for (int32_t i = 0; i < SIDE; i++) {
            const int32_t inside = first + i >= 0 && first + i < w->in_w;
            s.from[i] = inside ? g->image + (first + i) * w->in_c : g->padding;
            s.next[i] = SIDE * w->in_c;
        }
        rearrange(&s);
        word += s.columns;
    }
    multiply(g, 0, w->out_w, places);
}

rlt_status rlt_depthwise_conv_2d_s8_mve(const rlt_run *run, const void *params) {
    const rlt_depthwise_patches_params *p = params;
    const rlt_window *w = &p->window;
    const int32_t image_bytes = w->in_h * w->in_w * w->in_c, output_bytes = w->out_h * w->out_w * w->out_c;
    const int8_t *image = rlt_in(run, p->input), *constants = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output), *scratch = rlt_out(run, p->scratch);
    fill_bytes(scratch, p->input_zero_point, RLT_PATCH_BYTES + p->columns * COLUMN);
    for (int32_t batch = 0; batch < w->batches; batch++, image += image_bytes, output += output_bytes) {
        group g = {p, image, output, constants, scratch, scratch + RLT_PATCH_BYTES,
                   w->in_c < CHANNELS ? w->in_c : CHANNELS};
        int32_t c = 0;
        if (p->form == RLT_PATCH_LINE) {
            do image_line(&g);
            while (go_on(&g, &c));
        } else {
            image_rows(&g);
        }
    }
    cut_bytes(rlt_out(run, p->output), w->batches * output_bytes, p->low, p->high);
    return RLT_OK;
}
