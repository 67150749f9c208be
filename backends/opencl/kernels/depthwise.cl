/* depthwise_conv2d and its gradients: weight [KERNEL_HEIGHT,KERNEL_WIDTH,C], one filter a channel.
 *
 * The window is known when this is compiled (KERNEL_, STRIDE_, DILATION_, PAD_), the sizes of maps
 * are not. A work item does WIDTH channels of a strip: STRIP neighbours of a row, so that an
 * element it has loaded serves all windows of the strip that see it. STRIP is 1 or a multiple of
 * STRIDE_WIDTH. */

/* Loops over a window run straight through where it is small; then all that depends on places in
 * strip and window alone is known. */
#if KERNEL_HEIGHT * KERNEL_WIDTH <= 25
#define UNROLL _Pragma("unroll")
#else
#define UNROLL
#endif

/* The element of a window row of `size` elements that lies `distance` after its first; -1 when
 * there is none. */
static int window_element(int distance, int size) {
    int element = distance / DILATION_WIDTH;
    bool hit = distance >= 0 && element * DILATION_WIDTH == distance && element < size;
    return hit ? element : -1;
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* Columns of x under the windows of a strip. A single window skips those between its elements. */
#define COLUMNS(window) ((STRIP - 1) * STRIDE_WIDTH + ((window)-1) * DILATION_WIDTH + 1)
#define COLUMN_STEP     (STRIP == 1 ? DILATION_WIDTH : 1)

/* x [N,height,width,C] -> y [N,out_height,out_width,C], a row of it in `strips` strips; scale and
 * bias [C], each if `epilogue` has it. `count` is the number of strips of all channels. */
kernel void depthwise_conv2d(global const STORAGE(X_T) * x, global const vec *weight,
                             global const vec *scale, global const vec *bias,
                             global STORAGE(Y_T) * y, int epilogue, int activation, int height,
                             int width, int out_height, int out_width, int strips, int channels,
                             int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    position p = position_of(i, out_height, strips, channels);
    int first = p.w * STRIP, left = first * STRIDE_WIDTH - PAD_LEFT;
    vec sum[STRIP];
    UNROLL
    for (int s = 0; s < STRIP; s++)
        sum[s] = 0.0f;
    UNROLL
    for (int kh = 0; kh < KERNEL_HEIGHT; kh++) {
        int h = p.h * STRIDE_HEIGHT - PAD_TOP + kh * DILATION_HEIGHT;
        if (h < 0 || h >= height)
            continue;
        int row = (p.n * height + h) * width;
        UNROLL
        for (int j = 0; j < COLUMNS(KERNEL_WIDTH); j += COLUMN_STEP) {
            int w = left + j;
            vec value = 0.0f;
            if (w >= 0 && w < width)
                value = LOADV(X_T, x, (row + w) * channels + p.c);
            UNROLL
            for (int s = 0; s < STRIP; s++) {
                int kw = window_element(j - s * STRIDE_WIDTH, KERNEL_WIDTH);
                if (kw >= 0)
                    sum[s] = MULTIPLY_ADD(value, weight[(kh * KERNEL_WIDTH + kw) * channels + p.c],
                                          sum[s]);
            }
        }
    }
    int out = ((p.n * out_height + p.h) * out_width + first) * channels + p.c;
    UNROLL
    for (int s = 0; s < STRIP; s++)
        if (first + s < out_width)
            STOREV(Y_T, y, out + s * channels,
                   finishv(sum[s], scale, bias, epilogue, activation, p.c));
}

/* ---- Gradient of the input ------------------------------------------------------------------ */

/* Strips begin where a window does, counting from the edge of the padding; the first then begins
 * `STRIP_LEAD` before the map. A strip of one element begins anywhere. */
#define ALIGNED    (STRIP % STRIDE_WIDTH == 0)
#define STRIP_LEAD (ALIGNED ? PAD_LEFT % STRIDE_WIDTH : 0)

/* The window that begins with a strip, or last before it, is number 0 of those that see the strip:
 * they run from -WINDOWS_BEFORE to WINDOWS_AFTER. */
#define WINDOWS_BEFORE (((KERNEL_WIDTH - 1) * DILATION_WIDTH) / STRIDE_WIDTH)
#define WINDOWS_AFTER  ((STRIP - 1) / STRIDE_WIDTH)
#define WINDOW_STEP    (STRIP == 1 && STRIDE_WIDTH == 1 ? DILATION_WIDTH : 1)

/* dz [N,out_height,out_width,C] -> dx [N,height,width,C], a row of it in `strips` strips; `count`
 * as above. */
kernel void depthwise_conv2d_grad_input(global const STORAGE(X_T) * dz, global const vec *weight,
                                        global STORAGE(Y_T) * dx, int height, int width,
                                        int out_height, int out_width, int strips, int channels,
                                        int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    position p = position_of(i, height, strips, channels);
    int first = p.w * STRIP - STRIP_LEAD;
    int window = (first + PAD_LEFT) / STRIDE_WIDTH;
    int inside = first + PAD_LEFT - window * STRIDE_WIDTH; /* where window 0 has the strip */
    if (ALIGNED)
        inside = 0; /* known when this is compiled */
    vec sum[STRIP];
    UNROLL
    for (int s = 0; s < STRIP; s++)
        sum[s] = 0.0f;
    UNROLL
    for (int kh = 0; kh < KERNEL_HEIGHT; kh++) {
        int top = p.h + PAD_TOP - kh * DILATION_HEIGHT, ho = top / STRIDE_HEIGHT;
        if (top < 0 || ho * STRIDE_HEIGHT != top || ho >= out_height)
            continue;
        int row = (p.n * out_height + ho) * out_width;
        UNROLL
        for (int j = -WINDOWS_BEFORE; j <= WINDOWS_AFTER; j += WINDOW_STEP) {
            int wo = window + j;
            vec slope = 0.0f;
            if (wo >= 0 && wo < out_width)
                slope = LOADV(X_T, dz, (row + wo) * channels + p.c);
            UNROLL
            for (int s = 0; s < STRIP; s++) {
                int kw = window_element(inside + s - j * STRIDE_WIDTH, KERNEL_WIDTH);
                if (kw >= 0)
                    sum[s] = MULTIPLY_ADD(slope, weight[(kh * KERNEL_WIDTH + kw) * channels + p.c],
                                          sum[s]);
            }
        }
    }
    int out = ((p.n * height + p.h) * width + first) * channels + p.c;
    UNROLL
    for (int s = 0; s < STRIP; s++)
        if (first + s >= 0 && first + s < width)
            STOREV(Y_T, dx, out + s * channels, sum[s]);
}

/* ---- Gradient of the weight ----------------------------------------------------------------- */

/* A work group sums a part of the window, TAP_ROWS x TAP_COLUMNS of its elements: as many as
 * registers hold. */
#define TAPS (TAP_ROWS * TAP_COLUMNS)

/* Sums over blocks of `block_strips` strips of dz; work groups stand in [parts of the window, strip
 * blocks, column blocks of `columns` channels]. x [N,height,width,C], dz
 * [N,out_height,out_width,C], count = N * out_height * strips strips in all; partial
 * [KERNEL_HEIGHT*KERNEL_WIDTH+1,C,blocks], the last of the sums that of dz itself. */
GROUP_KERNEL void depthwise_conv2d_grad_weight(global const STORAGE(X_T) * x,
                                               global const STORAGE(X2_T) * dz, global vec *partial,
                                               int height, int width, int out_height, int out_width,
                                               int strips, int channels, int columns,
                                               int block_strips, int blocks, int count) {
    local vec scratch[(TAPS + 1) * GROUP];
    int item = get_local_id(0), lane = item / columns, group = get_group_id(0);
    int column_blocks = (channels + columns - 1) / columns, row_block = group / column_blocks;
    int c = (group - row_block * column_blocks) * columns + item - lane * columns;
    int part = row_block / blocks, block = row_block - part * blocks;
    int part_row = part / (KERNEL_WIDTH / TAP_COLUMNS);
    int kh = part_row * TAP_ROWS;
    int kw = (part - part_row * (KERNEL_WIDTH / TAP_COLUMNS)) * TAP_COLUMNS;
    int end = c < channels ? min((block + 1) * block_strips, count) : 0;

    vec sum[TAPS + 1];
    UNROLL
    for (int t = 0; t <= TAPS; t++)
        sum[t] = 0.0f;
    for (int i = block * block_strips + lane; i < end; i += GROUP / columns) {
        position p = position_of(i, out_height, strips, 1);
        int first = p.w * STRIP;
        int row = ((p.n * out_height + p.h) * out_width + first) * channels + c;
        vec slope[STRIP];
        UNROLL
        for (int s = 0; s < STRIP; s++) {
            slope[s] = 0.0f;
            if (first + s < out_width)
                slope[s] = LOADV(X2_T, dz, row + s * channels);
            sum[TAPS] += slope[s];
        }
        UNROLL
        for (int th = 0; th < TAP_ROWS; th++) {
            int h = p.h * STRIDE_HEIGHT - PAD_TOP + (kh + th) * DILATION_HEIGHT;
            if (h < 0 || h >= height)
                continue;
            UNROLL
            for (int j = 0; j < COLUMNS(TAP_COLUMNS); j += COLUMN_STEP) {
                int w = first * STRIDE_WIDTH - PAD_LEFT + kw * DILATION_WIDTH + j;
                vec value = 0.0f;
                if (w >= 0 && w < width)
                    value = LOADV(X_T, x, ((p.n * height + h) * width + w) * channels + c);
                UNROLL
                for (int s = 0; s < STRIP; s++) {
                    int tw = window_element(j - s * STRIDE_WIDTH, TAP_COLUMNS);
                    if (tw >= 0)
                        sum[th * TAP_COLUMNS + tw] =
                            MULTIPLY_ADD(value, slope[s], sum[th * TAP_COLUMNS + tw]);
                }
            }
        }
    }

    UNROLL
    for (int t = 0; t <= TAPS; t++)
        scratch[t * GROUP + item] = sum[t];
    group_sums(scratch, TAPS + 1, columns);
    if (lane != 0 || c >= channels)
        return;
    for (int th = 0; th < TAP_ROWS; th++)
        for (int tw = 0; tw < TAP_COLUMNS; tw++) {
            int tap = (kh + th) * KERNEL_WIDTH + kw + tw;
            partial[(size_t)(tap * channels + c) * blocks + block] =
                scratch[(th * TAP_COLUMNS + tw) * GROUP + item];
        }
    if (part == 0) /* all parts of the window have summed dz */
        partial[(size_t)(KERNEL_HEIGHT * KERNEL_WIDTH * channels + c) * blocks + block] =
            scratch[TAPS * GROUP + item];
}

/* Adds up the blocks; a work group a sum and channel. partial as above; dw
 * [KERNEL_HEIGHT*KERNEL_WIDTH,C], then dbias [C] where there are groups for it. */
GROUP_KERNEL void depthwise_conv2d_grad_weight_total(global const vec *partial, global vec *dw,
                                                     global vec *dbias, int blocks, int channels) {
    local vec scratch[GROUP];
    int group = get_group_id(0), item = get_local_id(0);
    vec sum = 0.0f;
    for (int b = item; b < blocks; b += GROUP)
        sum += partial[(size_t)group * blocks + b];
    sum = group_sum(scratch, sum, 1);
    int bias = group - KERNEL_HEIGHT * KERNEL_WIDTH * channels;
    if (item != 0)
        return;
    if (bias < 0)
        dw[group] = sum;
    else
        dbias[bias] = sum;
}
