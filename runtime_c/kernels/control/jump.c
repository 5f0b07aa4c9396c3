#include "control.h"

rlt_status rlt_jump(const rlt_run *run, const void *params) {
    const rlt_jump_params *p = params;
    const uint8_t *condition = rlt_in_or_null(run, p->condition);
    return condition != NULL && *condition ? RLT_OK : RLT_JUMP;
}
