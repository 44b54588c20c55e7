/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "conf/hostsfile.h"

static char out[8192];
static char said[8192];

static void each(void *user, uint32_t line, const struct wr_addr *addr, const struct wr_name *name,
                 bool alias)
{
    char a[WR_ADDR_TEXT_SIZE], n[WR_NAME_TEXT_SIZE], row[1200];
    wr_addr_to_text(addr, a, sizeof(a));
    wr_name_to_text(name->wire, n, sizeof(n));
    snprintf(row, sizeof(row), "%u %s %s%s\n", line, a, n, alias ? " alias" : "");
    strncat(out, row, sizeof(out) - strlen(out) - 1);
}

static void wrong(void *user, uint32_t line, const char *text)
{
    char row[600];
    snprintf(row, sizeof(row), "%u %s\n", line, text);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static size_t read_text(const char *text, size_t n)
{
    const struct wr_hostsfile_hooks hooks = {.each = each, .wrong = wrong};
    char *copy = malloc(n ? n : 1); /* exactly as long, so that ASan sees a step beyond */
    out[0] = said[0] = 0;
    memcpy(copy, text, n);
    size_t given = wr_hostsfile_read(copy, n, &hooks);
    free(copy);
    return given;
}

static void test_good(void **state)
{
    static const char text[] = "# comment\n"
                               "\n"
                               "127.0.0.1\tlocalhost\n"
                               "192.0.2.4   printer printer.example.com  p # one\r\n"
                               "2001:db8::1 nas_1.home.arpa.\n"
                               "192.0.2.9\n"
                               "192.0.2.5 last";
    assert_int_equal(read_text(text, sizeof(text) - 1), 6);
    assert_string_equal(out, "3 127.0.0.1 localhost.\n"
                             "4 192.0.2.4 printer.\n"
                             "4 192.0.2.4 printer.example.com. alias\n"
                             "4 192.0.2.4 p. alias\n"
                             "5 2001:db8::1 nas_1.home.arpa.\n"
                             "7 192.0.2.5 last.\n");
    assert_string_equal(said, "");
}

/* Each bad line is told with its number, and the lines around it count. */
static void test_hostile(void **state)
{
    static const char text[] = "192.0.2.1 a\n"
                               "printer 192.0.2.4\n"
                               "192.0.2.300 b\n"
                               "192.0.2.1:53 b\n"
                               "fe80::1%1 c\n"
                               "192.0.2.2 a..b \033[31mred x\0y *.all ok\n"
                               "192.0.2.2 .\n"
                               "192.0.2.3 z\n";
    assert_int_equal(read_text(text, sizeof(text) - 1), 3);
    assert_string_equal(out, "1 192.0.2.1 a.\n6 192.0.2.2 ok.\n8 192.0.2.3 z.\n");
    for (unsigned line = 2; line <= 7; line++) {
        char at[16];
        snprintf(at, sizeof(at), "%s%u ", line == 2 ? "" : "\n", line);
        if (!strstr(said, at)) {
            fail_msg("nothing said of line %u: %s", line, said);
        }
    }
    assert_null(strchr(said, 033)); /* nothing for a terminal */
}

static void test_long(void **state)
{
    static char text[WR_LEASE_LINE_MAX + 600];
    strcpy(text, "192.0.2.1 ");
    memset(text + 10, 'a', 300); /* a label and a name too long */
    strcpy(text + 310, "\n192.0.2.2 b\n");
    assert_int_equal(read_text(text, strlen(text)), 1);
    assert_non_null(strstr(said, "1 \"aaa"));
    memset(text, ' ', sizeof(text));
    memcpy(text + sizeof(text) - 20, "\n192.0.2.2 b\n       ", 20);
    assert_int_equal(read_text(text, sizeof(text)), 1);
    assert_string_equal(said, "1 the line is too long\n");
    strcpy(text, "192.0.2.1");
    for (unsigned i = 0; i <= WR_HOSTS_NAMES_MAX; i++) {
        strcat(text, " a");
    }
    assert_int_equal(read_text(text, strlen(text)), WR_HOSTS_NAMES_MAX);
    assert_non_null(strstr(said, "too many names"));
}

static void test_names(void **state)
{
    struct wr_name n;
    assert_int_equal(wr_hostsfile_name("a-b_c.d", 7, &n), WR_OK);
    assert_int_equal(n.size, 9);
    assert_int_equal(wr_hostsfile_name("", 0, &n), WR_E_FORMAT);
    assert_int_equal(wr_hostsfile_name(".", 1, &n), WR_E_FORMAT);
    assert_int_equal(wr_hostsfile_name("a\\.b", 4, &n), WR_E_FORMAT);
    assert_int_equal(wr_hostsfile_name("a b", 3, &n), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
