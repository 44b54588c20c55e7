/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"

static void types_both_ways(void **state)
{
    for (unsigned type = 0; type <= 65535; type++) {
        char text[WR_CODE_TEXT_SIZE];
        uint16_t got = 0;
        size_t n = wr_codes_type_text((uint16_t)type, text, sizeof(text));

        assert_int_equal(wr_codes_type_from_text(text, n, &got), WR_OK);
        assert_int_equal(got, type);
    }
}

static void texts(void **state)
{
    char text[WR_CODE_TEXT_SIZE];
    uint16_t got = 7;

    wr_codes_type_text(WR_TYPE_NSEC3PARAM, text, sizeof(text));
    assert_string_equal(text, "NSEC3PARAM");
    wr_codes_type_text(65280, text, sizeof(text));
    assert_string_equal(text, "TYPE65280");
    wr_codes_class_text(1, text, sizeof(text));
    assert_string_equal(text, "IN");
    wr_codes_class_text(2, text, sizeof(text));
    assert_string_equal(text, "CLASS2");
    wr_codes_rcode_text(3, text, sizeof(text));
    assert_string_equal(text, "NXDOMAIN");
    wr_codes_rcode_text(4095, text, sizeof(text));
    assert_string_equal(text, "RCODE4095");
    wr_codes_opcode_text(5, text, sizeof(text));
    assert_string_equal(text, "UPDATE");
    wr_codes_opcode_text(3, text, sizeof(text));
    assert_string_equal(text, "OPCODE3");
    assert_int_equal(wr_codes_class_from_text("ch", 2, &got), WR_OK);
    assert_int_equal(got, WR_CLASS_CH);
    assert_int_equal(wr_codes_class_from_text("CLASS65535", 10, &got), WR_OK);
    assert_int_equal(got, 65535);
    assert_int_equal(wr_codes_type_from_text("type1", 5, &got), WR_OK);
    assert_int_equal(got, WR_TYPE_A);
    assert_int_equal(wr_codes_type_from_text("nsap-ptr", 8, &got), WR_OK);
    assert_int_equal(got, 23);
}

static void broken(void **state)
{
    static const char *const cases[] = {
        "",       "X",    "TYPE", "TYPE65536", "TYPE-1",
        "TYPE1x", "TYP1", "A ",   "CLASS1",    "TYPE99999999999999999999"};
    uint16_t got = 77;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(wr_codes_type_from_text(cases[i], strlen(cases[i]), &got), WR_E_FORMAT);
    }
    assert_int_equal(wr_codes_class_from_text("A", 1, &got), WR_E_FORMAT);
    assert_int_equal(got, 77);
}

static void errors_and_options(void **state)
{
    assert_string_equal(wr_codes_ede_text(WR_EDE_STALE_ANSWER), "Stale Answer");
    assert_string_equal(wr_codes_ede_text(WR_EDE_NETWORK_ERROR), "Network Error");
    assert_string_equal(wr_codes_ede_text(WR_EDE_NONE), "");
    assert_string_equal(wr_codes_ede_text(65535), "");
    assert_string_equal(wr_codes_option_text(WR_OPTION_COOKIE), "COOKIE");
    assert_null(wr_codes_option_text(4));
}

static void words_for_numbers(void **state)
{
    static const struct {
        enum wr_codes_word kind;
        const char *text;
        int err;
        uint16_t number;
    } cases[] = {
        {WR_CODES_ALGORITHM, "rsasha256", WR_OK, 8},
        {WR_CODES_ALGORITHM, "DSA-NSEC3-SHA1", WR_OK, 6},
        {WR_CODES_ALGORITHM, "255", WR_OK, 255},
        {WR_CODES_ALGORITHM, "256", WR_E_RANGE, 0},
        {WR_CODES_ALGORITHM, "RSA", WR_E_FORMAT, 0},
        {WR_CODES_CERT, "OID", WR_OK, 254},
        {WR_CODES_CERT, "65535", WR_OK, 65535},
        {WR_CODES_CERT, "65536", WR_E_RANGE, 0},
        {WR_CODES_PROTOCOL, "udp", WR_OK, 17},
        {WR_CODES_SERVICE, "domain", WR_OK, 53},
        {WR_CODES_SERVICE, "www", WR_OK, 80},
        {WR_CODES_SCHEME, "NOTIFY", WR_OK, 1},
        {WR_CODES_SCHEME, "", WR_E_FORMAT, 0},
        {WR_CODES_TSIG_ERROR, "BADSIG", WR_OK, 16},
        {WR_CODES_TSIG_ERROR, "BADVERS", WR_OK, 16},
        {WR_CODES_TSIG_ERROR, "badtime", WR_OK, 18},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t got = 77;
        int err =
            wr_codes_word_from_text(cases[i].kind, cases[i].text, strlen(cases[i].text), &got);

        assert_int_equal(err, cases[i].err);
        assert_int_equal(got, err ? 77 : cases[i].number);
    }
    assert_string_equal(wr_codes_word_text(WR_CODES_TSIG_ERROR, 16), "BADSIG");
    assert_string_equal(wr_codes_word_text(WR_CODES_ALGORITHM, 6), "DSA-NSEC3-SHA1");
    assert_string_equal(wr_codes_word_text(WR_CODES_SCHEME, 1), "NOTIFY");
    assert_null(wr_codes_word_text(WR_CODES_SCHEME, 2));
}

static void meta_types(void **state)
{
    static const uint16_t meta[] = {0, 41, 128, 249, 250, 251, 252, 253, 254, 255};
    static const uint16_t data[] = {1, 28, 46, 65, 127, 256, 257, 32769, 65535};

    for (unsigned i = 0; i < sizeof(meta) / sizeof(meta[0]); i++) {
        assert_true(wr_codes_type_is_meta(meta[i]));
    }
    for (unsigned i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        assert_false(wr_codes_type_is_meta(data[i]));
    }
}

static void short_room_is_cut(void **state)
{
    char text[8] = "xxxxxxx";

    wr_codes_type_text(65280, text, 5);
    assert_string_equal(text, "TYPE");
    assert_int_equal(text[5], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_both_ways),
        cmocka_unit_test(texts),
        cmocka_unit_test(broken),
        cmocka_unit_test(errors_and_options),
        cmocka_unit_test(words_for_numbers),
        cmocka_unit_test(meta_types),
        cmocka_unit_test(short_room_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
