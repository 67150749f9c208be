/* Copies that may change the element type: gather and cast. Of equal types the host makes X_T and
 * Y_T bits: those are moved, not converted. A work item copies WIDTH elements; `count` is the
 * number of work items. */

/* y [N,row] = the rows index [N] of table [rows,row]. An index that another op computed was checked
 * by nobody: one outside of the table reads its first or last row. The table alone may have more
 * elements than an int counts. */
kernel void gather(global const STORAGE(X_T) * table, global const int *index,
                   global STORAGE(Y_T) * y, int rows, int row, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int n = i / row;
    size_t start = (size_t)clamp(index[n], 0, rows - 1) * row;
    STOREV(Y_T, y, i, LOADV(X_T, table, start + (i - n * row)));
}

/* y = x; x, y [count] */
kernel void cast(global const STORAGE(X_T) * x, global STORAGE(Y_T) * y, int count) {
    int i = get_global_id(0);
    if (i < count)
        STOREV(Y_T, y, i, LOADV(X_T, x, i));
}
