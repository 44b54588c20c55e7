/* SPDX-License-Identifier: Apache-2.0 */
/* A session before anything was said. What is believed of one that is open: test_conn.c, test_doqclaim.c. */
#include "unit/unit.h"

#include <gnutls/gnutls.h>

#include "base/err.h"
#include "transport/tls.h"
#include "transport/tlspeer.h"

static void test_nothing_was_said(void **state)
{
    static const uint8_t key[WR_TLS_TICKET_KEY] = {1};
    struct wr_certs chain = {.count = 0};
    char name[256] = "";

    for (int ask = 0; ask < 2; ask++) {
        gnutls_session_t session;

        assert_int_equal(gnutls_init(&session, GNUTLS_SERVER), 0);
        assert_int_equal(wr_tlspeer_serve(session, ask != 0, ask != 0 ? key : NULL), 0);
        assert_false(wr_tlspeer_borrowed(session, false));
        assert_int_equal(wr_tlspeer_chain(session, &chain), WR_E_NOTFOUND);
        assert_int_equal(wr_tlspeer_sni(session, name, sizeof(name)), WR_E_NOTFOUND);
        gnutls_deinit(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_was_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
