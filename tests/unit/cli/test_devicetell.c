/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/devicetell.h"

static const char *text_at(const json_t *in, const char *key)
{
    const char *text = json_string_value(json_object_get(in, key));
    return text != NULL ? text : "-";
}

static void test_vendor(void **state)
{
    char path[] = "/tmp/weir-oui-XXXXXX";
    int fd = mkstemp(path);
    const char *why = NULL;
    struct wr_devicetell tell;
    static const char list[] = "00-11-22   (hex)\t\tLens & Sons\n";
    assert_int_equal(write(fd, list, sizeof(list) - 1), sizeof(list) - 1);
    close(fd);
    wr_devicetell_open(path, &tell, &why);
    assert_null(why);
    json_t *d = json_pack("{s:s,s:[{s:s,s:s},{s:s,s:s},{s:s,s:s}]}", "mac", "00:11:22:00:00:01",
                          "marks", "kind", "mac", "value", "00:11:22:00:00:01", "kind", "mac",
                          "value", "02:11:22:00:00:01", "kind", "host-name", "value", "x");
    wr_devicetell_vendor(&tell, d);
    assert_string_equal(text_at(d, "vendor"), "Lens & Sons");
    json_t *marks = json_object_get(d, "marks");
    assert_string_equal(text_at(json_array_get(marks, 0), "vendor"), "Lens & Sons");
    assert_true(json_is_null(json_object_get(json_array_get(marks, 1), "vendor")));
    assert_null(json_object_get(json_array_get(marks, 2), "vendor"));
    json_decref(d);
    wr_devicetell_close(&tell);
    unlink(path);
    wr_devicetell_open(path, &tell, &why); /* gone: nobody has a vendor, and that is said */
    assert_non_null(why);
    d = json_pack("{s:n}", "mac");
    wr_devicetell_vendor(&tell, d);
    assert_true(json_is_null(json_object_get(d, "vendor")));
    json_decref(d);
    wr_devicetell_close(&tell);
    wr_devicetell_open("", &tell, &why);
    assert_null(why);
    wr_devicetell_close(&tell);
}

static void test_dates(void **state)
{
    json_t *d =
        json_pack("{s:i,s:[{s:i,s:i}]}", "first_seen", 0, "marks", "last_seen", 86400, "sure", 90);
    wr_devicetell_dates(d);
    assert_string_equal(text_at(d, "first_seen"), "1970-01-01T00:00:00Z");
    const json_t *mark = json_array_get(json_object_get(d, "marks"), 0);
    assert_string_equal(text_at(mark, "last_seen"), "1970-01-02T00:00:00Z");
    assert_int_equal(json_integer_value(json_object_get(mark, "sure")), 90);
    json_decref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vendor),
        cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
