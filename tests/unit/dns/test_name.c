/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/name.h"

static struct wr_name name_of(const char *text)
{
    struct wr_name n;

    assert_int_equal(wr_name_from_text(text, strlen(text), &n), WR_OK);
    return n;
}

static void text_both_ways(void **state)
{
    static const char *const cases[][2] = {
        {".", "."},
        {"com", "com."},
        {"Example.COM.", "Example.COM."},
        {"a\\.b.c.", "a\\.b.c."},
        {"a\\\\.b.", "a\\\\.b."},
        {"\\000\\255\\032.", "\\000\\255\\032."},
        {"\\065\\b.", "Ab."},
        {"\\\"\\(\\)\\;\\@\\$.", "\\\"\\(\\)\\;\\@\\$."},
        {"_sip._udp.x", "_sip._udp.x."},
        {"*.example", "*.example."},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_name n = name_of(cases[i][0]), again;
        char text[WR_NAME_TEXT_SIZE];

        assert_int_equal(wr_name_to_text(n.wire, text, sizeof(text)), strlen(cases[i][1]));
        assert_string_equal(text, cases[i][1]);
        again = name_of(text);
        assert_int_equal(again.size, n.size);
        assert_memory_equal(again.wire, n.wire, n.size);
        assert_int_equal(wr_name_size(n.wire), n.size);
    }
}

static void broken_text(void **state)
{
    static const char *const cases[] = {"",    "..",   ".a",    "a..b",  "a..",   "\\",   "a\\",
                                        "\\1", "\\12", "\\256", "\\999", "\\1a2", "\\00."};
    struct wr_name n = {.size = 77};

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(wr_name_from_text(cases[i], strlen(cases[i]), &n), WR_E_FORMAT);
    }
    assert_int_equal(n.size, 77);
}

/* Labels of `label` octets until the wire form has `size` octets. */
static size_t long_text(char *ret, unsigned label, unsigned size)
{
    size_t n = 0;
    unsigned wire = 1;

    while (wire < size) {
        unsigned here = size - wire - 1 < label ? size - wire - 1 : label;

        memset(ret + n, 'x', here);
        n += here;
        ret[n++] = '.';
        wire += here + 1;
    }
    return n;
}

static void walls_of_text(void **state)
{
    char text[600];
    struct wr_name n;
    size_t size = long_text(text, 62, 255);

    assert_int_equal(wr_name_from_text(text, size, &n), WR_OK);
    assert_int_equal(n.size, 255);
    assert_int_equal(wr_name_from_text(text, size - 1, &n), WR_OK); /* the last dot forgiven */
    assert_int_equal(n.size, 255);
    size = long_text(text, 62, 256);
    assert_int_equal(wr_name_from_text(text, size, &n), WR_E_FORMAT);
    assert_int_equal(wr_name_from_text(text, size - 1, &n), WR_E_FORMAT);
    memset(text, 'y', 64);
    assert_int_equal(wr_name_from_text(text, 63, &n), WR_OK);
    assert_int_equal(wr_name_from_text(text, 64, &n), WR_E_FORMAT);
    size = long_text(text, 1, 255);
    assert_int_equal(wr_name_from_text(text, size, &n), WR_OK);
    assert_int_equal(wr_name_labels(n.wire), 127);
}

struct wire_case {
    const char *what;
    const char *octets;
    size_t size;
    size_t pos;
    int err;
    const char *text; /* when read */
    size_t end;
};

#define HEAD "HHHHHHHHHHHH" /* the header's twelve */

