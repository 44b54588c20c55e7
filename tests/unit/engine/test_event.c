/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "engine/event.h"

static void test_every_kind_has_a_name_of_its_own(void **state)
{
    for (unsigned i = WR_EVENT_QUERY; i <= WR_EVENT_TIME; i++) {
        assert_string_not_equal(wr_event_name((enum wr_event_kind)i), "?");
        for (unsigned j = WR_EVENT_QUERY; j < i; j++) {
            assert_string_not_equal(wr_event_name((enum wr_event_kind)i),
                                    wr_event_name((enum wr_event_kind)j));
        }
    }
    for (unsigned i = WR_ACTION_NONE; i <= WR_ACTION_LEASE; i++) {
        assert_string_not_equal(wr_action_name((enum wr_action_kind)i), "?");
    }
    assert_string_equal(wr_event_name((enum wr_event_kind)0), "?");
    assert_string_equal(wr_event_name((enum wr_event_kind)99), "?");
    assert_string_equal(wr_action_name((enum wr_action_kind)99), "?");
}

static void test_transports(void **state)
{
    static const struct {
        const char *name;
        bool stream, encrypted, datagrams;
    } row[WR_CLIENT_TRANSPORTS] = {{"udp", false, false, true},
                                   {"tcp", true, false, false},
                                   {"dot", true, true, false},
                                   {"doh", true, true, false},
                                   {"doq", true, true, true}};
    for (uint8_t i = 0; i < WR_CLIENT_TRANSPORTS; i++) {
        assert_string_equal(wr_client_transport_name(i), row[i].name);
        assert_int_equal(wr_client_is_stream(i), row[i].stream);
        assert_int_equal(wr_client_is_encrypted(i), row[i].encrypted);
        assert_int_equal(wr_client_has_datagrams(i), row[i].datagrams);
    }
    assert_string_equal(wr_client_transport_name(99), "?");
    assert_string_equal(wr_claim_name(WR_CLAIM_SNI), "sni");
    assert_string_equal(wr_claim_name(99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind_has_a_name_of_its_own),
                                       cmocka_unit_test(test_transports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
