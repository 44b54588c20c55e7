/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/mudstore.h"
#include "unit/conf/mudtext.h"

static char folder[64];

static int setup(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/weir-mudstore-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static struct wr_mudstore *open_it(uint32_t profiles, uint32_t lost)
{
    struct wr_mudstore *s = NULL;
    struct wr_mudstore_read read;
    assert_int_equal(wr_mudstore_open(folder, &s, &read), WR_OK);
    assert_int_equal(read.profiles, profiles);
    assert_int_equal(read.lost, lost);
    assert_false(read.bad);
    return s;
}

static int put(struct wr_mudstore *s, const char *key, const char *text, const char *sig)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mudstore_about about = {
        .taken_s = 1790000000, .from = "https://things.example/cam", .host = "things.example"};
    snprintf(about.key, sizeof(about.key), "%s", key);
    return wr_mudstore_put(s, &about, text, strlen(text), sig, strlen(sig), &mistake);
}

static unsigned files_here(void)
{
    char command[128], line[64];
    snprintf(command, sizeof(command), "ls %s | grep -c '^mud-[0-9a-f]*[.]'", folder);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_non_null(fgets(line, sizeof(line), out));
    pclose(out);
    return (unsigned)strtoul(line, NULL, 10);
}

static void run(const char *what)
{
    char command[512];
    snprintf(command, sizeof(command), "cd %s && %s", folder, what);
    assert_int_equal(system(command), 0);
}

#define CLOUD                                                                  \
    "{\"name\": \"c\", \"matches\": {\"ipv4\": {\"ietf-acldns:dst-dnsname\": " \
    "\"cloud.example\"}}, "                                                    \
    "\"actions\": {\"forwarding\": \"accept\"}}"

/* What was kept is there after a restart, whose it is and if it is in force, octet for octet. */
static void test_kept(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), *other = mud_text("", "", "ipv4-acl-type");
    struct wr_mudstore *s = open_it(0, 0);
    uint8_t *bytes = NULL;
    size_t n = 0;
    assert_int_equal(put(s, "name:cam", text, "signature"), WR_OK);
    assert_int_equal(put(s, "mac:02:00:00:00:00:01", text, "signature"), WR_OK);
    assert_int_equal(put(s, "name:bell", other, ""), WR_OK);
    assert_int_equal(wr_mudstore_set_mode(s, "name:cam", WR_MUDSTORE_ENFORCED), WR_OK);
    assert_int_equal(wr_mudstore_set_mode(s, "name:nobody", WR_MUDSTORE_ENFORCED), WR_E_NOTFOUND);
    assert_true(wr_mudstore_find(s, "name:cam")->mud ==
                wr_mudstore_find(s, "mac:02:00:00:00:00:01")->mud); /* shared */
    wr_mudstore_close(s);
    assert_int_equal(files_here(), 3);
    s = open_it(3, 0);
    const struct wr_mudstore_entry *e = wr_mudstore_find(s, "name:cam");
    assert_true(e != NULL && e->about.mode == WR_MUDSTORE_ENFORCED && e->has_signature &&
                e->about.taken_s == 1790000000);
    assert_string_equal(e->about.from, "https://things.example/cam");
    assert_string_equal(e->about.host, "things.example");
    assert_string_equal(wr_mud_at(e->mud, e->mud->ace[0].dst_name), "cloud.example");
    assert_int_equal(wr_mudstore_text(s, e, false, &bytes, &n), WR_OK);
    assert_true(n == strlen(text) && memcmp(bytes, text, n) == 0);
    free(bytes);
    assert_int_equal(wr_mudstore_text(s, e, true, &bytes, &n), WR_OK);
    assert_true(n == 9 && memcmp(bytes, "signature", 9) == 0);
    free(bytes);
    e = wr_mudstore_find(s, "name:bell");
    assert_int_equal(wr_mudstore_text(s, e, true, &bytes, &n), WR_E_NOTFOUND);
    assert_int_equal(e->about.mode, WR_MUDSTORE_OFF);
    assert_int_equal(wr_mudstore_mode_of("shadow"), WR_MUDSTORE_SHADOW);
    assert_int_equal(wr_mudstore_mode_of("on"), -1);
    assert_null(wr_mudstore_mode_name(3));
    wr_mudstore_close(s);
    free(text);
    free(other);
}

