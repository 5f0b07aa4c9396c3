/* Resource variables: CALL_ONCE, VAR_HANDLE, READ_VARIABLE (handle; value), ASSIGN_VARIABLE (handle, value; nothing).
 * A value read stays what it was when the variable is assigned later in the same run: it is a copy where that matters. */
#include "../move/prepare_move.h"

enum { INIT_SUBGRAPH };

rlt_status rlt_prepare_call_once(rlt_prepare_state *p, const rlt_op *op) {
    return rlt_call_once(p, rlt_option_i32(op, INIT_SUBGRAPH, 0));
}

rlt_status rlt_prepare_var_handle(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 0, 1));
    return rlt_open_variable(p, op, rlt_output(p, op, 0));
}

rlt_status rlt_prepare_read_variable(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *value = rlt_output(p, op, 0);
    RLT_TRY(rlt_bind_variable(p, rlt_input(p, op, 0), value));
    if (rlt_share_variable(p, value, rlt_input(p, op, 0))) return RLT_OK;
    return rlt_add_copy(p, op, rlt_input(p, op, 0), value, value);
}

rlt_status rlt_prepare_assign_variable(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 0));
    rlt_tensor *value = rlt_input(p, op, 1);
    RLT_TRY(rlt_bind_variable(p, rlt_input(p, op, 0), value));
    if (rlt_assign_in_place(p, rlt_input(p, op, 0), value)) return RLT_OK;
    return rlt_add_copy(p, op, value, rlt_input(p, op, 0), value);
}
