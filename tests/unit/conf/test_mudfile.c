/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <dirent.h>
#include <string.h>

#include "base/str.h"
#include "policy/mudtell.h"
#include "unit/conf/mudtext.h"

static void test_about(void **state)
{
    static const char text[] =
        "{\"ietf-mud:mud\": {" MUD_ABOUT
        ", \"mud-signature\": \"https://things.example/lamp.p7s\", \"cache-validity\": 168, "
        "\"systeminfo\": \"a lamp\", \"mfg-name\": \"Things\", \"model-name\": \"lamp\", "
        "\"firmware-rev\": \"1\", \"software-rev\": \"2\", \"documentation\": "
        "\"https://things.example/doc\", \"extensions\": [\"one\", \"two\"], \"unknown\": {}}, "
        "\"ietf-access-control-list:acls\": {\"acl\": []}}";
    struct wr_mudfile_mistake mistake;
    struct wr_mud *m = NULL;
    assert_int_equal(wr_mudfile_read(text, strlen(text), &m, &mistake), WR_OK);
    assert_string_equal(wr_mud_at(m, m->url), "https://things.example/lamp");
    assert_string_equal(wr_mud_at(m, m->signature), "https://things.example/lamp.p7s");
    assert_string_equal(wr_mud_at(m, m->manufacturer), "Things");
    assert_string_equal(wr_mud_at(m, m->extension[1]), "two");
    assert_int_equal(m->updated_s, 1767319445); /* 02:04:05Z */
    assert_true(m->validity_h == 168 && m->supported && m->extensions == 2 && m->aces == 0);
    wr_mudfile_free(m);
}

static void refuse(const char *text, size_t n, int err, unsigned line, const char *words)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mud *m = NULL;
    assert_int_equal(wr_mudfile_read(text, n, &m, &mistake), err);
    assert_null(m);
    if (strstr(mistake.text, words) == NULL) {
        fail_msg("not \"%s\", but \"%s\"", words, mistake.text);
    }
    assert_int_equal(mistake.line, line);
}

#define LISTS ", \"ietf-access-control-list:acls\": {\"acl\": []}}"

