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

#ifdef GROUP
/* y [blocks,C] = the sums over blocks of `block_rows` rows of x [rows,C]. Work groups stand in [row
 * blocks, column blocks of `columns`]. */
GROUP_KERNEL void column_sum(global const STORAGE(X_T) * x, global vec *y, int rows, int channels,
                             int columns, int block_rows) {
    local vec scratch[GROUP];
    int item = get_local_id(0), column_blocks = (channels + columns - 1) / columns;
    int block = get_group_id(0) / column_blocks;
    int c = get_group_id(0) % column_blocks * columns + item % columns;
    int end = c < channels ? min((block + 1) * block_rows, rows) : 0;
    vec sum = 0.0f;
    for (int row = block * block_rows + item / columns; row < end; row += GROUP / columns)
        sum += LOADV(X_T, x, row * channels + c);
    sum = group_sum(scratch, sum, columns);
    if (item < columns && c < channels)
        y[block * channels + c] = sum;
}
#endif
