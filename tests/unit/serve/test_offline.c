/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration decides of a query of the log, and where it says that it cannot. */
#include "unit/serve/logs.h"

#include "conf/mistakes.h"
#include "policy/census.h"
#include "serve/feedcompile.h"
#include "serve/offline.h"
#include "serve/registry.h"

static struct wr_conf *conf;
static struct wr_offline *offline;
static char notes[4096], folder[64];

static void take_note(void *user, const char *text)
{
    size_t n = strlen(notes);
    (void)user;
    snprintf(notes + n, sizeof(notes) - n, "%s\n", text);
}

static int open_conf(const char *yaml)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    char text[4096];
    const char *at = strchr(yaml, '@'); /* the folder */
    snprintf(text, sizeof(text), "%.*s%s%s", at ? (int)(at - yaml) : (int)strlen(yaml), yaml,
             at ? folder : "", at ? at + 1 : "");
    wr_mistakes_init(mistakes);
    if (wr_conf_read(text, strlen(text), mistakes, &conf) != WR_OK) {
        wr_mistakes_print(mistakes, "test", stderr);
        fail();
    }
    free(mistakes);
    notes[0] = 0;
    return wr_offline_open(conf, take_note, NULL, &offline);
}

static void end(void)
{
    wr_offline_close(offline);
    wr_conf_free(conf);
    offline = NULL;
}

/* At 2026-11-28 12:00:00 UTC, of 192.0.2.1. */
static struct wr_ledger_event event(const char *name)
{
    struct wr_ledger_event e = {.number = 1};
    e.record = (struct wr_record){.wall_s = 1795867200, .qtype = WR_TYPE_A, .ede = WR_EDE_NONE};
    e.record.client = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, 1}};
    e.upstream = e.rule = e.feed = e.segment = "";
    assert_int_equal(wr_name_from_text(name, strlen(name), &e.name), WR_OK);
    return e;
}

static void expect(const struct wr_ledger_event *e, uint8_t action, const char *rule)
{
    struct wr_offline_verdict v = wr_offline_decide(offline, e);
    assert_int_equal(v.why, WR_OFFLINE_DECIDED);
    assert_int_equal(v.verdict.action, action);
    assert_string_equal(wr_offline_label(offline, v.verdict.rule), rule);
}

static void doubt(const struct wr_ledger_event *e, enum wr_offline_why why, const char *rule)
{
    struct wr_offline_verdict v = wr_offline_decide(offline, e);
    assert_int_equal(v.why, why);
    assert_string_equal(wr_offline_label(offline, v.rule), rule);
}

static void put_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void test_rules_on_the_question(void **state)
{
    setenv("TZ", "UTC", 1);
    assert_int_equal(
        open_conf("segments: [{name: cams, subnets: [192.0.2.0/24], only: [vendor.example, t.test, "
                  "n.test]}]\n"
                  "policy: {rules: [\n"
                  "  {name: noon, domains: [n.test], hours: '11:00-13:00', verdict: refused},\n"
                  "  {name: txt, domains: [t.test], types: [TXT], verdict: drop}]}\n"),
        WR_OK);
    struct wr_ledger_event e = event("a.vendor.example");
    expect(&e, WR_VERDICT_NONE, "");
    e = event("other.example");
    expect(&e, WR_VERDICT_NXDOMAIN, "only:cams");
    e.record.client.ip[2] = 3;
    expect(&e, WR_VERDICT_NONE, "");
    e = event("n.test"); /* by the time in the log */
    expect(&e, WR_VERDICT_REFUSED, "noon");
    e.record.wall_s += 2 * 3600;
    expect(&e, WR_VERDICT_NONE, "");
    e = event("x.t.test");
    expect(&e, WR_VERDICT_NONE, "");
    e.record.qtype = WR_TYPE_TXT;
    expect(&e, WR_VERDICT_DROP, "txt");
    assert_false(wr_offline_sees_answers(offline));
    end();
}

static void test_rules_on_the_answer(void **state)
{
    assert_int_equal(
        open_conf("policy: {rules: [\n"
                  "  {name: shut, domains: [shut.test], verdict: refused},\n"
                  "  {name: watched, addresses: [192.0.2.0/24], domains: [w.test], verdict: "
                  "nodata, shadow: true},\n"
                  "  {name: first, aliases: [cdn.test], domains: [two.test], verdict: nxdomain},\n"
                  "  {name: far, addresses: [192.0.2.0/24], domains: [far.test, two.test], "
                  "verdict: nodata},\n"
                  "  {name: two, domains: [two.test], verdict: nxdomain}]}\n"),
        WR_OK);
    struct wr_ledger_event e = event("a.far.test");
    doubt(&e, WR_OFFLINE_ANSWER, "far");
    e = event("shut.test"); /* whatever the answer would have been */
    expect(&e, WR_VERDICT_REFUSED, "shut");
    e = event("other.test");
    expect(&e, WR_VERDICT_NONE, "");
    e = event("w.test");
    expect(&e, WR_VERDICT_NONE, "");
    e = event("two.test"); /* behind one that would say the same there is one that would not */
    doubt(&e, WR_OFFLINE_ANSWER, "far");
    end();
}

