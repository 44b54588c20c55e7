/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "base/rng.h"
#include "serve/json.h"

struct sink {
    char text[65536];
    size_t len;
    unsigned spills;
};

static void spill(void *user, const char *bytes, size_t n)
{
    struct sink *s = user;
    assert_true(s->len + n < sizeof(s->text));
    memcpy(s->text + s->len, bytes, n);
    s->len += n;
    s->text[s->len] = 0;
    s->spills++;
}

static void say_all(struct wr_json *j)
{
    wr_json_object(j, NULL);
    wr_json_text(j, "name", "weir");
    wr_json_array(j, "list");
    wr_json_u64(j, NULL, UINT64_MAX);
    wr_json_i64(j, NULL, -7);
    wr_json_bool(j, NULL, true);
    wr_json_null(j, NULL);
    wr_json_object(j, NULL);
    wr_json_end(j);
    wr_json_end(j);
    wr_json_text(j, "none", NULL);
    wr_json_raw(j, "raw", "[1]", 3);
    wr_json_end(j);
}

#define ALL                                                                             \
    "{\"name\":\"weir\",\"list\":[18446744073709551615,-7,true,null,{}],\"none\":null," \
    "\"raw\":[1]}\n"

static void test_all_kinds(void **state)
{
    char room[256];
    struct wr_json j;
    wr_json_init(&j, room, sizeof(room), NULL, NULL);
    say_all(&j);
    assert_int_equal(wr_json_finish(&j), WR_OK);
    assert_string_equal(room, ALL);
}

static void test_spills_whole(void **state)
{
    for (size_t cap = 2; cap < 40; cap++) {
        char room[40];
        struct wr_json j;
        struct sink *s = calloc(1, sizeof(*s));
        wr_json_init(&j, room, cap, spill, s);
        say_all(&j);
        assert_int_equal(wr_json_finish(&j), WR_OK);
        assert_string_equal(s->text, ALL);
        assert_true(s->spills >= strlen(ALL) / cap);
        free(s);
    }
}

/* Left alone in the middle, with the room used by another: it goes on where it was. */
static void test_goes_on(void **state)
{
    char room[40];
    struct wr_json j, copy;
    struct sink *s = calloc(1, sizeof(*s));
    wr_json_init(&j, room, sizeof(room), spill, s);
    wr_json_array(&j, NULL);
    wr_json_u64(&j, NULL, 1);
    wr_json_flush(&j);
    assert_string_equal(s->text, "[1");
    wr_json_flush(&j);
    assert_int_equal(s->spills, 1); /* there was nothing more */
    memset(room, 'x', sizeof(room));
    copy = j;
    wr_json_u64(&copy, NULL, 2);
    wr_json_end(&copy);
    assert_int_equal(wr_json_finish(&copy), WR_OK);
    assert_string_equal(s->text, "[1,2]\n");
    free(s);
}

static void test_cut_is_said(void **state)
{
    char room[20];
    struct wr_json j;
    wr_json_init(&j, room, sizeof(room), NULL, NULL);
    say_all(&j);
    assert_int_equal(wr_json_finish(&j), WR_E_FULL);
    assert_int_equal(strlen(room), 19);
}

static void test_escapes(void **state)
{
    static const struct {
        const char *in;
        size_t n;
        const char *out;
    } rows[] = {
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\"\n"},
        {"\n\t\x1b", 3, "\"\\u000a\\u0009\\u001b\"\n"},
        {"\0", 1, "\"\\u0000\"\n"},
        {"\x7f", 1, "\"\\u007f\"\n"},
        {"gr\xc3\xbc\xc3\x9f", 6, "\"gr\xc3\xbc\xc3\x9f\"\n"},
        {"\xe2\x80\xa8", 3, "\"\\u2028\"\n"},
        {"\xff\xc3", 2, "\"\\ufffd\\ufffd\"\n"},
        {"\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"\n"}, /* a surrogate is no character */
        {"", 0, "\"\"\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char room[128];
        struct wr_json j;
        wr_json_init(&j, room, sizeof(room), NULL, NULL);
        wr_json_bytes(&j, NULL, rows[i].in, rows[i].n);
        assert_int_equal(wr_json_finish(&j), WR_OK);
        assert_string_equal(room, rows[i].out);
    }
}

/* Whatever the octets, another's reader takes it, and it is one line. */
static void test_any_octets_parse(void **state)
{
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, 7);
    for (int round = 0; round < 500; round++) {
        char octets[64], room[1024];
        wr_rng_bytes(&rng, octets, sizeof(octets));
        struct wr_json j;
        wr_json_init(&j, room, sizeof(room), NULL, NULL);
        wr_json_array(&j, NULL);
        wr_json_bytes(&j, NULL, octets, sizeof(octets));
        wr_json_end(&j);
        assert_int_equal(wr_json_finish(&j), WR_OK);
        assert_ptr_equal(strchr(room, '\n'), room + strlen(room) - 1);
        json_error_t error;
        json_t *read = json_loads(room, JSON_ALLOW_NUL, &error);
        assert_non_null(read);
        json_decref(read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_spills_whole),
        cmocka_unit_test(test_goes_on),   cmocka_unit_test(test_cut_is_said),
        cmocka_unit_test(test_escapes),   cmocka_unit_test(test_any_octets_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
