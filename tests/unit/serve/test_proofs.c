/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs: what a gate's servers point to is theirs, and goes with them. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "net/better.h"
#include "serve/proofs.h"

static void test_life(void **state)
{
    static const char pinned[] =
        "tls://192.0.2.1#name=dns.example&pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    struct wr_creds_setup nobody = {.count = 0};
    struct wr_verdict_text why;
    struct wr_creds *creds;
    struct wr_uri servers[4];
    struct wr_conf_group group = {.servers = {servers, 4}};
    struct wr_conf conf;
    struct wr_upstream up[3] = {{.slot = 1}, {.slot = 2}, {.slot = 3}};
    struct wr_proofs p;

    memset(&conf, 0, sizeof(conf));
    conf.upstream.groups.items = &group;
    conf.upstream.groups.count = 1;
    assert_int_equal(wr_creds_make(&nobody, &why, &creds), WR_OK);
    assert_int_equal(wr_uri_from_text(pinned, strlen(pinned), &servers[0], NULL), WR_OK);
    assert_int_equal(wr_uri_from_text("udp://192.0.2.2", 15, &servers[1], NULL), WR_OK);
    assert_int_equal(wr_uri_from_text("tls://192.0.2.3#name=a.example&dane", 35, &servers[2], NULL),
                     WR_OK);
    assert_int_equal(
        wr_uri_from_text("tls://192.0.2.3#name=a.example&dane&pkix", 40, &servers[3], NULL), WR_OK);
    assert_int_equal(wr_proofs_start(&p, &conf, creds, NULL), WR_OK);
    assert_int_equal(p.room, 3);
    wr_proofs_add(&p, &servers[0], &up[0]);
    wr_proofs_add(&p, &servers[2], &up[1]);
    wr_proofs_add(&p, &servers[3], &up[2]);
    assert_false(up[0].barred);
    assert_true(up[1].barred);  /* nobody knows its records */
    assert_false(up[2].barred); /* an authority proves it as well */
    wr_proofs_time(&p, true, 77);
    memset(servers, 0, sizeof(servers)); /* the configuration goes */
    wr_creds_drop(creds);
    assert_string_equal(up[0].whom->name, "dns.example");
    assert_ptr_equal(up[0].whom->pin, up[0].uri->pin);
    assert_int_equal(up[0].whom->pins, 1);
    assert_int_equal(up[0].whom->proof, WR_URI_PINS);
    assert_int_equal(wr_creds_anchors(up[0].whom->creds), 0);
    assert_true(up[0].whom->system_clock && up[0].whom->floor_s == 77);
    wr_proofs_free(&p);
    wr_proofs_free(&p);
    conf.upstream.groups.count = 0;
    assert_int_equal(wr_proofs_start(&p, &conf, NULL, NULL), WR_OK);
    wr_proofs_free(&p);
}

/* Servers of either kind in a group whose better ways are looked for: each address of the one, a way of each transport to
 * the other. */
static void test_room_for_addresses_beside_ways(void **state)
{
    static const char *const urls[] = {"tls://dns.example#addr=192.0.2.1&addr=192.0.2.2",
                                       "tls://found.example", "udp://192.0.2.3"};
    struct wr_uri servers[3];
    struct wr_conf_group group = {.servers = {servers, 3}, .discover = WR_FIND_PROVEN};
    struct wr_upstream up = {.slot = 1};
    struct wr_conf conf;
    struct wr_proofs p;

    memset(&conf, 0, sizeof(conf));
    conf.upstream.groups.items = &group;
    conf.upstream.groups.count = 1;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(wr_uri_from_text(urls[i], strlen(urls[i]), &servers[i], NULL), WR_OK);
    assert_int_equal(wr_proofs_start(&p, &conf, NULL, NULL), WR_OK);
    for (unsigned i = 0; i < 2 + WR_URI_ADDRS_MAX + WR_BETTER_WAYS; i++)
        wr_proofs_add(&p, &servers[i < 2 ? 0 : 1], &up);
    wr_proofs_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life),
                                       cmocka_unit_test(test_room_for_addresses_beside_ways)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
