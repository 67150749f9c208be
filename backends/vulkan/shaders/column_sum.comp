/* Sums over the rows of a matrix. */
#version 450
#extension GL_GOOGLE_include_directive : require
#define SUM  vec4
#define SUMS 1
#include "types.glsl"

layout(constant_id = 3) const int WIDTH = 1;

/* y [blocks,C] = the sums over blocks of `block_rows` rows of x [rows,C]. Work groups stand in [row
 * blocks, column blocks of `columns`]. */
#ifdef SHADER_column_sum
MAP(0, x, 4)
FLOATS(1, y)
layout(push_constant) uniform numbers {
    int rows, channels, columns, block_rows, groups;
};

void main() {
    int group = group_number();
    if (group >= groups)
        return;
    int column_blocks = (channels + columns - 1) / columns, block = group / column_blocks;
    int c = (group - block * column_blocks) * columns + ITEM % columns;
    int end = c < channels ? min((block + 1) * block_rows, rows) : 0;
    vec4 sum = vec4(0.0);
    for (int row = block * block_rows + ITEM / columns; row < end; row += GROUP / columns)
        sum += LOADV(x, row * channels + c);
    sum = group_sum(sum, columns);
    if (ITEM < columns && c < channels)
        STOREV(y, block * channels + c, sum);
}
#endif
