/* Resource variables: CALL_ONCE, VAR_HANDLE, READ_VARIABLE (handle; value), ASSIGN_VARIABLE (handle, value; nothing).
 * Reading and assigning copy: a value read stays what it was when the variable is assigned later in the same run. */
#include "../move/prepare_move.h"

enum { INIT_SUBGRAPH };

static rlt_status add_copy(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *from, const rlt_tensor *to,
                           const rlt_tensor *like) {
    rlt_grid grid = {0};
    RLT_TRY(rlt_need_movable(p, like));
    rlt_grid_add(&grid, like->elements, 1, 1);
    return rlt_add_move(p, op, rlt_ref_of(p, from), rlt_ref_of(p, to), rlt_element_bytes(like->type), &grid);
}

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
    return add_copy(p, op, rlt_input(p, op, 0), value, value);
}

rlt_status rlt_prepare_assign_variable(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 0));
    rlt_tensor *value = rlt_input(p, op, 1);
    RLT_TRY(rlt_bind_variable(p, rlt_input(p, op, 0), value));
    return add_copy(p, op, value, rlt_input(p, op, 0), value);
}
