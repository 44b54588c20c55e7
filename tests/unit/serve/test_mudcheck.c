/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/mudcheck.h"
#include "unit/transport/certs.h"

static char home[] = "/tmp/weir-mudcheck-XXXXXX", path[64];
static char told[512];

static void hear(void *user, enum wr_names_said said, const char *file, uint32_t line,
                 const char *text)
{
    size_t n = strlen(told);
    snprintf(told + n, sizeof(told) - n, "%s %s: %s\n",
             said == WR_NAMES_MISTAKE ? "MISTAKE" : "note", file, text);
}

static void put(const char *text, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    fclose(file);
}

/* What is told of this file by the three keys. */
static void look(const char *folder, const char *anchors, const char *offers)
{
    const struct wr_names_hooks hooks = {.tell = hear};
    const struct wr_conf conf = {.mud = {.folder = folder, .anchors = anchors, .offers = offers}};
    told[0] = 0;
    wr_mudcheck(&conf, &hooks);
}

static void test_nothing_named(void **state)
{
    look("", "", "");
    assert_string_equal(told, "");
}

static void test_folder(void **state)
{
    unlink(path);
    look(home, "", "");
    assert_string_equal(told, "");
    look(path, "", "");
    assert_non_null(strstr(told, "MISTAKE mud.folder: "));
    assert_non_null(strstr(told, "No such file"));
    put("", 0);
    look(path, "", "");
    assert_non_null(strstr(told, "Not a directory"));
}

static void test_anchors(void **state)
{
    struct certs_one ca;
    certs_make(&ca, &(struct certs_want){.names = {"makers.example"}, .ca = true}, NULL);
    unlink(path);
    look("", path, "");
    assert_non_null(strstr(told, "MISTAKE mud.anchors: "));
    assert_non_null(strstr(told, "No such file"));
    put("garbage\n", 8);
    look("", path, "");
    assert_non_null(strstr(told, "MISTAKE mud.anchors: "));
    put("", 0);
    look("", path, "");
    assert_non_null(strstr(told, "not PEM"));
    put((const char *)ca.pem.data, ca.pem.size);
    look("", path, "");
    assert_string_equal(told, "");
    certs_free(&ca);
}

static void test_offers(void **state)
{
    unlink(path);
    look("", "", path);
    assert_non_null(strstr(told, "note mud.offers: "));
    look("", "", home);
    assert_non_null(strstr(told, "MISTAKE mud.offers: "));
    put("", 0);
    look("", "", path);
    assert_string_equal(told, "");
}

static int set_up(void **state)
{
    assert_non_null(mkdtemp(home));
    snprintf(path, sizeof(path), "%s/file", home);
    return 0;
}

static int tear_down(void **state)
{
    unlink(path);
    return rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_named),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_offers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