static const struct wire_case wire_cases[] = {
    {"plain", HEAD "\3www\3com", 21, 12, WR_OK, "www.com.", 21},
    {"root", HEAD "", 13, 12, WR_OK, ".", 13},
    {"pointer", HEAD "\3com\0\3www\xc0\x0c", 23, 17, WR_OK, "www.com.", 23},
    {"pointer to pointer", HEAD "\1a\0\xc0\x0c\xc0\x0f", 19, 17, WR_OK, "a.", 19},
    {"case is kept", HEAD "\3cOm\0\1W\xc0\x0c", 21, 17, WR_OK, "W.cOm.", 21},
    {"itself", HEAD "\xc0\x0c", 14, 12, WR_E_FORMAT, NULL, 0},
    {"own label", HEAD "\1a\xc0\x0c", 16, 12, WR_E_FORMAT, NULL, 0},
    {"forwards", HEAD "\xc0\x0e\1a", 17, 12, WR_E_FORMAT, NULL, 0},
    {"loop of two", HEAD "\1a\xc0\x10\1b\xc0\x0c", 20, 16, WR_E_FORMAT, NULL, 0},
    {"into the header", HEAD "\xc0\x0b", 14, 12, WR_E_FORMAT, NULL, 0},
    {"into the header's last octet", "\0\0\0\0\0\0\0\0\0\0\0\0\xc0\x0b", 14, 12, WR_E_FORMAT, NULL,
     0},
    {"label of 64",
     HEAD "\x40"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
     78, 12, WR_E_FORMAT, NULL, 0},
    {"label of 63",
     HEAD "\x3f"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
     77, 12, WR_OK, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde.", 77},
    {"past the end", HEAD "\xc0\xff", 14, 12, WR_E_FORMAT, NULL, 0},
    {"half a pointer", HEAD "\xc0", 13, 12, WR_E_SHORT, NULL, 0},
    {"label type 01", HEAD "\x41x", 15, 12, WR_E_FORMAT, NULL, 0},
    {"label type 10", HEAD "\x81x", 15, 12, WR_E_FORMAT, NULL, 0},
    {"label past the end", HEAD "\5abc", 16, 12, WR_E_SHORT, NULL, 0},
    {"no root", HEAD "\3abc", 16, 12, WR_E_SHORT, NULL, 0},
    {"nothing", HEAD, 12, 12, WR_E_SHORT, NULL, 0},
};

static void wire_of_messages(void **state)
{
    for (unsigned i = 0; i < sizeof(wire_cases) / sizeof(wire_cases[0]); i++) {
        const struct wire_case *c = &wire_cases[i];
        struct wr_reader r, again;
        struct wr_name n = {.size = 99};
        char text[WR_NAME_TEXT_SIZE];
        uint8_t size = 0;
        int err;

        wr_buf_read_init(&r, c->octets, c->size);
        wr_buf_seek(&r, c->pos);
        again = r;
        err = wr_name_read(&r, &n);
        if (err != c->err) {
            fail_msg("%s: %d", c->what, err);
        }
        assert_int_equal(wr_name_check(&again, &size), err);
        assert_int_equal(r.err, err);
        if (err) {
            assert_int_equal(n.size, 99);
            continue;
        }
        wr_name_to_text(n.wire, text, sizeof(text));
        assert_string_equal(text, c->text);
        assert_int_equal(r.pos, c->end);
        assert_int_equal(again.pos, c->end);
        assert_int_equal(size, n.size);
    }
}

/* Each name is one label and a pointer to the one before. */
static void pointers_are_bounded(void **state)
{
    uint8_t wire[400] = {[12] = 1, [13] = 'z'};
    size_t at = 15, before = 12;

    for (unsigned hops = 1; hops <= WR_NAME_POINTERS_MAX + 1; hops++) {
        struct wr_reader r;
        struct wr_name n;

        wire[at] = (uint8_t)(0xc0 | before >> 8);
        wire[at + 1] = (uint8_t)before;
        wr_buf_read_init(&r, wire, at + 2);
        wr_buf_seek(&r, at);
        assert_int_equal(wr_name_read(&r, &n), hops <= WR_NAME_POINTERS_MAX ? WR_OK : WR_E_LIMIT);
        before = at;
        at += 2;
    }
}

static void expansion_is_bounded(void **state)
{
    uint8_t wire[600] = {0};
    struct wr_reader r;
    struct wr_name n;
    size_t at = 12;

    for (unsigned i = 0; i < 4; i++) { /* 4 x 62 + 1 = 249 octets */
        wire[at] = 61;
        memset(wire + at + 1, 'a', 61);
        at += 62;
    }
    at++;
    for (unsigned own = 1; own <= 8; own++) { /* own + 1 + 249 */
        wire[at] = (uint8_t)own;
        wire[at + own + 1] = 0xc0;
        wire[at + own + 2] = 12;
        wr_buf_read_init(&r, wire, sizeof(wire));
        wr_buf_seek(&r, at);
        assert_int_equal(wr_name_read(&r, &n), own <= 5 ? WR_OK : WR_E_FORMAT);
    }
}

static void plain_names_have_no_pointers(void **state)
{
    static const struct {
        const char *octets;
        size_t size;
        int err;
    } cases[] = {
        {"\3www", 5, WR_OK},          {"", 1, WR_OK},
        {"\xc0\x00", 2, WR_E_FORMAT}, {"\1a\xc0\x00", 4, WR_E_FORMAT},
        {"\3ww", 3, WR_E_SHORT},      {"", 0, WR_E_SHORT},
        {"\x40", 2, WR_E_FORMAT},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_reader r, skip;
        struct wr_name n;

        wr_buf_read_init(&r, cases[i].octets, cases[i].size);
        skip = r;
        assert_int_equal(wr_name_read_plain(&r, &n), cases[i].err);
        assert_int_equal(wr_name_skip_plain(&skip), cases[i].err);
        assert_int_equal(skip.pos, r.pos);
    }
}

static void skipping(void **state)
{
    for (unsigned i = 0; i < sizeof(wire_cases) / sizeof(wire_cases[0]); i++) {
        const struct wire_case *c = &wire_cases[i];
        struct wr_reader r;

        wr_buf_read_init(&r, c->octets, c->size);
        wr_buf_seek(&r, c->pos);
        if (c->err == WR_OK) {
            assert_int_equal(wr_name_skip(&r), WR_OK);
            assert_int_equal(r.pos, c->end);
        } else if (!strstr("itself own label forwards loop of two into the header's last octet "
                           "past the end "
                           "into the header",
                           c->what)) {
            assert_int_not_equal(wr_name_skip(&r), WR_OK);
        }
    }
}

/* RFC 4034 section 6.1 */
static void canonical_order(void **state)
{
    static const char *const order[] = {
        ".",
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        "\\001.z.example.",
        "*.z.example.",
        "\\200.z.example.",
        "example0.",
    };
    unsigned count = sizeof(order) / sizeof(order[0]);

    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < count; k++) {
            struct wr_name a = name_of(order[i]), b = name_of(order[k]);
            int diff = wr_name_order(a.wire, b.wire);

            assert_int_equal((diff > 0) - (diff < 0), (i > k) - (i < k));
            assert_int_equal(wr_name_equal(a.wire, b.wire), i == k);
        }
    }
}

