/* SPDX-License-Identifier: Apache-2.0 */
/* The shape; that the right thing is read off it is looked at by tests/e2e/cert.py, which has a reader of its own. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/qr.h"

static char *printed(const char *text, bool colours, size_t *ret_size)
{
    char *out = NULL;
    FILE *f = open_memstream(&out, ret_size);

    assert_non_null(f);
    assert_true(wr_qr_print(text, colours, f));
    assert_int_equal(fclose(f), 0);
    return out;
}

/* A character of any kind is one module wide; lines are equal, and twice as many as modules are high. */
static void test_shape(void **state)
{
    size_t size = 0, lines = 0, width = 0;
    char *text = printed("tls://192.0.2.1", false, &size);

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        size_t n = 0;

        for (const char *c = line; *c; c++)
            n += (*c & 0xc0) != 0x80;
        assert_true(lines == 0 || n == width);
        width = n;
        if (lines < 2) /* the quiet zone is white */
            assert_null(strstr(line, " "));
    }
    assert_int_equal((width - 8 - 17) % 4, 0); /* ISO 18004: 17 + 4 x version */
    assert_int_equal(lines, (width + 1) / 2);
    free(text);
}

static void test_colours(void **state)
{
    size_t plain_size = 0, size = 0, lines = 0;
    char *plain = printed("x", false, &plain_size), *text = printed("x", true, &size);

    assert_null(strchr(plain, '\033'));
    for (const char *c = plain; *c; c++)
        lines += *c == '\n';
    assert_int_equal(size, plain_size + lines * strlen("\033[40;97m\033[0m"));
    free(plain);
    free(text);
}

static void test_too_long(void **state)
{
    static char text[4000];

    memset(text, 'x', sizeof(text) - 1);
    assert_false(wr_qr_print(text, false, stdout));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
