/* Matrix products. Matrices are the elements of tensors in the order n, c, h, w. */

float at_flat(global const element *x, view v, int i) {
    return LOAD(x, at_place(v, place_of(v, i)));
}

/* c[m,n] = alpha * a[m,k] b[k,n] + beta * c + bias[n]; a is stored as [k,m] when transpose_a, b likewise;
 * c is not read when beta is 0; an absent bias is 0. */
kernel void matrix_product(int count, global const element *a, view av, global const element *b,
                           view bv, global const element *bias, view biasv, global element *c,
                           view cv, int m, int n, int k, int transpose_a, int transpose_b,
                           float alpha, float beta) {
    WORK_ITEM
    const int row = i / n, column = i % n, j = at_place(cv, place_of(cv, i));
    float sum = 0.0f;
    for (int l = 0; l < k; l++)
        sum = rounded(sum + at_flat(a, av, transpose_a ? l * m + row : row * k + l) *
                                at_flat(b, bv, transpose_b ? column * k + l : l * n + column));
    sum *= alpha;
    if (biasv.present)
        sum += at_flat(bias, biasv, column);
    STORE(c, j, beta == 0.0f ? sum : sum + beta * LOAD(c, j));
}
