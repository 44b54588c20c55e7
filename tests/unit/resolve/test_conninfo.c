/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/time.h"
#include "resolve/conninfo.h"
#include "transport/upconn.h"

static struct wr_conninfo c;
static struct wr_conninfo_view v;

static const struct wr_upconn_facts first = {false, "TLS1.3", "AES-128-GCM", "h2", "its name"},
                                    again = {true, "TLS1.3", "AES-128-GCM", "", ""},
                                    old = {false, "TLS1.2", "CHACHA20-POLY1305", "", ""};

static int setup(void **state)
{
    memset((void *)&c, 0, sizeof(c));
    return 0;
}

static void test_tells_what_was_noted(void **state)
{
    wr_conninfo_read(&c, 0, &v);
    assert_int_equal(v.handshakes, 0);
    assert_string_equal(v.version, "");
    wr_conninfo_ready(&c, 3, &first, 5 * WR_S);
    wr_conninfo_ready(&c, 3, &again, 6 * WR_S);
    wr_conninfo_failed(&c, 3, WR_UPCONN_STRANGER, "the certificate expired yesterday", 7 * WR_S);
    wr_conninfo_read(&c, 3, &v);
    assert_int_equal(v.handshakes, 2);
    assert_int_equal(v.resumed, 1);
    assert_true(v.last_resumed);
    assert_string_equal(v.version, "TLS1.3");
    assert_string_equal(v.cipher, "AES-128-GCM");
    assert_string_equal(v.protocol, "");
    assert_string_equal(v.proof, "its name");
    assert_int_equal(v.failures, 1);
    assert_int_equal(v.why, WR_UPCONN_STRANGER);
    assert_string_equal(v.text, "the certificate expired yesterday");
    assert_int_equal(v.ready_us, 6 * WR_S);
    assert_int_equal(v.failed_us, 7 * WR_S);
}

static void test_a_stranger_is_one_until_it_proves_itself(void **state)
{
    assert_false(wr_conninfo_is_stranger(&c, 0));
    wr_conninfo_failed(&c, 3, WR_UPCONN_STRANGER, "another name", 7 * WR_S);
    assert_true(wr_conninfo_is_stranger(&c, 3));
    assert_false(wr_conninfo_is_stranger(&c, 4));
    wr_conninfo_ready(&c, 3, &first, 8 * WR_S);
    assert_false(wr_conninfo_is_stranger(&c, 3));
    wr_conninfo_failed(&c, 3, WR_UPCONN_MUTE, "", 9 * WR_S);
    assert_false(wr_conninfo_is_stranger(&c, 3));
}

static void test_another_server_in_the_slot(void **state)
{
    wr_conninfo_failed(&c, 3, WR_UPCONN_MUTE, "long ago", 7 * WR_S);
    wr_conninfo_read(&c, 4, &v);
    assert_int_equal(v.failures, 0);
    wr_conninfo_ready(&c, 4, &old, 8 * WR_S);
    wr_conninfo_read(&c, 4, &v);
    assert_int_equal(v.failures, 0);
    assert_int_equal(v.failed_us, 0);
    assert_string_equal(v.text, "");
    assert_string_equal(v.version, "TLS1.2");
}

/* Who reads while the words change gets none; numbers he gets. */
static void test_no_torn_words(void **state)
{
    static char text[WR_CONNINFO_TEXT + 40];
    memset(text, 'x', sizeof(text) - 1);
    wr_conninfo_failed(&c, 1, WR_UPCONN_MUTE, text, WR_S); /* too long: cut */
    wr_conninfo_read(&c, 1, &v);
    assert_int_equal(strlen(v.text), WR_CONNINFO_TEXT - 1);
    atomic_fetch_add(&c.sequence, 1);
    wr_conninfo_failed(&c, 1, WR_UPCONN_HUNG, "other", WR_S); /* another one writes */
    wr_conninfo_read(&c, 1, &v);
    assert_string_equal(v.text, "");
    assert_int_equal(v.failures, 2);
    atomic_fetch_add(&c.sequence, 1);
    wr_conninfo_read(&c, 1, &v);
    assert_int_equal(v.text[0], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tells_what_was_noted, setup),
        cmocka_unit_test_setup(test_a_stranger_is_one_until_it_proves_itself, setup),
        cmocka_unit_test_setup(test_another_server_in_the_slot, setup),
        cmocka_unit_test_setup(test_no_torn_words, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