/* Another one takes the place of the first; what nobody has goes, and nothing else. */
static void test_replaced(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), *other = mud_text("", "", "ipv4-acl-type");
    struct wr_mudstore *s = open_it(0, 0);
    uint32_t cursor = 0;
    assert_int_equal(put(s, "name:a", text, ""), WR_OK);
    assert_int_equal(put(s, "name:b", text, ""), WR_OK);
    assert_int_equal(put(s, "name:a", other, ""), WR_OK);
    assert_int_equal(files_here(), 2);
    assert_int_equal(wr_mudstore_rename(s, "name:a", "name:b"), WR_E_EXISTS);
    assert_int_equal(wr_mudstore_rename(s, "name:a", "name:z"), WR_OK);
    assert_string_equal(wr_mudstore_next(s, &cursor)->about.key, "name:b");
    assert_string_equal(wr_mudstore_next(s, &cursor)->about.key, "name:z");
    assert_null(wr_mudstore_next(s, &cursor));
    assert_int_equal(wr_mudstore_remove(s, "name:b"), WR_OK);
    assert_int_equal(wr_mudstore_remove(s, "name:b"), WR_E_NOTFOUND);
    assert_int_equal(files_here(), 1);
    assert_int_equal(put(s, "name:c", "{}", ""), WR_E_FORMAT);
    assert_null(wr_mudstore_find(s, "name:c"));
    wr_mudstore_close(s);
    wr_mudstore_close(open_it(1, 0));
    free(text);
    free(other);
}

/* What is proposed is beside it, never in force, and goes where it goes. */
static void test_proposed(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), *other = mud_text("", "", "ipv4-acl-type");
    char key[WR_MUDSTORE_KEY_SIZE], twice[WR_MUDSTORE_KEY_SIZE];
    struct wr_mudstore *s = open_it(0, 0);
    assert_int_equal(put(s, "name:cam", text, ""), WR_OK);
    assert_null(wr_mudstore_proposed(s, wr_mudstore_find(s, "name:cam")));
    assert_true(wr_mudstore_proposal_key("name:cam", key));
    assert_false(wr_mudstore_proposal_key(key, twice));
    assert_int_equal(put(s, key, other, ""), WR_OK);
    wr_mudstore_show(s, wr_mudstore_find(s, key));
    assert_true(wr_mudstore_find(s, key)->shown && !wr_mudstore_find(s, "name:cam")->shown);
    assert_int_equal(put(s, key, text, ""), WR_OK); /* nobody has seen this one */
    assert_false(wr_mudstore_find(s, key)->shown);
    assert_int_equal(put(s, key, other, ""), WR_OK);
    assert_int_equal(wr_mudstore_set_mode(s, key, WR_MUDSTORE_ENFORCED), WR_OK);
    assert_int_equal(wr_mudstore_check(s, "name:cam", 1790001234), WR_OK);
    assert_int_equal(wr_mudstore_set_mac(s, "name:cam", "00:11:22:33:44:55"), WR_OK);
    assert_int_equal(wr_mudstore_set_mac(s, "name:nobody", "00:11:22:33:44:55"), WR_E_NOTFOUND);
    assert_int_equal(wr_mudstore_rename(s, "name:cam", "name:eye"), WR_OK);
    wr_mudstore_close(s);
    s = open_it(2, 0);
    const struct wr_mudstore_entry *e = wr_mudstore_find(s, "name:eye");
    assert_true(e != NULL && !wr_mudstore_is_proposal(e) &&
                wr_mudstore_is_same(s, e, text, strlen(text)));
    assert_true(e->about.taken_s == 1790000000 && e->about.checked_s == 1790001234);
    assert_string_equal(e->about.mac, "00:11:22:33:44:55");
    e = wr_mudstore_proposed(s, e);
    assert_true(e != NULL && wr_mudstore_is_proposal(e) && e->about.mode == WR_MUDSTORE_OFF &&
                wr_mudstore_is_same(s, e, other, strlen(other)));
    assert_int_equal(wr_mudstore_remove(s, "name:eye"), WR_OK);
    wr_mudstore_close(s);
    wr_mudstore_close(open_it(0, 0));
    assert_int_equal(files_here(), 0);
    free(text);
    free(other);
}

