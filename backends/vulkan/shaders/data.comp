/* Copies that may change the element type: gather and cast. Elements that keep their type are moved
 * in words of 4 bytes and not looked at. `count` is the number of work items.
 *
 * An index that another op computed was checked by nobody: one outside of the table reads its first
 * or last row. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

/* y [N,row] = the rows index [N] of table [rows,row], converted, WIDTH elements an item. */
#ifdef SHADER_gather
layout(constant_id = 3) const int WIDTH = 1;
MAP(0, table, 4)
INTS(1, index)
MAP(2, y, 6)
layout(push_constant) uniform numbers {
    int rows, row, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int n = i / row, from = clamp(index_load(n), 0, rows - 1);
    STOREV(y, i, LOADV(table, from * row + i - n * row));
}
#endif

/* The same for rows of whole words: table, y and `row` count words, WIDTH of them an item. */
#ifdef SHADER_gather_words
layout(constant_id = 3) const int WIDTH = 1;
INTS(0, table)
INTS(1, index)
INTS(2, y)
layout(push_constant) uniform numbers {
    int rows, row, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int n = i / row, from = clamp(index_load(n), 0, rows - 1);
    STOREV(y, i, LOADIV(table, from * row + i - n * row));
}
#endif

/* The same for rows that begin inside of a word: an item puts together one word of y, of PACKED
 * elements. table, y in words; `row` and `elements`, all of y, count elements. */
#ifdef SHADER_gather_packed
layout(constant_id = 3) const int PACKED = 4;
INTS(0, table)
INTS(1, index)
INTS(2, y)
layout(push_constant) uniform numbers {
    int rows, row, elements, count;
};

const int BITS = 32 / PACKED;

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int word = 0;
    [[unroll]] for (int k = 0; k < PACKED; k++) {
        int element = i * PACKED + k;
        if (element < elements) {
            int n = element / row, from = clamp(index_load(n), 0, rows - 1);
            uint place = uint(from * row + element - n * row);
            int shift = int(place % PACKED) * BITS;
            int bits = bitfieldExtract(table_load(int(place / PACKED)), shift, BITS);
            word = bitfieldInsert(word, bits, k * BITS, BITS);
        }
    }
    y_store(i, word);
}
#endif

/* y = x, converted, WIDTH elements an item; x, y [count] */
#ifdef SHADER_cast
layout(constant_id = 3) const int WIDTH = 1;
MAP(0, x, 4)
MAP(1, y, 5)
layout(push_constant) uniform numbers {
    int count;
};

void main() {
    int i = item_number();
    if (i < count)
        STOREV(y, i, LOADV(x, i));
}
#endif

/* y = x, WIDTH words an item; x, y [count] */
#ifdef SHADER_copy_words
layout(constant_id = 3) const int WIDTH = 1;
INTS(0, x)
INTS(1, y)
layout(push_constant) uniform numbers {
    int count;
};

void main() {
    int i = item_number();
    if (i < count)
        STOREV(y, i, LOADIV(x, i));
}
#endif
