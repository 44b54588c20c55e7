/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/feedname.h"

static void test_names(void **state)
{
    static const struct {
        const char *text;
        const char *name; /* NULL: none */
    } rows[] = {
        {"example.com", "example.com."},
        {"Example.COM.", "Example.COM."},
        {"_sip.example", "_sip.example."},
        {"com", "com."},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example."},
        {"B\xc3\x9c"
         "CHER.Example",
         "xn--bcher-kva.example."},
        {"stra\xc3\x9f"
         "e.example",
         "xn--strae-oqa.example."}, /* not transitional: not strasse */
        {"\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
         "xn--e1afmkfd.xn--p1ai."},
        {"xn--bcher-kva.example", "xn--bcher-kva.example."},
        {"xn--i-7iq.ws", "xn--i-7iq.ws."}, /* no good A-label, and registered */
        {"xn--.example", "xn--.example."}, /* nonsense, but octets that can be asked */
        {"\xef\xbd\x87oogle.com", NULL},   /* a full-width g */
        {"google\xe3\x80\x82"
         "com",
         NULL}, /* an ideographic full stop */
        {"google\xef\xbc\x8e"
         "com",
         NULL},
        {"a.b\xc3\xbc"
         "cher\xe3\x80\x82"
         "example",
         NULL},
        {"\xff\xfe.example", NULL}, /* no UTF-8 */
        {"\xe2\x80\xae"
         "example.com",
         NULL}, /* turns the writing round */
        {"exam\xc2\xad"
         "ple.com",
         NULL}, /* a soft hyphen, which is left out */
        {"b\xc3\xbc"
         "/x.example",
         NULL},
        {"", NULL},
        {".", NULL},
        {".example", NULL},
        {"a..example", NULL},
        {"a b.example", NULL},
        {"example.com/path", NULL},
        {"http://example.com", NULL},
        {"example.com:443", NULL},
        {"192.0.2.1", NULL},
        {"example.123", NULL},
        {"*.example", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name name;
        char text[WR_NAME_TEXT_SIZE] = "";
        const char *why = NULL;
        int err = wr_feedname_read(rows[i].text, strlen(rows[i].text), &name, &why);
        if (err == WR_OK) {
            wr_name_to_text(name.wire, text, sizeof(text));
        }
        if (rows[i].name == NULL ? err != WR_E_FORMAT || why == NULL
                                 : strcmp(text, rows[i].name) != 0) {
            fail_msg("%s: %s", rows[i].text, err ? why : text);
        }
    }
}

static void test_long_ones(void **state)
{
    char text[400];
    struct wr_name name;
    const char *why;
    memset(text, 'a', sizeof(text));
    assert_int_equal(wr_feedname_read(text, 63, &name, &why), WR_OK);
    assert_int_equal(wr_feedname_read(text, 64, &name, &why), WR_E_FORMAT);
    assert_int_equal(wr_feedname_read(text, sizeof(text), &name, &why), WR_E_FORMAT);
    for (size_t i = 0; i + 1 < sizeof(text); i += 2) {
        memcpy(text + i, "\xc3\xbc", 2);
    }
    assert_int_equal(wr_feedname_read(text, sizeof(text), &name, &why), WR_E_FORMAT);
    assert_int_equal(wr_feedname_read("a\0b.example", 11, &name, &why), WR_E_FORMAT);
    assert_int_equal(wr_feedname_read("\xc3\xbc\0b.example", 12, &name, &why), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
