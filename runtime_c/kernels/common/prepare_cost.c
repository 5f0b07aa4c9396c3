#include "prepare_cost.h"

/* What a piece must last for: going on to the next step together takes 0.07 us, and where the step before was shared, a
 * thread alone would have to fetch what others wrote. */
enum { LEAST_PICOSECONDS = 150000 };

static const struct {
    float scalar, avx2, avx512vnni;
} COSTS[] = {
#define RLT_COST(name, scalar, avx2, avx512vnni) {(float)(scalar), (float)(avx2), (float)(avx512vnni)},
#include "costs.def"
};

uint64_t rlt_cost(const rlt_prepare_state *p, rlt_cost_kind kind, uint64_t amount) {
    const float each = rlt_has(p, RLT_ISA_AVX512VNNI) ? COSTS[kind].avx512vnni
                          : rlt_has(p, RLT_ISA_AVX2)     ? COSTS[kind].avx2
                                                         : COSTS[kind].scalar;
    const float picoseconds = (float)amount * each;
    return picoseconds < 1e18f ? (uint64_t)picoseconds : UINT64_C(1) << 60;
}

uint64_t rlt_product_cost(const rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                          const rlt_tensor *output, uint64_t macs) {
    static const rlt_cost_kind kinds[4][2] = {{RLT_COST_CONV_F32, RLT_COST_CONV_F32_OUTPUT},
                                              {RLT_COST_CONV_HYBRID, RLT_COST_CONV_HYBRID_OUTPUT},
                                              {RLT_COST_CONV_S8, RLT_COST_CONV_S8_OUTPUT},
                                              {RLT_COST_CONV_S16, RLT_COST_CONV_S16_OUTPUT}};
    const int is_float = input->type == RLT_FLOAT32;
    const rlt_cost_kind *kind = kinds[!is_float ? 2 + (input->type == RLT_INT16) : weights->type == RLT_INT8];
    return rlt_cost(p, kind[0], macs) + rlt_cost(p, kind[1], output->elements);
}

uint32_t rlt_pieces(const rlt_prepare_state *p, uint64_t picoseconds, uint64_t units) {
    const uint64_t worth = picoseconds / LEAST_PICOSECONDS;
    const uint64_t tasks = worth < units ? worth : units, most = rlt_most_threads(p);
    return tasks < 1 ? 1 : tasks > most ? (uint32_t)most : (uint32_t)tasks;
}

uint32_t rlt_tasks(const rlt_prepare_state *p, rlt_cost_kind kind, uint64_t amount, uint64_t units) {
    return rlt_pieces(p, rlt_cost(p, kind, amount), units);
}
