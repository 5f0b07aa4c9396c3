/* Estimates of the time that steps take. Host only. */
#ifndef RLT_PREPARE_COST_H
#define RLT_PREPARE_COST_H

#include "../../core/prepare.h"

/* Units of work. A name with a type is one of what its operator is made of: a multiply-accumulate of a convolution or
 * matrix product, an element of a window that a pool reads, an element of the output or, of sums, of the input. */
typedef enum {
#define RLT_COST(name, scalar, avx2, avx512vnni) RLT_COST_##name,
#include "costs.def"
    RLT_COST_COUNT
} rlt_cost_kind;

/* Picoseconds that `amount` units take one thread of the instruction set that may be used. */
uint64_t rlt_cost(const rlt_prepare_state *p, rlt_cost_kind kind, uint64_t amount);

/* What `macs` multiply-accumulates of a convolution or a fully connected layer of these operands cost. */
uint64_t rlt_product_cost(const rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                          const rlt_tensor *output, uint64_t macs);

/* How many pieces `units` of work are worth when all of it costs `picoseconds`: at most as many as there will be
 * threads. */
uint32_t rlt_pieces(const rlt_prepare_state *p, uint64_t picoseconds, uint64_t units);
/* The same for `amount` of one kind. */
uint32_t rlt_tasks(const rlt_prepare_state *p, rlt_cost_kind kind, uint64_t amount, uint64_t units);

/* Operations, of RLT_COST_OPERATION, that reading and writing a float costs beside what is computed. Measured. */
enum { RLT_FLOAT_COST = 3 };

#endif