static void relations(void **state)
{
    struct wr_name a = name_of("www.EXAMPLE.com."), b = name_of("example.COM."),
                   c = name_of("notexample.com."), root = name_of("."), one = name_of("com.");

    assert_true(wr_name_in(a.wire, b.wire));
    assert_false(wr_name_in(b.wire, a.wire));
    assert_false(wr_name_in(c.wire, b.wire));
    assert_true(wr_name_in(a.wire, a.wire));
    assert_true(wr_name_in(root.wire, root.wire));
    assert_true(wr_name_in(a.wire, root.wire));
    assert_false(wr_name_in(root.wire, a.wire));
    assert_int_equal(wr_name_common(a.wire, b.wire), 2);
    assert_int_equal(wr_name_common(a.wire, c.wire), 1);
    assert_int_equal(wr_name_common(a.wire, root.wire), 0);
    assert_int_equal(wr_name_common(a.wire, a.wire), 3);
    assert_int_equal(wr_name_labels(a.wire), 3);
    assert_int_equal(wr_name_labels(root.wire), 0);
    assert_true(wr_name_equal(wr_name_skip_labels(a.wire, 2), one.wire));
    assert_int_equal(*wr_name_skip_labels(a.wire, 3), 0);
}

/* "[" and "{" are 32 apart like "A" and "a", and are no letters. */
static void only_letters_fold(void **state)
{
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned k = 0; k < 256; k++) {
            uint8_t a[3] = {1, (uint8_t)i, 0}, b[3] = {1, (uint8_t)k, 0};
            bool letters = (i | 32) >= 'a' && (i | 32) <= 'z';

            assert_int_equal(wr_name_equal(a, b), i == k || (letters && (i ^ k) == 32));
        }
    }
}

