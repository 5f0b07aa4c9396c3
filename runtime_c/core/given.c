/* Offsets that the file gives for its tensors. */
#include <string.h>

#include "state.h"

int rlt_read_given_offsets(rlt_prepare_state *p, rlt_block *given, uint32_t blocks) {
    rlt_file *file = &p->file;
    const uint32_t count = p->frame.tensor_tables.count; /* of the main subgraph */
    static const char NAME[] = "OfflineMemoryAllocation";
    rlt_table model = rlt_root(file);
    rlt_vector metadata = rlt_field_vector(file, &model, MODEL_METADATA, 4);
    for (uint32_t i = 0; i < metadata.count; i++) {
        rlt_table entry = rlt_element_table(file, &metadata, i);
        rlt_vector name = rlt_field_vector(file, &entry, METADATA_NAME, 1);
        if (name.count != sizeof NAME - 1 || memcmp(file->bytes + name.at, NAME, sizeof NAME - 1) != 0) continue;
        rlt_table holder = rlt_element_table(file, &p->buffer_tables, rlt_field_u32(file, &entry, METADATA_BUFFER, 0));
        rlt_extent data = rlt_buffer(file, &holder);
        const uint8_t *words = file->bytes + data.at;
        if (data.bytes < 12 || rlt_load_u32(words + 4) != p->config.subgraph) continue;
        if (rlt_load_u32(words + 8) != count || (data.bytes - 12) / 4 < count) continue;
        memset(given, 0, blocks * sizeof *given);
        for (uint32_t t = 0; t < count; t++) {
            int32_t offset = (int32_t)rlt_load_u32(words + 12 + 4 * (size_t)t);
            rlt_block *root = &given[rlt_root_of(p, t)];
            if (offset < 0) continue;
            if (root->fixed && root->offset != (uint32_t)offset) return 0; /* tensors that share bytes, kept apart */
            root->fixed = 1;
            root->offset = (uint32_t)offset;
        }
        return 1;
    }
    return 0;
}