static void test_lists_and_zones(void **state)
{
    logs_folder(folder);
    put_file("list", "0.0.0.0 listed.test\n");
    put_file("zone", "@ SOA . . 1 60 60 60 60\nzoned.org CNAME .\nown.org CNAME "
                     ".\n32.9.9.9.198.rpz-ip CNAME .\n");
    assert_int_equal(open_conf("feeds: [{name: l, from: @/list, verdict: nodata}]\n"), WR_OK);
    assert_string_equal(notes, "registry.file is not set: only devices that the configuration "
                               "tells are known\n");
    struct wr_ledger_event e = event("listed.test");
    expect(&e, WR_VERDICT_NODATA, "feed:l");
    e = event("not.test");
    expect(&e, WR_VERDICT_NONE, "");
    assert_true(wr_offline_sees_answers(offline));
    e.record.verdict = (struct wr_verdict){
        .action = WR_VERDICT_NODATA, .by = WR_VERDICT_BY_RULE, .trigger = WR_TRIGGER_ALIAS};
    doubt(&e, WR_OFFLINE_ANSWER, "feed:l"); /* an alias that is not in the log was listed */
    end();

    /* One that has to be signed and is not: a daemon does not take it. */
    assert_int_equal(
        open_conf("feeds: [{name: l, from: @/list, verdict: nodata,\n"
                  "  keys: [RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/]}]\n"),
        WR_OK);
    assert_non_null(strstr(notes, "its signature "));
    e = event("listed.test");
    expect(&e, WR_VERDICT_NONE, "");
    end();

    assert_int_equal(open_conf("policy: {rpz: [{zone: rpz.test, file: @/zone}],\n"
                               "  rules: [{name: ok, names: [own.org], verdict: allow}]}\n"),
                     WR_OK);
    e = event("zoned.org");
    expect(&e, WR_VERDICT_NXDOMAIN, "rpz.test");
    e = event("own.org");
    expect(&e, WR_VERDICT_ALLOW, "ok");
    e = event("not.test");
    expect(&e, WR_VERDICT_NONE, "");
    e.record.verdict = (struct wr_verdict){
        .action = WR_VERDICT_NXDOMAIN, .by = WR_VERDICT_BY_RPZ, .trigger = WR_TRIGGER_ADDRESS};
    doubt(&e, WR_OFFLINE_ANSWER, "");
    end();

    assert_int_equal(open_conf("feeds: [{name: gone, from: @/gone, verdict: nodata},\n"
                               "  {name: far, from: 'https://lists.example/l', verdict: nodata}]\n"
                               "policy: {rpz: [{zone: t.test, primaries: ['tcp://192.0.2.7']}]}\n"),
                     WR_OK);
    assert_non_null(strstr(notes, "feed gone: "));
    assert_non_null(
        strstr(notes, "feed far is fetched, and what a daemon has of it cannot be had"));
    assert_non_null(strstr(notes, "policy zone t.test.: it was not transferred yet"));
    end();
    logs_remove(folder);
}

/* What a daemon has fetched and copied, and kept. */
static void test_kept(void **state)
{
    const struct wr_feedhow how = {.max_bytes = 1000};
    struct wr_feedsource source = {.how = how};
    struct wr_feedcompile_why why;
    struct wr_feedimage *image = NULL, *kept = NULL;
    char path[128], list[128];
    logs_folder(folder);
    put_file("list", "0.0.0.0 listed.org\n");
    snprintf(list, sizeof(list), "%s/list", folder);
    snprintf(path, sizeof(path), "%s/far.feed", folder);
    source.path = list;
    assert_int_equal(wr_feedcompile_read(&source, 1795867200, &image, &why), WR_OK);
    assert_int_equal(wr_feedimage_keep(image, path, &kept), WR_OK);
    wr_feedimage_let_go(image);
    wr_feedimage_let_go(kept);
    put_file("rpz.example.copy", "rpz.example. 60 IN SOA . . 7 60 60 600 60\n"
                                 "rpz.example. 60 IN NS localhost.\n"
                                 "zoned.org.rpz.example. 60 IN CNAME .\n");
    assert_int_equal(
        open_conf("feed_folder: @\n"
                  "feeds: [{name: far, from: 'https://lists.example/l', verdict: nodata}]\n"),
        WR_OK);
    assert_null(strstr(notes, "feed far"));
    struct wr_ledger_event e = event("listed.org");
    expect(&e, WR_VERDICT_NODATA, "feed:far");
    end();
    assert_int_equal(
        open_conf("local: {copies: @}\n"
                  "policy: {rpz: [{zone: rpz.example, primaries: ['tcp://192.0.2.7']}]}\n"),
        WR_OK);
    e = event("zoned.org");
    expect(&e, WR_VERDICT_NXDOMAIN, "rpz.example");
    end();
    logs_remove(folder);
}