static void test_bad(void **state)
{
    static const struct {
        const char *text;
        int err;
        unsigned line;
        const char *words;
    } rows[] = {
        {"{\n \"a\": 1,\n}", WR_E_FORMAT, 3, "string or '}' expected"},
        {"{\"a\": 1,\n \"a\": 2}", WR_E_FORMAT, 2, "duplicate"},
        {"[]", WR_E_FORMAT, 1, "no MUD file"},
        {"{\"ietf-mud:mud\": {}" LISTS, WR_E_FORMAT, 1, "no mud-version"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT "}}", WR_E_FORMAT, 1, "no access lists"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT ",\n\"cache-validity\": 169}" LISTS, WR_E_RANGE, 2,
         "168"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT ",\n\"mud-signature\": \"http://a.example/b\"}" LISTS,
         WR_E_FORMAT, 2, "https"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT ",\n\"systeminfo\": 1}" LISTS, WR_E_FORMAT, 2, "text"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT "\n" MUD_FROM("gone") "}" LISTS, WR_E_FORMAT, 2,
         "no access list named gone"},
        {"{\"ietf-mud:mud\": {\"mud-version\":\n 2, \"mud-url\": \"https://a.example/\", "
         "\"last-update\": \"2026-01-02T03:04:05Z\", \"is-supported\": true}" LISTS,
         WR_E_VERSION, 2, "mud-version 2"},
        {"{\"ietf-mud:mud\": {\"mud-version\": 1, \"mud-url\": \"https://a.example/\", "
         "\"last-update\":\n\"yesterday\", \"is-supported\": true}" LISTS,
         WR_E_FORMAT, 2, "no date"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT "}, \"acls\": {\"acl\": []}" LISTS, WR_E_FORMAT, 1,
         "two forms"},
        {"{\"ietf-mud:mud\": {" MUD_ABOUT
         "}, \"acls\": {\"acl\": [{\"name\": \"a\"},\n{\"name\": \"a\"}]}}",
         WR_E_FORMAT, 2, "two access lists are named a"},
        /* A list that would be gone through again, in this policy or in the other. */
        {"{\"ietf-mud:mud\": {" MUD_ABOUT MUD_FROM("a") "\n" MUD_TO(
             "a") "}, \"acls\": {\"acl\": [{\"name\": \"a\", \"aces\": {\"ace\": []}}]}}",
         WR_E_FORMAT, 2, "named twice"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refuse(rows[i].text, strlen(rows[i].text), rows[i].err, rows[i].line, rows[i].words);
    }
}

/* Too much of something: 10 000 ACEs, a file that is too long, JSON that goes too deep. */
static void test_bounds(void **state)
{
    static const char one[] = "{\"name\": \"a\", \"actions\": {\"forwarding\": \"drop\"}},\n";
    size_t n = 10000 * strlen(one);
    char *aces = malloc(n + 1), *deep = malloc(WR_MUD_FILE_MAX + 1);
    assert_true(aces != NULL && deep != NULL);
    for (size_t i = 0; i < 10000; i++) {
        memcpy(aces + i * strlen(one), one, strlen(one) + 1);
    }
    aces[n - 2] = 0; /* the last comma */
    char *text = mud_text(aces, "", "ipv4-acl-type");
    refuse(text, strlen(text), WR_E_LIMIT, 3 + WR_MUD_ACES_MAX, "more than 4096 ACEs");
    memset(deep, '[', WR_MUD_FILE_MAX + 1);
    refuse(deep, WR_MUD_FILE_MAX + 1, WR_E_LIMIT, 0, "more than");
    refuse(deep, WR_MUD_FILE_MAX, WR_E_FORMAT, 1, "depth");
    free(text);
    free(aces);
    free(deep);
}

static void test_dates(void **state)
{
    int64_t s = 0;
    assert_int_equal(wr_mudfile_date("1970-01-02T00:00:00Z", &s), WR_OK);
    assert_int_equal(s, 86400);
    assert_int_equal(wr_mudfile_date("2018-09-30T03:25:44.358+10:00", &s), WR_OK);
    assert_int_equal(s, 1538241944);
    assert_int_equal(wr_mudfile_date("2018-09-30T03:25:44-00:30", &s), WR_OK);
    assert_int_equal(s, 1538279744);
    static const char *const bad[] = {"", "2018-09-30", "2018-13-01T00:00:00Z",
                                      "2018-09-30T03:25:44", "2018-09-30T03:25:44+10:00x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_mudfile_date(bad[i], &s), WR_E_FORMAT);
    }
}

/* --- 35 files that others have written --- */

struct count {
    unsigned files, aces, by[WR_MUD_BY_ADDRESS + 1], odd;
};

static void count_file(const char *path, struct count *c)
{
    static char bytes[WR_MUD_FILE_MAX];
    struct wr_mudfile_mistake mistake;
    struct wr_mud *m = NULL;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    if (wr_mudfile_read(bytes, n, &m, &mistake) != WR_OK) {
        fail_msg("%s:%u:%u: %s", path, mistake.line, mistake.column, mistake.text);
    }
    c->files++;
    c->aces += m->aces;
    for (uint32_t i = 0; i < m->aces; i++) {
        c->by[wr_mudtell_judge(m, &m->ace[i], NULL).means]++;
        c->odd += m->ace[i].odd != 0;
    }
    wr_mudfile_free(m);
}

/* Two of them say things that cannot be (an IPv4 address in IPv6, in august's; eq with two ports, in samsung's): these 7 ACEs are odd. */
static void test_real(void **state)
{
    struct count c = {.files = 0};
    char path[1024];
    const char *shared = getenv("WEIR_SHARED");
    snprintf(path, sizeof(path), "%s/data/train/mud", shared != NULL ? shared : "");
    DIR *dir = shared != NULL ? opendir(path) : NULL;
    if (dir == NULL) {
        print_message("no MUD files: WEIR_SHARED does not say where the shared data lies\n");
        skip();
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (strstr(e->d_name, ".json") != NULL) {
            snprintf(path, sizeof(path), "%s/data/train/mud/%s", shared, e->d_name);
            count_file(path, &c);
        }
    }
    closedir(dir);
    print_message(
        "%u files, %u ACEs: %u by name, %u by the gateway, %u as answers, %u by address, %u not "
        "enforceable, of these %u odd\n",
        c.files, c.aces, c.by[WR_MUD_BY_NAME], c.by[WR_MUD_BY_GATEWAY], c.by[WR_MUD_BY_STATE],
        c.by[WR_MUD_BY_ADDRESS], c.by[WR_MUD_NOT], c.odd);
    assert_int_equal(c.files, 35);
    assert_int_equal(c.aces, 751);
    assert_true(c.by[WR_MUD_BY_NAME] > 190);
    assert_int_equal(c.odd, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_about), cmocka_unit_test(test_bad),  cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_dates), cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
