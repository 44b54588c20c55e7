/* SPDX-License-Identifier: Apache-2.0 */
/* Response policy zones in a gate: who has which, and what is said of those that cannot work. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "serve/gate.h"
#include "serve/labels.h"
#include "serve/policyzones.h"

static char path[64];
static struct wr_conf *conf;
static struct wr_gate *gate;
static struct wr_gate_slots slots;
static struct wr_gate_notes notes;
static struct wr_policyzones *zones;
static struct wr_labels *labels;

static void tell(void *user, enum wr_names_said what, const char *file, uint32_t line,
                 const char *text)
{
    (void)user, (void)what, (void)file, (void)line, (void)text;
}

/* A gate of this configuration, in which @ stands for the file. */
static void make(const char *format, const char *text)
{
    const struct wr_names_hooks hooks = {.tell = tell};
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    char yaml[1024];
    strcpy(path, "/tmp/weir-gaterpz-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    const char *at = strchr(format, '@');
    snprintf(yaml, sizeof(yaml), "%.*s%s%s", (int)(at - format), format, path, at + 1);
    wr_mistakes_init(mistakes);
    if (wr_conf_read(yaml, strlen(yaml), mistakes, &conf) != WR_OK) {
        wr_mistakes_print(mistakes, "test", stderr);
        fail();
    }
    free(mistakes);
    assert_int_equal(wr_policyzones_create(NULL, &zones), WR_OK);
    assert_int_equal(wr_labels_create(&labels), WR_OK);
    assert_int_equal(wr_policyzones_read(zones, conf, NULL, &hooks), WR_OK);
    struct wr_gate_world world = {.labels = labels, .policyzones = zones};
    notes.count = 0;
    assert_int_equal(wr_gate_make(conf, &world, &slots, 1, &notes, &gate), WR_OK);
}

static void end(void)
{
    wr_policyzones_destroy(zones); /* the gate holds what it has */
    if (gate->settings.rpz.use[0].zone) {
        assert_true(wr_rpz_used(gate->settings.rpz.use[0].zone) > 0);
    }
    wr_gate_free(gate);
    wr_labels_destroy(labels);
    wr_conf_free(conf);
    unlink(path);
}

static bool noted(const char *words)
{
    for (uint32_t i = 0; i < notes.count; i++) {
        if (strstr(notes.note[i].text, words)) {
            return true;
        }
    }
    return false;
}

static void test_uses(void **state)
{
    make("segments: [{name: cams, subnets: [192.0.2.0/24]}]\n"
         "policy: {rpz: [{zone: rpz.test, file: @, segments: [cams], reason: filtered,\n"
         "  override: cname, cname: garden.test, without_ra: true},\n"
         "  {zone: none.test, file: /nonexistent/zone}]}\n",
         "bad CNAME .\nns.evil.rpz-nsdname CNAME .\n");
    const struct wr_rpz_zones *z = &gate->settings.rpz;
    assert_int_equal(z->count, 2);
    assert_non_null(z->use[0].zone);
    assert_int_equal(z->use[0].override, WR_RPZ_OVERRIDE_CNAME);
    assert_memory_equal(z->use[0].cname, "\0\015\6garden\4test", 15);
    assert_int_equal(z->use[0].ede, WR_EDE_FILTERED);
    assert_true(z->use[0].signal);
    assert_int_equal(z->use[0].segment_count, 1);
    assert_string_equal(wr_labels_text(labels, z->use[0].segments[0]), "cams");
    assert_string_equal(wr_labels_text(labels, z->use[0].label), "rpz.test");
    assert_null(z->use[1].zone);
    assert_int_equal(z->use[1].ede, WR_EDE_NONE);
    assert_false(noted("NSDNAME")); /* names are found from the root */
    end();
    (void)state;
}

/* Bits of groups are those that devices have; a zone for some is never for all. */
static void test_groups(void **state)
{
    make("segments: [{name: cams, subnets: [192.0.2.0/24]}]\n"
         "groups: [{name: other}, {name: tv}]\n"
         "policy: {rpz: [{zone: rpz.test, file: @, groups: [tv], segments: [cams]},\n"
         "  {zone: none.test, file: /nonexistent/zone}]}\n",
         "bad CNAME .\n");
    const struct wr_rpz_zones *z = &gate->settings.rpz;
    int bit = wr_slots_devgroup(&slots, "tv");
    assert_true(bit >= 0);
    assert_int_equal(z->use[0].groups, (uint64_t)1 << bit);
    assert_int_equal(z->use[0].segment_count, 1);
    assert_int_equal(z->use[1].groups, 0);
    end();
    (void)state;
}

static void test_servers_are_not_known(void **state)
{
    make("policy: {rpz: [{zone: rpz.test, file: @}]}\n"
         "upstream: {groups: [{name: isp, servers: [\"udp://192.0.2.1\"]}]}\n",
         "ns.evil.rpz-nsdname CNAME .\n32.1.2.0.192.rpz-nsip CNAME .\n");
    assert_true(noted("policy.rpz[0]: 2 triggers on the name or address of a zone's servers"));
    end();
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_servers_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
