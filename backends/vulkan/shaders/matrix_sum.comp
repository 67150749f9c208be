/* Sums that were computed in parts. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

FLOATS(0, parts)
FLOATS(1, scale)
FLOATS(2, bias)
MAP(3, y, 5)

layout(push_constant) uniform numbers {
    int epilogue, activation, part_count, count, n_count;
};

DEFINE_FINISH(finish, float, LOAD)

/* y [M,N] = the sum of parts [parts,M,N], then the epilogue; count = M * N. */
void main() {
    int i = item_number();
    if (i >= count)
        return;
    float sum = 0.0;
    for (int part = 0; part < part_count; part++)
        sum += parts_load(part * count + i);
    y_store(i, finish(sum, i % n_count));
}
