/* SPDX-License-Identifier: Apache-2.0 */
/* How long a stream may last, and what its end is called. */
#include "unit/unit.h"

#include "resolve/streamlife.h"

static struct wr_stream st;

static void test_by_quic_the_last_place_is_the_last(void **state)
{
    st = (struct wr_stream){.idle_us = 5, .conn.kind = WR_UPCONN_DOQ};
    for (unsigned i = 0; i < WR_UPDOQ_ASKS_MAX; i++) {
        assert_false(st.leaving);
        wr_streamlife_placed(&st);
    }
    assert_true(st.leaving);
    assert_int_equal(st.idle_us, 0);
    st = (struct wr_stream){.idle_us = 5, .conn.kind = WR_UPCONN_DOT};
    for (unsigned i = 0; i <= WR_UPDOQ_ASKS_MAX; i++) {
        wr_streamlife_placed(&st);
    }
    assert_false(st.leaving);
}

static void test_what_a_timeout_means(void **state)
{
    st = (struct wr_stream){.state = WR_STREAM_CONNECTING};
    assert_int_equal(wr_streamlife_expired(&st), WR_UPCONN_DEAF);
    st.state = WR_STREAM_SHAKING;
    assert_int_equal(wr_streamlife_expired(&st), WR_UPCONN_MUTE);
    st.heard_us = 1;
    assert_int_equal(wr_streamlife_expired(&st), WR_UPCONN_HUNG);
    st.state = WR_STREAM_READY;
    assert_int_equal(wr_streamlife_expired(&st), WR_UPCONN_FINE);
    st.count = 1;
    assert_int_equal(wr_streamlife_expired(&st), WR_UPCONN_HUNG);
}

static void test_what_being_closed_is_called(void **state)
{
    st = (struct wr_stream){.state = WR_STREAM_CONNECTING};
    wr_list_init(&st.asked);
    assert_int_equal(wr_streamlife_closed(&st, WR_LOST_OWN), WR_UPCONN_OWN);
    assert_int_equal(wr_streamlife_closed(&st, 0), WR_UPCONN_REFUSED);
    st.state = WR_STREAM_READY;
    assert_int_equal(wr_streamlife_closed(&st, 0), WR_UPCONN_FINE);
    st.state = WR_STREAM_SHAKING;
    assert_int_equal(wr_streamlife_closed(&st, 0), WR_UPCONN_SHUT);
    st.conn.kind = WR_UPCONN_DOQ; /* nobody has the port, and the network says so */
    assert_int_equal(wr_streamlife_closed(&st, 0), WR_UPCONN_REFUSED);
    assert_int_equal(wr_streamlife_closed(&st, WR_LOST_OWN), WR_UPCONN_OWN);
    st.heard_us = 1;
    assert_int_equal(wr_streamlife_closed(&st, 0), WR_UPCONN_CLOSED);
    st.conn.kind = WR_UPCONN_DOT;
    assert_int_equal(wr_streamlife_closed(&st, 0), WR_UPCONN_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_quic_the_last_place_is_the_last),
        cmocka_unit_test(test_what_a_timeout_means),
        cmocka_unit_test(test_what_being_closed_is_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
