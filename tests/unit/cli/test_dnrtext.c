/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/dnrtext.h"

static struct wr_addr addrs[2];
static struct wr_dnrtext t;

static int setup(void **state)
{
    memset(&t, 0, sizeof(t));
    assert_int_equal(wr_addr_from_text("192.168.7.1", &addrs[0]), WR_OK);
    assert_int_equal(wr_addr_from_text("fd00::1", &addrs[1]), WR_OK);
    t.one[0] = (struct wr_dnr){.priority = 1,
                               .name = (const uint8_t *)"\4gate\7example",
                               .addr = addrs,
                               .addrs = 2,
                               .service = {.kinds = WR_SERVICE_DOT | WR_SERVICE_DOH, .path = "/q"}};
    t.one[1] = t.one[0];
    t.one[1].priority = 2;
    t.one[1].service = (struct wr_service){.kinds = WR_SERVICE_DOQ, .port = 8853};
    t.count = 2;
    t.lifetime_s = 1800;
    return 0;
}

static char *print(void)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    wr_dnrtext_print(&t, out);
    fclose(out);
    return text;
}

static void assert_has(const char *line)
{
    char *text = print();

    if (!strstr(text, line))
        fail_msg("no line %s in %s", line, text);
    free(text);
}

static void assert_lacks(const char *words)
{
    char *text = print();

    if (strstr(text, words))
        fail_msg("%s stands in %s", words, text);
    free(text);
}

static void test_text(void **state)
{
    assert_has("#   1 gate.example. 192.168.7.1,fd00::1 alpn=dot,h2 dohpath=/q{?dns}\n");
    assert_has("#   2 gate.example. 192.168.7.1,fd00::1 alpn=doq port=8853\n");
    assert_has(
        "\ndhcp-option=162,00:2d:00:01:0e:04:67:61:74:65:07:65:78:61:6d:70:6c:65:00:04:c0:a8:"
        "07:01:00:01:00:07:03:64:6f:74:02:68:32:00:07:");
    assert_has("\ndhcp-option=option6:144,00:01:00:0e:04:67:61:74:65:07:65:78:61:6d:70:6c:65:00:00:"
               "10:fd:00:");
    assert_has("the best)");
    assert_has("\n{ \"code\": 162, \"space\": \"dhcp4\", \"csv-format\": false, \"data\": "
               "\"002d00010e0467617465");
    assert_has("\n{ \"code\": 144, \"space\": \"dhcp6\", \"csv-format\": false, \"data\": "
               "\"0002000e0467617465");
    assert_has("\nlist dnr '1 gate.example 192.168.7.1,fd00::1 alpn=dot,h2 dohpath=/q{?dns}'\n");
    assert_has("\nlist dnr '2 gate.example 192.168.7.1,fd00::1 alpn=doq port=8853'\n");
}

/* A family that there is no address of is left out, and nothing is told of it. */
static void test_one_family(void **state)
{
    t.one[0].addrs = t.one[1].addrs = 1;
    assert_lacks("option6:");
    assert_lacks("dhcp6");
    assert_lacks("Router advertisement, option");
    assert_has("dhcp-option=162,");
    t.one[0].addr = t.one[1].addr = addrs + 1;
    assert_lacks("option=162");
    assert_lacks("dhcp4");
    assert_has("option6:144,");
}

/* More than one DHCPv4 option holds: dnsmasq does not cut it, and is not told to. */
static void test_long(void **state)
{
    for (size_t i = 0; i < 8; i++) {
        t.one[i] = t.one[1];
        t.one[i].priority = (uint16_t)(i + 1);
    }
    t.count = 8;
    assert_has("# (it has no DHCPv4 option of more than 255 octets; this one has 304)\n");
    assert_lacks("dhcp-option=162");
    assert_has("\"space\": \"dhcp4\"");
}

static void test_json(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    json_t *all;

    assert_int_equal(wr_dnrtext_json(&t, out), WR_OK);
    fclose(out);
    all = json_loads(text, 0, NULL);
    assert_non_null(all);
    assert_int_equal(json_array_size(json_object_get(all, "instances")), 2);
    assert_int_equal(json_array_size(json_object_get(all, "dhcpv6")), 2);
    assert_int_equal(json_array_size(json_object_get(all, "ra")), 2);
    assert_memory_equal(json_string_value(json_object_get(all, "dhcpv4")), "002d00010e", 10);
    assert_memory_equal(json_string_value(json_array_get(json_object_get(all, "ra"), 0)),
                        "90090001", 8);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(all, "instances"), 1), "parameters")),
                        "alpn=doq port=8853");
    json_decref(all);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_text, setup),
        cmocka_unit_test_setup(test_one_family, setup),
        cmocka_unit_test_setup(test_long, setup),
        cmocka_unit_test_setup(test_json, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
