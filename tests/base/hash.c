#include "base/hash.h"

#include <criterion/criterion.h>
#include <string.h>

static retune_hash hash_of(const char *text) {
    return retune_hash_bytes(text, strlen(text));
}

/* XXH3 128 of nothing, as the algorithm's specification gives it. */
Test(hash, is_xxh3_128) {
    char text[RETUNE_HASH_TEXT_MAX];
    cr_expect_str_eq(retune_hash_text(hash_of(""), text), "99aa06d3014798d86001c324468d497f");
    cr_expect_eq(retune_hash_checksum("", 0), UINT64_C(0x2d06800538d394c2));
}

Test(hash, streams_like_one_shot) {
    unsigned char bytes[3000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 256);
    for (size_t piece = 1; piece < sizeof bytes; piece += 97) {
        retune_hasher *hasher;
        cr_assert_eq(retune_hasher_open(&hasher, NULL), RETUNE_OK);
        for (size_t done = 0; done < sizeof bytes; done += piece) {
            size_t size = piece < sizeof bytes - done ? piece : sizeof bytes - done;
            retune_hasher_update(hasher, bytes + done, size);
            cr_assert(retune_hash_equal(retune_hasher_digest(hasher),
                                        retune_hash_bytes(bytes, done + size)));
        }
        retune_hasher_close(hasher);
    }
    retune_hasher_close(NULL);
}

Test(hash, combines_in_order) {
    retune_hash a = hash_of("a"), b = hash_of("b");
    cr_expect(retune_hash_equal(retune_hash_combine(a, b), retune_hash_combine(a, b)));
    cr_expect_not(retune_hash_equal(retune_hash_combine(a, b), retune_hash_combine(b, a)));
    cr_expect_not(retune_hash_equal(retune_hash_combine(a, a), a));
    cr_expect_not(retune_hash_equal(a, (retune_hash){a.low, a.high ^ 1}));
    cr_expect_not(retune_hash_equal(a, (retune_hash){a.low ^ 1, a.high}));
}

Test(hash, text_goes_both_ways) {
    char text[RETUNE_HASH_TEXT_MAX];
    retune_hash hash = {UINT64_C(0x0123456789abcdef), 7}, parsed;
    cr_expect_str_eq(retune_hash_text(hash, text), "00000000000000070123456789abcdef");
    cr_assert(retune_hash_parse(text, &parsed));
    cr_expect(retune_hash_equal(hash, parsed));
    cr_assert(retune_hash_parse("00000000000000070123456789ABCDEF", &parsed));
    cr_expect(retune_hash_equal(hash, parsed));
}

Test(hash, refuses_text_that_is_no_hash) {
    static const char *const texts[] = {"",
                                        "0",
                                        "0000000000000007012345678 abcdef",
                                        "00000000000000070123456789abcde",
                                        "00000000000000070123456789abcdef0",
                                        "0x000000000000070123456789abcdef",
                                        "g0000000000000070123456789abcdef"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        retune_hash hash = {1, 1};
        cr_expect_not(retune_hash_parse(texts[i], &hash), "%s", texts[i]);
        cr_expect(retune_hash_equal(hash, (retune_hash){0}));
    }
}