static void hashing_ignores_case(void **state)
{
    struct wr_hash_key key = {{1, 2}};
    struct wr_name a = name_of("WWW.Example.com."), b = name_of("www.eXAMPLE.Com."),
                   c = name_of("www.example.org.");

    assert_true(wr_name_hash(&key, a.wire) == wr_name_hash(&key, b.wire));
    assert_true(wr_name_hash(&key, a.wire) != wr_name_hash(&key, c.wire));
}

static void lowering_setting_and_putting_before(void **state)
{
    struct wr_name a = name_of("WwW.Ex\\065mple."), low = name_of("www.example."), got, parent;
    char text[300];

    assert_int_equal(wr_name_lower(a.wire, got.wire), a.size);
    assert_memory_equal(got.wire, low.wire, low.size);
    wr_name_set(&got, a.wire);
    assert_int_equal(got.size, a.size);
    parent = name_of("example.");
    assert_int_equal(wr_name_prepend((const uint8_t *)"\3www", parent.wire, &got), WR_OK);
    assert_true(wr_name_equal(got.wire, low.wire));
    assert_int_equal(wr_name_prepend((const uint8_t *)"\1x", got.wire, &got), WR_OK);
    assert_int_equal(got.size, low.size + 2);
    assert_int_equal(wr_name_from_text(text, long_text(text, 60, 253), &parent), WR_OK);
    assert_int_equal(wr_name_prepend((const uint8_t *)"\1x", parent.wire, &got), WR_OK);
    assert_int_equal(got.size, 255);
    got.size = 9;
    assert_int_equal(wr_name_prepend((const uint8_t *)"\2xx", parent.wire, &got), WR_E_RANGE);
    assert_int_equal(got.size, 9);
}

static void any_octets_survive_text(void **state)
{
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 8);
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t wire[WR_NAME_MAX];
        char text[WR_NAME_TEXT_SIZE];
        struct wr_name got;
        unsigned n = 0;

        for (;;) {
            unsigned label = 1 + wr_rng_below(&rng, 63);

            if (n + label + 2 > WR_NAME_MAX || wr_rng_below(&rng, 8) == 0) {
                break;
            }
            wire[n] = (uint8_t)label;
            wr_rng_bytes(&rng, wire + n + 1, label);
            n += label + 1;
        }
        wire[n] = 0;
        assert_true(wr_name_to_text(wire, text, sizeof(text)) < sizeof(text) - 1);
        assert_int_equal(wr_name_from_text(text, strlen(text), &got), WR_OK);
        assert_int_equal(got.size, n + 1);
        assert_memory_equal(got.wire, wire, n + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_both_ways),
        cmocka_unit_test(broken_text),
        cmocka_unit_test(walls_of_text),
        cmocka_unit_test(wire_of_messages),
        cmocka_unit_test(pointers_are_bounded),
        cmocka_unit_test(expansion_is_bounded),
        cmocka_unit_test(plain_names_have_no_pointers),
        cmocka_unit_test(skipping),
        cmocka_unit_test(canonical_order),
        cmocka_unit_test(relations),
        cmocka_unit_test(only_letters_fold),
        cmocka_unit_test(hashing_ignores_case),
        cmocka_unit_test(lowering_setting_and_putting_before),
        cmocka_unit_test(any_octets_survive_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
