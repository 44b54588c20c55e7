/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>

#include "conf/names.h"
#include "dns/present.h"

static char said[4096], out[4096];
static const struct wr_hash_key key = {{7, 8}};

static void tell(void *user, enum wr_names_said what, const char *file, uint32_t line,
                 const char *text)
{
    char row[600];
    snprintf(row, sizeof(row), "%s:%u: %s\n", file, line, text);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static const struct wr_names_hooks hooks = {.tell = tell};

static const char *records(const struct wr_names *names)
{
    out[0] = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        const struct wr_names_record *n = &names->item[i];
        char row[1024];
        struct wr_str s;
        wr_str_init(&s, row, sizeof(row));
        wr_present_rr(&s, n->r.owner, n->r.ttl, 1, n->r.type, n->r.rdata, n->r.size);
        wr_str_text(&s, n->reverse ? " <-\n" : "\n");
        strncat(out, row, sizeof(out) - strlen(out) - 1);
    }
    return out;
}

static void test_conf(void **state)
{
    struct wr_conf *conf =
        good_conf("local:\n  zones:\n"
                  "  - {zone: home.arpa, ttl: 5m, records: [printer A 192.0.2.4, "
                  "\"@ MX 10 mail\", \"*.w A 192.0.2.5\"]}\n"
                  "  - {zone: b.example, records: [www 60 CNAME printer.home.arpa.]}\n");
    struct wr_names names;
    wr_names_init(&names, "");
    wr_names_read_conf(&names, conf);
    assert_string_equal(records(&names), "printer.home.arpa. 300 IN A 192.0.2.4 <-\n"
                                         "home.arpa. 300 IN MX 10 mail.home.arpa.\n"
                                         "*.w.home.arpa. 300 IN A 192.0.2.5\n"
                                         "www.b.example. 60 IN CNAME printer.home.arpa.\n");
    assert_false(names.lease);
    wr_names_free(&names);
    wr_conf_free(conf);
}

static void test_hosts(void **state)
{
    static const char text[] = "127.0.1.1 me\n192.0.2.4 printer p\n0.0.0.0 ads.example\nx y\n";
    struct wr_names names;
    said[0] = 0;
    wr_names_init(&names, "/h");
    wr_names_read_hosts(&names, text, sizeof(text) - 1, 60, &hooks);
    assert_string_equal(records(&names), "printer. 60 IN A 192.0.2.4 <-\n"
                                         "p. 60 IN A 192.0.2.4\n"
                                         "ads.example. 60 IN A 0.0.0.0\n");
    assert_non_null(strstr(said, "/h:4: \"x\" is no address"));
    wr_names_free(&names);
}

static void test_leases(void **state)
{
    static const char text[] = "1700000000 00:11 192.0.2.10 cam *\n"
                               "0 00:12 192.0.2.11 wpad *\n"
                               "0 00:13 192.0.2.12 * *\n"
                               "0 00:14 fd00::1 nas *\n";
    const struct wr_names_text part = {text, sizeof(text) - 1};
    static const uint8_t zone[] = "\3lan";
    struct wr_names names;
    said[0] = 0;
    wr_names_init(&names, "/l");
    wr_names_read_leases(&names, WR_LEASE_DNSMASQ, zone, 60, &part, 1, &key, &hooks);
    assert_string_equal(records(&names), "cam.lan. 60 IN A 192.0.2.10 <-\n"
                                         "nas.lan. 60 IN AAAA fd00::1 <-\n");
    assert_true(names.lease && !wr_leaseid_same(&names.item[0].client, &names.item[1].client));
    assert_int_equal(names.item[0].until_s, 1700000000);
    assert_true(names.item[1].until_s == INT64_MAX);
    assert_non_null(strstr(said, "/l:2: \"wpad\" is a name that programs trust"));
    wr_names_free(&names);
}

/* An included file's name is a stranger's word as any other. */
static void test_said(void **state)
{
    char text[80];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_names_put_said(&s, "/z/\x1b[2J\xff", 7, "wrong");
    assert_string_equal(text, "/z/\\x1b[2J\\xff:7: wrong");
    wr_str_init(&s, text, sizeof(text));
    wr_names_put_said(&s, "", 0, "wrong");
    assert_string_equal(text, "local.zones: wrong");
}

static void test_memory_refused(void **state)
{
    struct wr_names names;
    wr_names_init(&names, "/h");
    names.mem.refuse_after = 1;
    assert_false(
        wr_names_add(&names, (const uint8_t *)"\1a", WR_TYPE_A, 1, (const uint8_t *)"1234", 4, 1));
    assert_true(names.failed && names.count == 0);
    wr_names_free(&names);
}

static void count_lease(void *user, const struct wr_lease *lease)
{
    unsigned *count = user;
    *count += lease->host.n == 3 && !lease->gone;
}

/* Each lease is told as well, whatever becomes of its name. */
static void test_leases_are_told(void **state)
{
    static const char text[] = "1790000000 00:11:22:33:44:55 192.0.2.1 cam *\n"
                               "1790000000 00:11:22:33:44:56 192.0.2.2 c_! *\n";
    unsigned count = 0;
    struct wr_names names;
    struct wr_name zone;
    const struct wr_names_text part = {text, sizeof(text) - 1};
    const struct wr_names_hooks all = {
        .tell = tell, .user = hooks.user, .lease = count_lease, .lease_user = &count};
    assert_int_equal(wr_name_from_text("home.arpa", 9, &zone), WR_OK);
    wr_names_init(&names, "leases");
    wr_names_read_leases(&names, WR_LEASE_DNSMASQ, zone.wire, 60, &part, 1, &key, &all);
    assert_int_equal(count, 2);
    assert_int_equal(names.count, 1);
    wr_names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf),           cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_leases),         cmocka_unit_test(test_said),
        cmocka_unit_test(test_memory_refused), cmocka_unit_test(test_leases_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
