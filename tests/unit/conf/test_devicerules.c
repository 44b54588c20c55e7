/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/devicerules.h"
#include "conf/mistakes.h"

static struct wr_mistakes mistakes;
static char all[8192];

static bool is_good(const char *text)
{
    struct wr_conf *conf = NULL;
    wr_mistakes_init(&mistakes);
    int err = wr_conf_read(text, strlen(text), &mistakes, &conf);
    all[0] = 0;
    for (size_t i = 0; i < mistakes.count; i++) {
        strncat(all, mistakes.item[i].text, sizeof(all) - strlen(all) - 2);
        strcat(all, "\n");
    }
    wr_conf_free(conf);
    return err == WR_OK;
}

static void test_good(void **state)
{
    if (!is_good("groups: [{name: cameras}, {name: tv}]\n"
                 "devices:\n"
                 "  - {name: one, mac: [\"00:11:22:33:44:55\", 02-00-00-00-00-01], addresses: "
                 "[192.0.2.7, \"2001:db8::7\"],\n"
                 "     claims: [x], certificates: [x], groups: [cameras, tv], kind: camera}\n"
                 "  - {name: two, claims: [y], certificates: [y]}\n")) {
        fail_msg("%s", all);
    }
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"groups: [{name: a}, {name: A}]", "groups[1].name: there is a group of this name"},
        {"devices: [{name: a}, {name: A}]", "devices[1].name: there is a device of this name"},
        {"devices: [{name: a, mac: [\"01:00:00:00:00:01\"]}]", "devices[0].mac[0]: no MAC address"},
        {"devices: [{name: a, mac: [\"00:00:00:00:00:00\"]}]", "devices[0].mac[0]: no MAC address"},
        {"devices: [{name: a, mac: [\"00:11:22:33:44\"]}]", "devices[0].mac[0]: no MAC address"},
        {"devices: [{name: a, mac: [\"00:11:22:33:44:5g\"]}]", "devices[0].mac[0]: no MAC address"},
        {"devices: [{name: a, mac: [\"00:11:22:33:44:55\"]}, {name: b, mac: [00-11-22-33-44-55]}]",
         "devices[1].mac[0]: another device has this MAC address"},
        {"devices: [{name: a, addresses: [10.0.0.0/8]}]", "devices[0].addresses[0]: one address"},
        {"devices: [{name: a, addresses: [127.0.0.1]}]", "devices[0].addresses[0]: this is no"},
        {"devices: [{name: a, addresses: [192.0.2.1]}, {name: b, addresses: [192.0.2.1]}]",
         "devices[1].addresses[0]: another device has this address"},
        {"devices: [{name: a, mud: \"http://a.example/b\"}]",
         "devices[0].mud: a profile is at an https:// URL; `weir mud import DEVICE FILE`"},
        {"devices: [{name: a, mud: /etc/weir/camera.json}]",
         "devices[0].mud: a profile is at an https:// URL; `weir mud import DEVICE FILE`"},
        {"devices: [{name: a, mud: \"https://a@a.example/b\"}]",
         "devices[0].mud: host and port cannot be read"},
        {"devices: [{name: a, claims: [x]}, {name: b, claims: [x]}]",
         "devices[1].claims[0]: another"},
        {"devices: [{name: a, certificates: [x]}, {name: b, certificates: [x]}]",
         "devices[1].certificates[0]: another"},
        {"devices: [{name: a, groups: [tv]}]", "devices[0].groups[0]: there is no group"},
        {"devices: [{mac: 7}, {groups: [[]]}, {addresses: [x]}]",
         "devices[0]"}, /* what is NULL then */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(is_good(rows[i].text));
        if (strstr(all, rows[i].want) == NULL) {
            fail_msg("%s: %s", rows[i].text, all);
        }
    }
}

static void test_mac(void **state)
{
    uint8_t mac[6] = {9};
    assert_int_equal(wr_devicerules_mac(NULL, mac), WR_E_FORMAT);
    assert_int_equal(wr_devicerules_mac("00:11:22:33:44:55:", mac), WR_E_FORMAT);
    assert_int_equal(mac[0], 9);
    assert_int_equal(wr_devicerules_mac("00:11:22-33:44:fE", mac), WR_OK);
    assert_int_equal(mac[5], 0xfe);
}

static void test_controller_without_address(void **state)
{
    assert_true(is_good("mud: {controllers: [{class: \"urn:a\", addresses: [192.0.2.1]}]}\n"));
    assert_string_equal(all, "");
    assert_true(is_good("mud: {controllers: [{class: \"urn:a\", addresses: []}]}\n"));
    assert_string_equal(all, "mud.controllers[0].addresses: without an address nothing is opened "
                             "to this class\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_controller_without_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
