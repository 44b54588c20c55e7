/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "serve/devicekinds.h"
#include "unit/policy/household.h"

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *kind_at(const struct household *h)
{
    return wr_census_kind_of(wr_census_get(h->m, device_at(h, "192.0.2.5")));
}

/* A table is in force until there is another one that can be read, or none is wanted. */
static void test_files(void **state)
{
    char folder[] = "/tmp/weir-kinds-XXXXXX", path[64], oui[64];
    struct wr_devicekinds k = {.file = {.bad = 0}};
    struct household h = household(16);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/kinds", folder);
    snprintf(oui, sizeof(oui), "%s/oui", folder);
    neighbour(&h, "00:11:22:00:00:01", "192.0.2.5", T0);
    wr_devicekinds_read(&k, "", oui, h.m);
    assert_string_equal(kind_at(&h), "");
    write_file(path, "camera mac 00:11:22\nnonsense\n");
    wr_devicekinds_read(&k, path, oui, h.m);
    assert_string_equal(kind_at(&h), "camera");
    assert_int_equal(k.file.bad, 1);
    assert_int_equal(unlink(path), 0);
    wr_devicekinds_read(&k, path, oui, h.m); /* gone */
    assert_string_equal(kind_at(&h), "camera");
    write_file(path, "bulb vendor Lens*\n");
    wr_devicekinds_read(&k, path, oui, h.m); /* without vendors nobody is of one */
    assert_string_equal(kind_at(&h), "");
    write_file(oui, "00-11-22   (hex)\t\tLens & Sons\n");
    wr_devicekinds_read(&k, path, oui, h.m);
    assert_string_equal(kind_at(&h), "bulb");
    wr_devicekinds_read(&k, "", oui, h.m);
    assert_string_equal(kind_at(&h), "");
    wr_devicekinds_free(&k);
    unlink(path);
    unlink(oui);
    rmdir(folder);
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
