/* batch_norm and batch_norm_grad. Rows are the R = N*H*W pixels: maps are [R,C].
 *
 * Sums over the rows take two shaders. Work groups of the first stand in [row blocks, column blocks]
 * of the map: a group sums `block_rows` rows of `columns` channels, and writes its sums to `partial`.
 * Groups of the second each add up the row blocks of one channel. */
#version 450
#extension GL_GOOGLE_include_directive : require
#define SUM  vec4
#define SUMS 1
#include "types.glsl"

layout(constant_id = 3) const int WIDTH = 1;

/* What an item of the first shader sums: channel c, unless `idle`, of the rows first, first + step,
 * ... of [begin, end). */
struct share {
    int c, block, begin, end, first, step;
    bool idle, writes;
};

share share_of(int rows, int block_rows, int channels, int columns) {
    int column_blocks = (channels + columns - 1) / columns, lane = ITEM / columns;
    share s;
    s.block = group_number() / column_blocks;
    s.c = (group_number() - s.block * column_blocks) * columns + ITEM - lane * columns;
    s.begin = s.block * block_rows;
    s.end = min(s.begin + block_rows, rows);
    s.first = s.begin + lane;
    s.step = GROUP / columns;
    s.idle = s.c >= channels;
    s.writes = !s.idle && lane == 0;
    return s;
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* Mean and sum of squared deviations of each row block. x [R,C]; partial [2,C,row_blocks].
 *
 * Sums are taken of differences from the block's first row. It is one of the elements: its own
 * squared deviation is part of the result, so what cancels is never much larger than what stays,
 * however far the mean is from 0. */
#ifdef SHADER_batch_norm_moments
MAP(0, x, 4)
FLOATS(1, partial)
layout(push_constant) uniform numbers {
    int rows, block_rows, row_blocks, channels, columns, groups;
};

void main() {
    if (group_number() >= groups)
        return;
    share s = share_of(rows, block_rows, channels, columns);
    vec4 shift = vec4(0.0), sum = vec4(0.0), squares = vec4(0.0);
    if (!s.idle) {
        shift = LOADV(x, s.begin * channels + s.c);
        for (int row = s.first; row < s.end; row += s.step) {
            vec4 difference = LOADV(x, row * channels + s.c) - shift;
            sum += difference;
            squares = fma(difference, difference, squares);
        }
    }
    sum = group_sum(sum, columns);
    squares = group_sum(squares, columns);
    if (!s.writes)
        return;
    vec4 mean = sum / float(s.end - s.begin);
    STOREV(partial, s.c * row_blocks + s.block, shift + mean);
    STOREV(partial, (channels + s.c) * row_blocks + s.block, max(squares - sum * mean, vec4(0.0)));
}
#endif

/* The statistics of all rows, from those of the row blocks; a work group a channel. partial as above;
 * all others [C], the running ones updated in place: running = momentum * running + batch_share *
 * batch. `groups` is C. */
#ifdef SHADER_batch_norm_statistics
FLOATS(0, partial)
FLOATS(1, saved_mean)
FLOATS(2, saved_inverse_std)
FLOATS(3, running_mean)
FLOATS(4, running_variance)
layout(push_constant) uniform numbers {
    float momentum, batch_share, epsilon;
    int rows, block_rows, row_blocks, groups;
};

void main() {
    int c = group_number(), means = c * row_blocks, squares = (groups + c) * row_blocks;
    if (c >= groups)
        return;
    vec4 shift = LOADV(partial, means), sum = vec4(0.0);
    for (int b = ITEM; b < row_blocks; b += GROUP)
        sum += (LOADV(partial, means + b) - shift) * float(min(block_rows, rows - b * block_rows));
    vec4 mean = shift + group_sum(sum, 1) / float(rows);
    sum = vec4(0.0);
    for (int b = ITEM; b < row_blocks; b += GROUP) {
        vec4 difference = LOADV(partial, means + b) - mean;
        float weight = float(min(block_rows, rows - b * block_rows));
        sum += LOADV(partial, squares + b) + difference * difference * weight;
    }
    vec4 variance = group_sum(sum, 1) / float(rows);
    if (ITEM != 0)
        return;
    STOREV(saved_mean, c, mean);
    STOREV(saved_inverse_std, c, inversesqrt(variance + epsilon));
    STOREV(running_mean, c, momentum * LOADV(running_mean, c) + batch_share * mean);
    STOREV(running_variance, c, momentum * LOADV(running_variance, c) + batch_share * variance);
}
#endif

/* Without training the running statistics normalise. All [C]. */
#ifdef SHADER_batch_norm_running
FLOATS(0, running_mean)
FLOATS(1, running_variance)
FLOATS(2, saved_mean)
FLOATS(3, saved_inverse_std)
layout(push_constant) uniform numbers {
    float epsilon;
    int channels;
};

void main() {
    int c = item_number();
    if (c >= channels)
        return;
    STOREV(saved_mean, c, LOADV(running_mean, c));
    STOREV(saved_inverse_std, c, inversesqrt(LOADV(running_variance, c) + epsilon));
}
#endif

/* y = gamma * (x - mean) * inverse_std + beta. x, y [R,C], count vectors; the others [C]. */
#ifdef SHADER_batch_norm
MAP(0, x, 4)
FLOATS(1, gamma)
FLOATS(2, beta)
FLOATS(3, mean)
FLOATS(4, inverse_std)
MAP(5, y, 9)
layout(push_constant) uniform numbers {
    int channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int c = i % channels;
    vec4 difference = LOADV(x, i) - LOADV(mean, c);
    STOREV(y, i, fma(difference, LOADV(gamma, c) * LOADV(inverse_std, c), LOADV(beta, c)));
}
#endif

/* ---- Gradient ------------------------------------------------------------------------------- */

/* Sums of dy and of dy * (x - mean) of each row block. x, dy [R,C]; mean [C]; partial
 * [2,C,row_blocks]. */
#ifdef SHADER_batch_norm_grad_sums
MAP(0, x, 4)
MAP(1, dy, 5)
FLOATS(2, mean)
FLOATS(3, partial)
layout(push_constant) uniform numbers {
    int rows, block_rows, row_blocks, channels, columns, groups;
};

void main() {
    if (group_number() >= groups)
        return;
    share s = share_of(rows, block_rows, channels, columns);
    vec4 sum = vec4(0.0), products = vec4(0.0);
    if (!s.idle) {
        vec4 center = LOADV(mean, s.c);
        for (int row = s.first; row < s.end; row += s.step) {
            vec4 slope = LOADV(dy, row * channels + s.c);
            sum += slope;
            products = fma(slope, LOADV(x, row * channels + s.c) - center, products);
        }
    }
    sum = group_sum(sum, columns);
    products = group_sum(products, columns);
    if (!s.writes)
        return;
    STOREV(partial, s.c * row_blocks + s.block, sum);
    STOREV(partial, (channels + s.c) * row_blocks + s.block, products);
}
#endif

/* dbeta = sum of dy, dgamma = sum of dy * normalised x, from the sums of the row blocks; a work group
 * a channel. partial as above; the others [C]. `groups` is C. */
#ifdef SHADER_batch_norm_grad_totals
FLOATS(0, partial)
FLOATS(1, inverse_std)
FLOATS(2, dgamma)
FLOATS(3, dbeta)
layout(push_constant) uniform numbers {
    int row_blocks, groups;
};

void main() {
    int c = group_number();
    if (c >= groups)
        return;
    vec4 sum = vec4(0.0), products = vec4(0.0);
    for (int b = ITEM; b < row_blocks; b += GROUP) {
        sum += LOADV(partial, c * row_blocks + b);
        products += LOADV(partial, (groups + c) * row_blocks + b);
    }
    sum = group_sum(sum, 1);
    products = group_sum(products, 1);
    if (ITEM != 0)
        return;
    STOREV(dbeta, c, sum);
    STOREV(dgamma, c, products * LOADV(inverse_std, c));
}
#endif

/* dx = gamma * inverse_std * (dy - row_share * (dbeta + normalised x * dgamma)); row_share is 1 / R
 * when training, where mean and variance moved with x, else 0. x, dy, dx [R,C], count vectors; the
 * others [C]. */
#ifdef SHADER_batch_norm_grad
MAP(0, x, 4)
MAP(1, dy, 5)
FLOATS(2, gamma)
FLOATS(3, mean)
FLOATS(4, inverse_std)
FLOATS(5, dgamma)
FLOATS(6, dbeta)
MAP(7, dx, 11)
layout(push_constant) uniform numbers {
    float row_share;
    int channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int c = i % channels;
    vec4 scale = LOADV(inverse_std, c), normalised = (LOADV(x, i) - LOADV(mean, c)) * scale;
    vec4 common_slope = row_share * (LOADV(dbeta, c) + normalised * LOADV(dgamma, c));
    STOREV(dx, i, LOADV(gamma, c) * scale * (LOADV(dy, i) - common_slope));
}
#endif
