/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "base/limits.h"
#include "serve/rollup.h"

struct seen {
    uint64_t rows, queries, nameless;
};

static void see(void *user, const struct wr_record *r, uint32_t count)
{
    struct seen *s = user;
    s->rows++;
    s->queries += count;
    s->nameless += r->client.family == WR_AF_NONE;
    assert_int_equal(r->client.port, 0);
    assert_int_equal(r->took_us, 0);
}

static void test_rows(void **state)
{
    struct wr_rollup *r;
    struct seen s = {0};
    struct wr_ledger_event e;
    assert_int_equal(wr_rollup_create(&r), WR_OK);
    assert_false(wr_rollup_empty(r, see, &s));
    for (uint32_t n = 0; n < 1000; n++) {
        logs_event(n, &e);
        e.record.client.port = (uint16_t)n;
        e.record.rcode = n % 10 == 0 ? 3 : 0;
        wr_rollup_add(r, &e.record, false);
    }
    assert_int_equal(wr_rollup_rows(r), 20); /* 20 clients; those of NXDOMAIN are two of them */
    assert_true(wr_rollup_empty(r, see, &s));
    assert_int_equal(s.queries, 1000);
    assert_int_equal(s.nameless, 0);
    assert_int_equal(wr_rollup_rows(r), 0);
    for (uint32_t n = 0; n < 1000; n++) {
        logs_event(n, &e);
        wr_rollup_add(r, &e.record, true);
    }
    assert_int_equal(wr_rollup_rows(r), 1);
    wr_rollup_destroy(r);
}

static void test_a_flood_of_clients_is_counted_together(void **state)
{
    struct wr_rollup *r;
    struct seen s = {0};
    struct wr_ledger_event e;
    assert_int_equal(wr_rollup_create(&r), WR_OK);
    for (uint32_t n = 0; n < 100000; n++) {
        logs_event(1, &e);
        memcpy(e.record.client.ip, &n, sizeof(n));
        e.record.segment = (uint16_t)(n % 5000);
        wr_rollup_add(r, &e.record, false);
    }
    assert_int_equal(wr_rollup_rows(r), WR_ROLLUP_ROWS_MAX);
    wr_rollup_empty(r, see, &s);
    assert_int_equal(s.queries, 100000);
    assert_true(s.nameless > 0);
    wr_rollup_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_a_flood_of_clients_is_counted_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