/* Many changes are one list: until it is written the one before holds, and the files that it names are there. */
static void test_many(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), *other = mud_text("", "", "ipv4-acl-type");
    struct wr_mudstore *s = open_it(0, 0);
    assert_int_equal(put(s, "name:a", text, ""), WR_OK);
    assert_int_equal(put(s, "name:b", text, ""), WR_OK);
    wr_mudstore_begin(s);
    assert_int_equal(put(s, "name:a", other, ""), WR_OK);
    assert_int_equal(put(s, "name:b", other, ""), WR_OK);
    assert_int_equal(put(s, "proposed:name:a", other, ""), WR_OK);
    assert_true(wr_mudstore_find(s, "name:a")->mud ==
                wr_mudstore_find(s, "proposed:name:a")->mud); /* read once */
    assert_int_equal(wr_mudstore_check(s, "name:b", 1790001234), WR_OK);
    assert_int_equal(files_here(), 1);
    struct wr_mudstore *old = open_it(2, 0); /* what is there if weir ends now */
    assert_true(wr_mudstore_is_same(old, wr_mudstore_find(old, "name:b"), text, strlen(text)));
    wr_mudstore_close(old);
    assert_int_equal(put(s, "name:a", text, ""), WR_OK); /* nobody's for a moment, and back */
    assert_int_equal(wr_mudstore_end(s), WR_OK);
    assert_int_equal(files_here(), 2);
    assert_int_equal(wr_mudstore_remove(s, "name:a"), WR_OK);
    assert_int_equal(files_here(), 1);
    wr_mudstore_close(s);
    s = open_it(1, 0);
    assert_true(wr_mudstore_find(s, "name:b")->about.checked_s == 1790001234);
    wr_mudstore_begin(s);
    run("mkdir mud-profiles.new");
    assert_int_equal(wr_mudstore_check(s, "name:b", 1790005678), WR_OK);
    assert_int_equal(wr_mudstore_end(s), WR_E_IO);
    run("rmdir mud-profiles.new");
    wr_mudstore_begin(s);
    assert_int_equal(put(s, "name:b", text, ""), WR_OK);
    wr_mudstore_close(s); /* in the middle */
    wr_mudstore_close(open_it(1, 0));
    free(text);
    free(other);
}

/* A file that is another than it was says nothing; the device is still known to have had one. */
static void test_changed(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), command[256];
    struct wr_mudstore *s = open_it(0, 0);
    assert_int_equal(put(s, "name:a", text, ""), WR_OK);
    assert_int_equal(wr_mudstore_set_mode(s, "name:a", WR_MUDSTORE_ENFORCED), WR_OK);
    wr_mudstore_close(s);
    snprintf(command, sizeof(command), "sed -i s/cloud/evil/ %s/mud-*.json", folder);
    assert_int_equal(system(command), 0);
    s = open_it(1, 1);
    assert_null(wr_mudstore_find(s, "name:a")->mud);
    assert_int_equal(put(s, "name:a", text, ""), WR_OK); /* and is mended by another import */
    assert_non_null(wr_mudstore_find(s, "name:a")->mud);
    wr_mudstore_close(s);
    free(text);
}

static void expect_name(struct wr_mudstore *s, const char *name)
{
    const struct wr_mudstore_entry *e = wr_mudstore_find(s, "name:a");
    assert_true(e != NULL && e->mud != NULL && e->about.mode == WR_MUDSTORE_ENFORCED);
    assert_string_equal(e->mud->aces > 0 ? wr_mud_at(e->mud, e->mud->ace[0].dst_name) : "", name);
}

