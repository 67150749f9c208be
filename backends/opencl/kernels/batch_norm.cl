/* batch_norm and batch_norm_grad. Rows are the R = N*H*W pixels: maps are [R,C].
 *
 * Sums over the rows take two kernels. Work groups of the first stand in [row blocks, column
 * blocks] of the map: a group sums `block_rows` rows of `columns` channels, and writes its sums to
 * `partial`. Groups of the second each add up the row blocks of one channel. */

/* What an item of the first kernel sums: channel c, unless `idle`, of the rows first, first + step,
 * ... of [begin, end). */
typedef struct {
    int c, block, begin, end, first, step;
    bool idle, writes;
} share;

static share share_of(int rows, int block_rows, int channels, int columns) {
    int item = get_local_id(0), group = get_group_id(0);
    int column_blocks = (channels + columns - 1) / columns;
    int lane = item / columns;
    share s;
    s.block = group / column_blocks;
    s.c = (group - s.block * column_blocks) * columns + item - lane * columns;
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
GROUP_KERNEL void batch_norm_moments(global const STORAGE(X_T) * x, global vec *partial, int rows,
                                     int block_rows, int row_blocks, int channels, int columns) {
    local vec scratch[GROUP];
    share s = share_of(rows, block_rows, channels, columns);
    vec shift = 0.0f, sum = 0.0f, squares = 0.0f;
    if (!s.idle) {
        shift = LOADV(X_T, x, s.begin * channels + s.c);
        for (int row = s.first; row < s.end; row += s.step) {
            vec difference = LOADV(X_T, x, row * channels + s.c) - shift;
            sum += difference;
            squares = MULTIPLY_ADD(difference, difference, squares);
        }
    }
    sum = group_sum(scratch, sum, columns);
    squares = group_sum(scratch, squares, columns);
    if (!s.writes)
        return;
    vec mean = sum / (float)(s.end - s.begin);
    partial[s.c * row_blocks + s.block] = shift + mean;
    partial[(channels + s.c) * row_blocks + s.block] = fmax(squares - sum * mean, 0.0f);
}

/* The statistics of all rows, from those of the row blocks; a work group a channel. partial as
 * above; all others [C], the running ones updated in place: running = momentum * running +
 * batch_share * batch. */
GROUP_KERNEL void batch_norm_statistics(global const vec *partial, global vec *saved_mean,
                                        global vec *saved_inverse_std, global vec *running_mean,
                                        global vec *running_variance, float momentum,
                                        float batch_share, float epsilon, int rows, int block_rows,
                                        int row_blocks, int channels) {
    local vec scratch[GROUP];
    int c = get_group_id(0), item = get_local_id(0);
    global const vec *means = partial + c * row_blocks;
    global const vec *squares = partial + (channels + c) * row_blocks;
    vec shift = means[0], sum = 0.0f;
    for (int b = item; b < row_blocks; b += GROUP)
        sum += (means[b] - shift) * (float)min(block_rows, rows - b * block_rows);
    vec mean = shift + group_sum(scratch, sum, 1) / (float)rows;
    sum = 0.0f;
    for (int b = item; b < row_blocks; b += GROUP) {
        vec difference = means[b] - mean;
        sum += squares[b] + difference * difference * (float)min(block_rows, rows - b * block_rows);
    }
    vec variance = group_sum(scratch, sum, 1) / (float)rows;
    if (item != 0)
        return;
    saved_mean[c] = mean;
    saved_inverse_std[c] = rsqrt(variance + epsilon);
    running_mean[c] = momentum * running_mean[c] + batch_share * mean;
    running_variance[c] = momentum * running_variance[c] + batch_share * variance;
}

/* Without training the running statistics normalise. All [C]. */
kernel void batch_norm_running(global const vec *running_mean, global const vec *running_variance,
                               global vec *saved_mean, global vec *saved_inverse_std, float epsilon,
                               int channels) {
    int c = get_global_id(0);
    if (c >= channels)
        return;
    saved_mean[c] = running_mean[c];
    saved_inverse_std[c] = rsqrt(running_variance[c] + epsilon);
}

/* y = gamma * (x - mean) * inverse_std + beta. x, y [R,C], count elements; the others [C]. */
kernel void batch_norm(global const STORAGE(X_T) * x, global const vec *gamma,
                       global const vec *beta, global const vec *mean,
                       global const vec *inverse_std, global STORAGE(Y_T) * y, int channels,
                       int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int c = i % channels;
    vec difference = LOADV(X_T, x, i) - mean[c];
    STOREV(Y_T, y, i, MULTIPLY_ADD(difference, gamma[c] * inverse_std[c], beta[c]));
}

/* ---- Gradient ------------------------------------------------------------------------------- */

/* Sums of dy and of dy * (x - mean) of each row block. x, dy [R,C]; mean [C]; partial
 * [2,C,row_blocks]. */
GROUP_KERNEL void batch_norm_grad_sums(global const STORAGE(X_T) * x,
                                       global const STORAGE(X2_T) * dy, global const vec *mean,
                                       global vec *partial, int rows, int block_rows,
                                       int row_blocks, int channels, int columns) {
    local vec scratch[GROUP];
    share s = share_of(rows, block_rows, channels, columns);
    vec sum = 0.0f, products = 0.0f;
    if (!s.idle) {
        vec center = mean[s.c];
        for (int row = s.first; row < s.end; row += s.step) {
            vec slope = LOADV(X2_T, dy, row * channels + s.c);
            sum += slope;
            products = MULTIPLY_ADD(slope, LOADV(X_T, x, row * channels + s.c) - center, products);
        }
    }
    sum = group_sum(scratch, sum, columns);
    products = group_sum(scratch, products, columns);
    if (!s.writes)
        return;
    partial[s.c * row_blocks + s.block] = sum;
    partial[(channels + s.c) * row_blocks + s.block] = products;
}

/* dbeta = sum of dy, dgamma = sum of dy * normalised x, from the sums of the row blocks; a work
 * group a channel. partial as above; the others [C]. */
GROUP_KERNEL void batch_norm_grad_totals(global const vec *partial, global const vec *inverse_std,
                                         global vec *dgamma, global vec *dbeta, int row_blocks,
                                         int channels) {
    local vec scratch[GROUP];
    int c = get_group_id(0), item = get_local_id(0);
    vec sum = 0.0f, products = 0.0f;
    for (int b = item; b < row_blocks; b += GROUP) {
        sum += partial[c * row_blocks + b];
        products += partial[(channels + c) * row_blocks + b];
    }
    sum = group_sum(scratch, sum, 1);
    products = group_sum(scratch, products, 1);
    if (item != 0)
        return;
    dbeta[c] = sum;
    dgamma[c] = products * inverse_std[c];
}

/* dx = gamma * inverse_std * (dy - row_share * (dbeta + normalised x * dgamma)); row_share is 1 / R
 * when training, where mean and variance moved with x, else 0. x, dy, dx [R,C], count elements; the
 * others [C]. */
kernel void batch_norm_grad(global const STORAGE(X_T) * x, global const STORAGE(X2_T) * dy,
                            global const vec *gamma, global const vec *mean,
                            global const vec *inverse_std, global const vec *dgamma,
                            global const vec *dbeta, global STORAGE(Y_T) * dx, float row_share,
                            int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int c = i % channels;
    vec normalised = (LOADV(X_T, x, i) - mean[c]) * inverse_std[c];
    vec through = LOADV(X2_T, dy, i) - row_share * (dbeta[c] + normalised * dgamma[c]);
    STOREV(Y_T, dx, i, gamma[c] * inverse_std[c] * through);
}
