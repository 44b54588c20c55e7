/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "resolve/errorreport.h"

static int make(const char *qname, uint16_t type, uint16_t ede, const char *agent, char *ret_text)
{
    struct wr_name q, a, made;

    assert_int_equal(wr_name_from_text(qname, strlen(qname), &q), WR_OK);
    assert_int_equal(wr_name_from_text(agent, strlen(agent), &a), WR_OK);
    int err = wr_errorreport_name(q.wire, type, ede, a.wire, &made);
    if (err == WR_OK) {
        assert_int_equal(made.size, wr_name_size(made.wire));
        wr_name_to_text(made.wire, ret_text, WR_NAME_TEXT_SIZE);
    }
    return err;
}

static void test_names(void **state)
{
    char text[WR_NAME_TEXT_SIZE];

    assert_int_equal(make("broken.test.", 1, 7, "a01.agent-domain.example.", text), WR_OK);
    assert_string_equal(text,
                        "_er.1.broken.test.7._er.a01.agent-domain.example."); /* section 4.2 */
    assert_int_equal(make(".", 65535, 65535, "a.", text), WR_OK);
    assert_string_equal(text, "_er.65535.65535._er.a.");
    assert_int_equal(make("a.", 48, 0, ".", text), WR_E_DENIED);
    assert_int_equal(make("_ER.1.broken.test.7._er.agent.", 16, 9, "agent.", text), WR_E_DENIED);
    assert_int_equal(make("_error.test.", 16, 9, "agent.", text), WR_OK);
}

static void test_as_long_as_fits(void **state)
{
    char text[WR_NAME_TEXT_SIZE], name[256] = "";

    for (unsigned i = 0; i < 118; i++) {
        strcat(name, "x.");
    }
    /* 236 octets of labels, 4 + 2 + 2 + 4 around them, 3 of the agent: 251; two labels more do not fit. */
    assert_int_equal(make(name, 1, 7, "a.", text), WR_OK);
    strcat(name, "x.x.");
    assert_int_equal(make(name, 1, 7, "a.", text), WR_OK);
    strcat(name, "x.");
    assert_int_equal(make(name, 1, 7, "a.", text), WR_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_as_long_as_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