/* While the disk takes nothing, what it has stays whole: the profile before holds when weir starts anew. */
static void test_full(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), *other = mud_text("", "", "ipv4-acl-type"),
         command[256];
    struct wr_mudstore *s = open_it(0, 0);
    assert_int_equal(put(s, "name:a", text, ""), WR_OK);
    assert_int_equal(wr_mudstore_set_mode(s, "name:a", WR_MUDSTORE_ENFORCED), WR_OK);
    run("mkdir mud-profiles.new");
    assert_int_equal(put(s, "name:a", other, ""), WR_E_IO);
    assert_int_equal(wr_mudstore_remove(s, "name:a"), WR_E_IO);
    wr_mudstore_close(s);
    s = open_it(1, 0);
    expect_name(s, "cloud.example");
    /* Another file that could not be written is written before a list names it. */
    snprintf(command, sizeof(command), "rmdir mud-profiles.new && mkdir mud-%s.json.new",
             wr_mudstore_find(s, "name:a")->about.digest);
    run(command);
    assert_int_equal(put(s, "name:a", other, ""), WR_OK);
    assert_int_equal(put(s, "name:a", text, ""), WR_E_IO);
    assert_int_equal(wr_mudstore_set_mode(s, "name:a", WR_MUDSTORE_ENFORCED), WR_E_IO);
    run("rmdir *.new");
    assert_int_equal(wr_mudstore_set_mode(s, "name:a", WR_MUDSTORE_ENFORCED), WR_OK);
    wr_mudstore_close(s);
    s = open_it(1, 0);
    expect_name(s, "cloud.example");
    wr_mudstore_close(s);
    free(text);
    free(other);
}

/* A list that cannot be read is put aside. */
static void test_bad(void **state)
{
    char command[256];
    struct wr_mudstore *s = NULL;
    struct wr_mudstore_read read;
    snprintf(command, sizeof(command), "printf '{\"profiles\": [' > %s/mud-profiles", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(wr_mudstore_open(folder, &s, &read), WR_OK);
    assert_true(read.bad && read.profiles == 0);
    wr_mudstore_close(s);
    snprintf(command, sizeof(command), "test -f %s/mud-profiles.bad", folder);
    assert_int_equal(system(command), 0);
}

/* So many devices and no more, and each may have one that is proposed. */
static void test_bound(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type"), key[32];
    struct wr_mudstore *s = NULL;
    struct wr_mudstore_read read;
    assert_int_equal(wr_mudstore_open("", &s, &read), WR_OK);
    for (unsigned i = 0; i <= WR_MUD_DEVICES_MAX; i++) {
        snprintf(key, sizeof(key), "name:%u", i);
        assert_int_equal(put(s, key, text, ""), i < WR_MUD_DEVICES_MAX ? WR_OK : WR_E_FULL);
    }
    for (unsigned i = 0; i <= WR_MUD_DEVICES_MAX; i++) {
        snprintf(key, sizeof(key), "proposed:name:%u", i);
        assert_int_equal(put(s, key, text, ""), i < WR_MUD_DEVICES_MAX ? WR_OK : WR_E_FULL);
    }
    assert_int_equal(wr_mudstore_remove(s, "name:7"), WR_OK); /* and its proposal */
    assert_int_equal(put(s, "name:x", text, ""), WR_OK);
    assert_int_equal(put(s, "name:y", text, ""), WR_E_FULL);
    assert_int_equal(put(s, "proposed:name:x", text, ""), WR_OK);
    wr_mudstore_close(s);
    free(text);
}

/* Without a folder it lives as long as weir does. */
static void test_nowhere(void **state)
{
    char *text = mud_text(CLOUD, "", "ipv4-acl-type");
    struct wr_mudstore *s = NULL;
    struct wr_mudstore_read read;
    uint8_t *bytes = NULL;
    size_t n = 0;
    assert_int_equal(wr_mudstore_open("", &s, &read), WR_OK);
    assert_int_equal(put(s, "name:a", text, ""), WR_OK);
    assert_int_equal(wr_mudstore_set_mode(s, "name:a", WR_MUDSTORE_ENFORCED), WR_OK);
    assert_int_equal(wr_mudstore_text(s, wr_mudstore_find(s, "name:a"), false, &bytes, &n), WR_OK);
    assert_int_equal(n, strlen(text));
    free(bytes);
    wr_mudstore_close(s);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_proposed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
