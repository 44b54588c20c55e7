/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

static char path[64];

static int setup(void **state)
{
    int fd;

    strcpy(path, "/tmp/weir-conf-XXXXXX");
    fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    unlink(path);
    rmdir(path);
    return 0;
}

static int load(struct wr_conf **conf)
{
    wr_mistakes_init(&mistakes);
    return wr_conf_load(path, &mistakes, conf);
}

static void write_file(const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

/* An empty file is a safe working gateway: loopback alone, the system's resolvers, no open door. */
static void test_empty(void **state)
{
    struct wr_conf *c = NULL;

    assert_int_equal(load(&c), WR_OK);
    assert_int_equal(mistakes.count, 0);
    assert_int_equal(c->listen.count, 2);
    for (size_t i = 0; i < c->listen.count; i++) {
        assert_true(wr_addr_is_loopback(&c->listen.items[i].addr));
        assert_int_equal(c->listen.items[i].addr.port, 53);
    }
    assert_int_equal(c->allow.count, 2);
    for (size_t i = 0; i < c->allow.count; i++)
        assert_true(wr_addr_is_loopback(&c->allow.items[i].addr) ||
                    c->allow.items[i].addr.ip[0] == 127);
    assert_int_equal(c->upstream.groups.count, 0);
    assert_string_equal(c->upstream.resolv_conf, "/etc/resolv.conf");
    assert_int_equal(c->metrics.listen.family, WR_AF_NONE);
    assert_string_equal(c->control.group, "");
    assert_string_equal(c->cache.keep.path, "");
    assert_true(c->upstream.ports >= 16384);
    assert_true(c->upstream.case_randomisation);
    assert_true(c->cache.stale.enable);
    assert_int_equal(c->cache.stale.client_timeout_ms, 1800);
    assert_int_equal(c->cache.stale.ttl_s, 30);
    wr_conf_free(c);
}

static void test_file(void **state)
{
    static const char text[] = "workers: 5\n";
    struct wr_conf *c = NULL;

    write_file(text, strlen(text));
    assert_int_equal(load(&c), WR_OK);
    assert_int_equal(c->workers, 5);
    wr_conf_free(c);
    wr_conf_free(NULL);
}

/* Files that cannot be configurations: a sentence, and the result untouched. */
static void test_unreadable(void **state)
{
    struct wr_conf *c = NULL;
    struct stat st;

    unlink(path);
    assert_int_equal(load(&c), WR_E_IO);
    assert_true(has_mistake(0, 0, "No such file"));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(load(&c), WR_E_IO);
    assert_true(has_mistake(0, 0, "is a directory"));
    rmdir(path);
    /* 100 MB: refused by its size, and a device without end by what was read. */
    write_file("", 0);
    assert_int_equal(truncate(path, 100 * 1000 * 1000), 0);
    assert_int_equal(load(&c), WR_E_LIMIT);
    assert_true(has_mistake(0, 0, "larger than 16 MiB"));
    wr_mistakes_init(&mistakes);
    if (stat("/dev/zero", &st) == 0) {
        assert_int_equal(wr_conf_load("/dev/zero", &mistakes, &c), WR_E_LIMIT);
        assert_true(has_mistake(0, 0, "larger than 16 MiB"));
    }
    assert_null(c);
}

static void test_binary(void **state)
{
    unsigned char junk[4096];
    struct wr_conf *c = NULL;
    uint32_t seed = 12345;

    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof(junk); i++) {
            seed = seed * 1664525u + 1013904223u;
            junk[i] = (unsigned char)(seed >> 24);
        }
        write_file(junk, sizeof(junk));
        assert_int_equal(load(&c), WR_E_FORMAT);
        assert_true(mistakes.errors >= 1);
        assert_true(mistakes.item[0].line >= 1);
    }
    assert_null(c);
}

static char seen[512];

static void see(void *user, const char *key)
{
    (*(size_t *)user)++;
    strcat(seen, key);
    strcat(seen, " ");
}

static void check_restart(const char *a, const char *b, const char *want)
{
    struct wr_conf *now = good_conf(a), *then = good_conf(b);
    size_t calls = 0, told;

    seen[0] = '\0';
    told = wr_conf_restart_keys(now, then, see, &calls);
    assert_int_equal(told, calls);
    assert_string_equal(seen, want);
    wr_conf_free(now);
    wr_conf_free(then);
}

/* A reload says which keys wait for a restart, and only those. */
static void test_restart(void **state)
{
    check_restart("", "", "");
    check_restart("", "workers: 2\nallow: [10.0.0.0/8]\ncache: {max_ttl: 2h}\n", "workers ");
    check_restart("control: {socket: /a}\n", "control: {socket: /b}\n", "control.socket ");
    check_restart("allow: [10.0.0.0/8]\nlog: {level: debug}\n", "", "");
    check_restart("user: a\ncache: {size: 1MiB}\n", "cache: {size: 1024KiB}\n", "user ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_binary, setup, teardown),
        cmocka_unit_test(test_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