/* A registry in which device 7 has a group by the owner's command. */
static void put_registry(void)
{
    struct wr_labels *labels;
    struct wr_census_setup setup = {.devices = 16, .forget_s = 86400};
    void *block = calloc(1, wr_census_size(16));
    struct wr_census_device d = {
        .number = 7, .first_s = 1795867200, .last_s = 1795867200, .name = "camera"};
    char path[128], *text;
    size_t size;
    assert_int_equal(wr_labels_create(&labels), WR_OK);
    struct wr_census *m = wr_census_init(block, &setup);
    d.group[0] = wr_labels_number(labels, "kids");
    d.mark[0] = (struct wr_mark){
        .kind = WR_MARK_MAC, .size = 6, .octets = {0, 1, 2, 3, 4, 5}, .sources = WR_FROM_LEASE};
    assert_int_equal(wr_census_restore(m, &d), WR_OK);
    assert_int_equal(wr_registry_text(m, labels, &text, &size), WR_OK);
    snprintf(path, sizeof(path), "%s/devices", folder);
    assert_int_equal(wr_registry_save(path, text, size), WR_OK);
    free(text);
    free(block);
    wr_labels_destroy(labels);
}

static void test_devices(void **state)
{
    char name[WR_CENSUS_NAME_SIZE];
    logs_folder(folder);
    put_registry();
    assert_int_equal(
        open_conf(
            "registry: {file: @/devices, devices: 64}\n"
            "groups: [{name: kids}, {name: desks}]\n"
            "devices: [{name: desk, addresses: [192.0.2.1], groups: [desks]}]\n"
            "policy: {rules: [{name: k, groups: [kids], domains: [k.test], verdict: refused},\n"
            "  {name: a, addresses: [192.0.2.0/24], domains: [a.test], verdict: drop},\n"
            "  {name: d, groups: [desks], domains: [d.test], verdict: drop}]}\n"),
        WR_OK);
    assert_string_equal(notes, "");
    struct wr_ledger_event e = event("k.test");
    e.record.device = 7;
    expect(&e, WR_VERDICT_REFUSED, "k");
    wr_offline_call(offline, 7, name, sizeof(name));
    assert_string_equal(name, "camera");
    e.record.device = 0;
    expect(&e, WR_VERDICT_NONE, "");
    e = event("d.test"); /* who is known only now, by his address */
    expect(&e, WR_VERDICT_DROP, "d");
    e.record.device = 9; /* one that nobody knows any more */
    doubt(&e, WR_OFFLINE_DEVICE, "d");
    e = event("other.test");
    e.record.device = 9;
    expect(&e, WR_VERDICT_NONE, "");
    e = event("a.test"); /* that is not what it depends on */
    e.record.device = 9;
    doubt(&e, WR_OFFLINE_ANSWER, "a");
    end();
    logs_remove(folder);
}

static void test_hidden_clients(void **state)
{
    assert_int_equal(
        open_conf(
            "groups: [{name: kids, only: [kids.test, all.test]}]\n"
            "segments: [{name: cams, subnets: [192.0.2.0/24]}]\n"
            "policy: {rules: [{name: all, domains: [all.test], verdict: refused},\n"
            "  {name: cams, segments: [cams], domains: [cam.test], verdict: refused},\n"
            "  {name: one, clients: [192.0.2.1/32], domains: [one.test], verdict: refused}]}\n"),
        WR_OK);
    struct wr_ledger_event e = event("all.test");
    e.record.client = (struct wr_addr){.family = WR_AF_NONE, .ip = {1, 2, 3, 4, 5, 6, 7, 8}};
    e.segment = "cams";
    expect(&e, WR_VERDICT_REFUSED, "all");
    e = event("one.kids.test");
    e.record.client.family = WR_AF_NONE;
    e.segment = "cams";
    expect(&e, WR_VERDICT_NONE, "");
    e = event("one.test"); /* a list that he may have, and a rule that may be his */
    e.record.client.family = WR_AF_NONE;
    e.segment = "cams";
    doubt(&e, WR_OFFLINE_CLIENT, "one");
    e = event("cam.test");
    e.record.client.family = WR_AF_NONE;
    e.segment = "";
    doubt(&e, WR_OFFLINE_CLIENT, "only:kids");
    end();
}

/* The log has the segment by name, and not the interface. */
static void test_segments_of_interfaces(void **state)
{
    assert_int_equal(
        open_conf(
            "segments: [{name: cams, interfaces: [br-cam]}, {name: desks, interfaces: [br-desk]}]\n"
            "policy: {rules: [{name: all, domains: [all.test], verdict: drop},\n"
            "  {name: c, segments: [cams], domains: [c.test], verdict: refused}]}\n"),
        WR_OK);
    struct wr_ledger_event e = event("c.test");
    doubt(&e, WR_OFFLINE_SEGMENT, "c");
    e.segment = "cams";
    expect(&e, WR_VERDICT_REFUSED, "c");
    e.segment = "desks";
    expect(&e, WR_VERDICT_NONE, "");
    e = event("all.test");
    expect(&e, WR_VERDICT_DROP, "all");
    e = event("other.test");
    expect(&e, WR_VERDICT_NONE, "");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_on_the_question),
        cmocka_unit_test(test_rules_on_the_answer),
        cmocka_unit_test(test_lists_and_zones),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_hidden_clients),
        cmocka_unit_test(test_segments_of_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
