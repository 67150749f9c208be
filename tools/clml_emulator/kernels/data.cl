/* Moving and filling. Elements are moved as bits, so that integers keep all of theirs. */

kernel void fill_words(int count, global uint *data, int first, uint value) {
    WORK_ITEM
    data[first + i] = value;
}

kernel void fill(int count, global word *y, view yv, uint bits) {
    WORK_ITEM
    y[at_place(yv, place_of(yv, i))] = (word)bits;
}

kernel void copy_elements(int count, global const word *x, view xv, global word *y, view yv) {
    WORK_ITEM
    const place p = place_of(yv, i);
    y[at_place(yv, p)] = x[at_place(xv, p)];
}

/* Element i in the order n, c, h, w stays element i. */
kernel void reshape(int count, global const word *x, view xv, global word *y, view yv) {
    WORK_ITEM
    y[at_place(yv, place_of(yv, i))] = x[at_place(xv, place_of(xv, i))];
}
