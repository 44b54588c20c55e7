/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "cli/mudlook.h"
#include "unit/conf/mudtext.h"

#define CLOUD                                                                  \
    "{\"name\": \"c\", \"matches\": {\"ipv4\": {\"ietf-acldns:dst-dnsname\": " \
    "\"cloud.example\"}}, "                                                    \
    "\"actions\": {\"forwarding\": \"accept\"}}"
#define LOCAL                                                                                  \
    "{\"name\": \"l\\u202e\", \"matches\": {\"ietf-mud:mud\": {\"local-networks\": [null]}}, " \
    "\"actions\": {\"forwarding\": \"accept\"}}"

static json_int_t number(const json_t *in, const char *key)
{
    return json_integer_value(json_object_get(in, key));
}

static const char *text_of(const json_t *list, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void test_show(void **state)
{
    struct wr_mud *m = read_aces(CLOUD ", " LOCAL, "ipv4-acl-type");
    json_t *shown = wr_mudlook_show(m, NULL), *aces = json_object_get(shown, "aces");
    assert_int_equal(number(shown, "enforceable"), 2);
    assert_int_equal(number(shown, "not_enforceable"), 0);
    assert_int_equal(json_array_size(aces), 2);
    assert_string_equal(text_of(aces, 0, "says"), "may reach cloud.example");
    assert_string_equal(text_of(aces, 0, "enforced"), "by name");
    assert_string_equal(text_of(aces, 1, "enforced"), "by address");
    assert_non_null(strstr(text_of(aces, 1, "why"), "without the gateway"));
    assert_string_equal(text_of(aces, 1, "ace"),
                        "l\\xe2\\x80\\xae"); /* nobody turns the line around */
    json_decref(shown);
    wr_mudfile_free(m);
}

/* Who a controller is the daemon knows, or nobody. */
static void test_controllers(void **state)
{
    struct wr_mud *m = read_aces(
        "{\"name\": \"c\", \"matches\": {\"ietf-mud:mud\": {\"controller\": \"urn:a:b\"}}, "
        "\"actions\": {\"forwarding\": \"accept\"}}",
        "ipv4-acl-type");
    json_t *told = json_pack("{s:[s, i, s]}", "controllers", "urn:a:c", 1, "urn:a:b");
    for (unsigned i = 0; i < 2; i++) {
        json_t *shown = wr_mudlook_show(m, i == 0 ? NULL : told);
        assert_string_equal(text_of(json_object_get(shown, "aces"), 0, "enforced"),
                            i == 0 ? "not enforceable" : "by address");
        json_decref(shown);
    }
    json_decref(told);
    wr_mudfile_free(m);
}

/* Of a profile for which nobody vouches the daemon says so, and its own manufacturer is not proven. */
static void test_stranger(void **state)
{
    struct wr_mud *m = read_aces(
        "{\"name\": \"c\", \"matches\": {\"ietf-mud:mud\": {\"same-manufacturer\": [null]}}, "
        "\"actions\": {\"forwarding\": \"accept\"}}",
        "ipv4-acl-type");
    for (int vouched = 0; vouched < 2; vouched++) {
        json_t *about = json_pack("{s:b}", "vouched", vouched);
        json_t *shown = wr_mudlook_show(m, about);
        assert_string_equal(text_of(json_object_get(shown, "aces"), 0, "enforced"),
                            vouched ? "by address" : "not enforceable");
        json_decref(shown);
        json_decref(about);
    }
    wr_mudfile_free(m);
}

static void test_diff(void **state)
{
    struct wr_mud *one = read_aces(CLOUD, "ipv4-acl-type");
    struct wr_mud *two = read_aces(LOCAL ", " CLOUD, "ipv4-acl-type");
    size_t count = 9;
    json_t *changes = wr_mudlook_diff(one, two, &count);
    assert_int_equal(count, 1);
    assert_int_equal(json_array_size(json_object_get(changes, "no_more")), 0);
    assert_string_equal(text_of(json_object_get(changes, "new"), 0, "says"),
                        "may reach its local networks");
    json_decref(changes);
    two->supported = false; /* its maker looks after it no more */
    changes = wr_mudlook_diff(two, one, &count);
    assert_int_equal(count, 2);
    assert_int_equal(json_array_size(json_object_get(changes, "no_more")), 1);
    json_decref(changes);
    changes = wr_mudlook_diff(one, one, &count);
    assert_int_equal(count, 0);
    json_decref(changes);
    wr_mudfile_free(one);
    wr_mudfile_free(two);
}

static void test_is_file(void **state)
{
    assert_true(wr_mudlook_is_file("-") && wr_mudlook_is_file("./a") &&
                wr_mudlook_is_file("a.json"));
    assert_false(wr_mudlook_is_file("camera-3") || wr_mudlook_is_file("d17") ||
                 wr_mudlook_is_file(".json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_show),     cmocka_unit_test(test_controllers),
        cmocka_unit_test(test_stranger), cmocka_unit_test(test_diff),
        cmocka_unit_test(test_is_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
