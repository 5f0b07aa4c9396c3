#include "strips.h"

rlt_status rlt_strips(const rlt_run *run, const void *params) {
    const rlt_strips_params *p = params;
    const uint8_t *bytes = run->base[RLT_REGION_IMAGE];
    const rlt_image *image = (const rlt_image *)(const void *)bytes;
    const rlt_image_step *steps = (const rlt_image_step *)(const void *)(bytes + image->steps);
    const rlt_image_step *parts = steps + image->step_count + p->first;
    if (p->first > image->part_count || p->count > image->part_count - p->first) return RLT_ERROR_IMAGE;
    const uintptr_t tile = (uintptr_t)rlt_out(run, p->tile) + (uintptr_t)run->task * p->tile_bytes;
    rlt_run one = *run;
    one.parts = p->pieces;
    uint32_t last;
    for (rlt_share_of(run, p->pieces, &one.part, &last); one.part < last; one.part++) {
        one.base[RLT_REGION_TILE] = (uint8_t *)(tile - (uintptr_t)one.part * p->tile_bytes);
        for (uint32_t i = 0; i < p->count; i++) {
            const rlt_status status = run->kernels[parts[i].kernel](&one, bytes + parts[i].params);
            if (status != RLT_OK) return status;
        }
    }
    return RLT_OK;
}
