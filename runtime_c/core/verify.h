/* The verifier's entry for prepare, which goes on reading the same file. Host only. */
#ifndef RLT_VERIFY_H
#define RLT_VERIFY_H

#include "model.h"

/* Starts reading: sets size and the limit of work. Fails for sizes that 32-bit offsets cannot reach. */
rlt_status rlt_file_open(rlt_file *file, const void *model, size_t size, rlt_error *error);
rlt_status rlt_verify_file(rlt_file *file, rlt_error *error);

/* One line of kernels/ops.def, as data. */
typedef struct {
    int16_t code;
    uint16_t options; /* BuiltinOptions union type, 0: not read */
    uint16_t name;    /* see rlt_kind_name() */
} rlt_op_kind;
const char *rlt_kind_name(const rlt_op_kind *kind);
/* What an OperatorCode table means; NULL for operators without kernels. */
const rlt_op_kind *rlt_find_op_kind(rlt_file *file, const rlt_table *code);

#endif
