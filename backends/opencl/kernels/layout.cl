/* Maps between dense data, channels fastest, and planes of one channel each (NCHW), for backends
 * whose tensors want those. `count` is the number of work items, one an element of the result. */

/* y [n,channels,pixels] = x [n,pixels,channels], whose first element is number `first`. */
kernel void to_planes(global const float *x, global float *y, int first, int pixels, int channels,
                      int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int plane = i / pixels, p = i - plane * pixels;
    int n = plane / channels, c = plane - n * channels;
    y[i] = x[first + (n * pixels + p) * channels + c];
}

/* The other way: y, from its element `first`. */
kernel void to_pixels(global const float *x, global float *y, int first, int pixels, int channels,
                      int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int pixel = i / channels, c = i - pixel * channels;
    int n = pixel / pixels, p = pixel - n * pixels;
    y[first + i] = x[(n * channels + c) * pixels + p];
}
