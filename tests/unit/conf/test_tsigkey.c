/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/tsigkey.h"

static char path[64], why[512];
static struct wr_tsig_key key;
static struct wr_conf_key conf_key = {.name = (const uint8_t *)"\1K\7Example", .algorithm = 1};

static void write_file(const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static int start(void **state)
{
    int fd;

    strcpy(path, "/tmp/weir-tsigkey-XXXXXX");
    fd = mkstemp(path);
    conf_key.file = path;
    why[0] = 0;
    return fd < 0 ? -1 : close(fd);
}

static int stop(void **state)
{
    return unlink(path);
}

static int read_key(void)
{
    return wr_tsigkey_read(&conf_key, &key, why, sizeof(why));
}

static void test_good(void **state)
{
    write_file(" MDEyMzQ1Njc4OWFiY2RlZg==\n\n", 0600);
    assert_int_equal(read_key(), WR_OK);
    assert_int_equal(key.size, 16);
    assert_memory_equal(key.secret, "0123456789abcdef", 16);
    assert_int_equal(key.alg, WR_HASH_SHA384);
    assert_memory_equal(key.name.wire, "\1k\7example", 11);
    assert_int_equal(key.name.size, 11);
    write_file("MDEyMzQ1Njc4OWFiY2RlZg==", 0640);
    assert_int_equal(read_key(), WR_OK);
    wr_tsigkey_wipe(&key);
    assert_int_equal(key.secret[0], 0);
}

static void test_rights(void **state)
{
    static const mode_t bad[] = {0604, 0620, 0602, 0644, 0660, 0601};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_file("MDEyMzQ1Njc4OWFiY2RlZg==", bad[i]);
        assert_int_equal(read_key(), WR_E_DENIED);
        assert_non_null(strstr(why, "chmod 640"));
    }
    conf_key.file = "/tmp";
    assert_int_equal(read_key(), WR_E_DENIED);
    conf_key.file = "/tmp/weir-there-is-no-such-file";
    assert_int_equal(read_key(), WR_E_IO);
    assert_non_null(strstr(why, "No such file"));
}

/* What is wrong is told without the secret. */
static void test_bad(void **state)
{
    char text[1200];
    static const struct {
        const char *text;
        int err;
    } rows[] = {
        {"", WR_E_RANGE},
        {"c2hvcnQ=", WR_E_RANGE},
        {"secret MDEyMzQ1Njc4OWFiY2RlZg==", WR_E_FORMAT},
        {"MDEyMzQ1Njc4OWFiY2RlZg== MDEyMzQ1Njc4OWFiY2RlZg==", WR_E_FORMAT},
        {"key: {secret: MDEyMzQ1Njc4OWFiY2RlZg==}", WR_E_FORMAT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(rows[i].text, 0600);
        assert_int_equal(read_key(), rows[i].err);
        assert_null(strstr(why, "MDEy"));
    }
    memset(text, 'A', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    write_file(text, 0600);
    assert_int_equal(read_key(), WR_E_RANGE);
    text[400] = 0;
    write_file(text, 0600);
    assert_int_equal(read_key(), WR_E_RANGE);
}

static bool is_told(const char *words)
{
    for (uint32_t i = 0; i < mistakes.count; i++) {
        if (strstr(mistakes.item[i].text, words)) {
            return true;
        }
    }
    return false;
}

static void test_configuration(void **state)
{
    static const char yaml[] =
        "local:\n"
        "  keys: [{name: a.example, file: /k}, {name: A.example, file: /l}]\n"
        "  zones:\n"
        "    - {zone: x.example, primaries: [\"tcp://192.0.2.1\"], key: a.example}\n"
        "    - {zone: y.example, primaries: [\"udp://192.0.2.1\"], key: b.example}\n"
        "    - {zone: z.example, primaries: [\"tcp://192.0.2.1\"], file: /z}\n"
        "    - {zone: w.example, key: a.example}\n";
    struct wr_conf *conf = NULL;

    assert_int_not_equal(read_conf(yaml, &conf), WR_OK);
    assert_int_equal(mistakes.count, 5);
    assert_true(is_told("this key stands here already"));
    assert_true(is_told("zones are transferred over TCP"));
    assert_true(is_told("no key in local.keys has this name"));
    assert_true(is_told("has nothing of its own"));
    assert_true(is_told("it has no `primaries`"));
    wr_conf_free(conf);
    conf = good_conf("local: {keys: [{name: a.example, algorithm: hmac-sha512, file: /k}]}");
    assert_non_null(wr_tsigkey_find(conf, "A.Example."));
    assert_null(wr_tsigkey_find(conf, "b.example"));
    assert_null(wr_tsigkey_find(conf, "a..b"));
    wr_conf_free(conf);
    assert_int_not_equal(
        read_conf("local: {keys: [{name: a, algorithm: hmac-md5, file: /k}]}", &conf), WR_OK);
    assert_non_null(strstr(mistakes.item[0].text, "hmac-sha256"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_good), CASE(test_rights), CASE(test_bad),
                                       CASE(test_configuration)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
