/* Sums that were computed in parts, and sums over the rows of a matrix. */

/* y [M,N] = the sum of parts [parts,M,N], then the epilogue; count = M * N. */
kernel void matrix_sum(global const float *parts, global STORAGE(Y_T) * y,
                       global const float *scale, global const float *bias, int epilogue,
                       int activation, int part_count, int count, int n_count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    float sum = 0.0f;
    for (int part = 0; part < part_count; part++)
        sum += parts[part * count + i];
    STORE(Y_T, y, i, finish(sum, scale, bias, epilogue, activation, i % n_count));
}

/* Sums over the rows of x [rows,C], in two stages: parts [blocks,C] of blocks of `block` rows, and
 * with the parts as x and one block, y [C]. Work item (c, block). */
kernel void column_sum(global const STORAGE(X_T) * x, global float *y, int rows, int channels,
                       int block) {
    int c = get_global_id(0), part = get_global_id(1);
    if (c >= channels)
        return;
    float sum = 0.0f;
    int end = min((part + 1) * block, rows);
    for (int row = part * block; row < end; row++)
        sum += LOAD(X_T, x, row * channels + c);
    y[part * channels + c] = sum;
}
