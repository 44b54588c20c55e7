/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "serve/mudoffers.h"

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
static struct wr_mudoffers o;

static int setup(void **state)
{
    memset(&o, 0, sizeof(o));
    return 0;
}

static int teardown(void **state)
{
    wr_mudoffers_free(&o);
    return 0;
}

static void hear(uint8_t who, const char *url, int64_t now_s)
{
    const uint8_t from[6] = {2, 0, 0, 0, 0, who};
    wr_mudoffers_note(&o, from, (const uint8_t *)url, strlen(url), now_s);
}

static struct wr_census_device device(const char *name)
{
    struct wr_census_device d = {.number = 1};
    snprintf(d.name, sizeof(d.name), "%s", name);
    d.mark[3].kind = WR_MARK_MAC;
    d.mark[3].size = 6;
    memcpy(d.mark[3].octets, mac, 6);
    return d;
}

static void expect(const struct wr_conf *conf, const struct wr_census_device *d, const char *url,
                   const char *where)
{
    char found[WR_MUD_URL_SIZE] = "";
    const char *from = "untouched";
    assert_int_equal(wr_mudoffers_find(&o, conf, d, found, &from), url != NULL);
    if (url != NULL) {
        assert_string_equal(found, url);
        assert_string_equal(from, where);
    }
}

static struct wr_conf *read_conf(const char *text)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    struct wr_conf *conf = NULL;
    assert_non_null(mistakes);
    wr_mistakes_init(mistakes);
    assert_int_equal(wr_conf_read(text, strlen(text), mistakes, &conf), WR_OK);
    free(mistakes);
    return conf;
}

/* A URL, and perhaps more behind a blank (RFC 8520 section 10). */
static void test_url(void **state)
{
    char url[WR_MUD_URL_SIZE] = "";
    static const char good[] = "https://things.example/lamp later";
    assert_true(wr_mudoffers_url((const uint8_t *)good, strlen(good), url, sizeof(url)));
    assert_string_equal(url, "https://things.example/lamp");
    static const char *const bad[] = {"",
                                      "http://things.example/lamp",
                                      "https://",
                                      "https://user@things.example/",
                                      "https://things.example/\x1b[2J",
                                      "https://things.example/l\xc3\xa4mp",
                                      " https://things.example/lamp",
                                      "file:///etc/passwd"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(wr_mudoffers_url((const uint8_t *)bad[i], strlen(bad[i]), url, sizeof(url)));
    }
    assert_false(wr_mudoffers_url((const uint8_t *)good, strlen(good), url, 20));
    assert_string_equal(url, "https://things.example/lamp");
}

/* The owner's word, then the helper's, then what was heard. */
static void test_order(void **state)
{
    char path[] = "/tmp/weir-mudoffers-XXXXXX", text[256];
    struct wr_census_device d = device("lamp");
    struct wr_conf *conf = read_conf("");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    expect(conf, &d, NULL, NULL);
    hear(1, "https://heard.example/a", 100);
    hear(1, "no URL", 200);
    hear(9, "https://another.example/a", 300);
    expect(conf, &d, "https://heard.example/a", "dhcp");
    snprintf(text, sizeof(text),
             "# a comment\n02:00:00:00:00:01 https://old.example/a\n02:00:00:00:00:01\n"
             "02:00:00:00:00:01 http://bad.example/\n02-00-00-00-00-01  https://file.example/a x\n"
             "02:00:00:00:00:02 https://another.example/b\n");
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    wr_mudoffers_read(&o, path);
    expect(conf, &d, "https://file.example/a", "file");
    wr_conf_free(conf);
    conf = read_conf("devices:\n  - {name: lamp, mac: [\"02:00:00:00:00:01\"], mud: "
                     "\"https://conf.example/a\"}\n");
    expect(conf, &d, "https://conf.example/a", "configuration");
    d.name[0] = 0;
    expect(conf, &d, "https://file.example/a", "file");
    assert_null(wr_mudoffers_read(&o, "/nowhere"));
    expect(conf, &d, "https://heard.example/a", "dhcp");
    unlink(path);
    wr_conf_free(conf);
}

/* What a device calls its URL is never a line about another one, however long it is. */
static void test_long_line(void **state)
{
    char path[] = "/tmp/weir-offers-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct wr_census_device d = device("");
    struct wr_conf *conf = read_conf("");
    assert_non_null(file);
    fprintf(file, "02:00:00:00:00:02 https://evil.example/");
    for (unsigned i = 0; i < 2000; i++) { /* wherever it is cut */
        fprintf(file, "a 02:00:00:00:00:01 https://evil.example/ ");
    }
    fprintf(
        file,
        "\n02:00:00:00:00:02 https://evil.example/%0*d 02:00:00:00:00:01 https://evil.example/\n",
        (int)(WR_MUD_URL_SIZE + 64 - 1 - 39 - 1), 0);
    fclose(file);
    wr_mudoffers_read(&o, path);
    expect(conf, &d, NULL, NULL);
    file = fopen(path, "a");
    assert_non_null(file);
    fputs("02:00:00:00:00:01 https://last.example/",
          file); /* no end of line, as it is being written */
    fclose(file);
    wr_mudoffers_read(&o, path);
    expect(conf, &d, "https://last.example/", "file");
    unlink(path);
    wr_conf_free(conf);
}

/* Only a file is read: nobody is waited for, who might write into a pipe. */
static void test_pipe(void **state)
{
    char folder[] = "/tmp/weir-offers-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(10); /* of the test, should it wait */
    const char *why = wr_mudoffers_read(&o, path);
    alarm(0);
    assert_non_null(why);
    assert_non_null(strstr(why, "no regular file"));
    why = wr_mudoffers_read(&o, folder);
    assert_non_null(why);
    assert_non_null(strstr(why, "no regular file"));
    assert_null(wr_mudoffers_read(&o, ""));
    unlink(path);
    rmdir(folder);
}

/* Whoever shouts under a thousand MAC addresses pushes out the oldest, and no more. */
static void test_bound(void **state)
{
    struct wr_census_device d = device("");
    struct wr_conf *conf = read_conf("");
    hear(1, "https://heard.example/a", 100);
    for (unsigned i = 0; i < 4 * WR_MUD_OFFERS_MAX; i++) {
        const uint8_t from[6] = {6, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        if (i == WR_MUD_OFFERS_MAX - 2) {
            expect(conf, &d, "https://heard.example/a", "dhcp");
        }
        wr_mudoffers_note(&o, from, (const uint8_t *)"https://flood.example/", 22, 200 + i);
    }
    expect(conf, &d, NULL, NULL);
    hear(1, "https://heard.example/b", 9000);
    expect(conf, &d, "https://heard.example/b", "dhcp");
    wr_conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_url, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
