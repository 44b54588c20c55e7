/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "dns/codes.h"
#include "serve/policyzones.h"

static char folder[64], said[8192];
static struct wr_policyzones *zones;
static struct wr_conf *conf;

static void tell(void *user, enum wr_names_said what, const char *file, uint32_t line,
                 const char *text)
{
    char row[600];
    (void)user;
    (void)what;
    snprintf(row, sizeof(row), "%s:%u: %s\n", strrchr(file, '/') ? strrchr(file, '/') : file, line,
             text);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static const struct wr_names_hooks hooks = {.tell = tell};

static void write_file(const char *text)
{
    char path[128], temporary[160];
    snprintf(path, sizeof(path), "%s/rpz.zone", folder);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    FILE *f = fopen(temporary, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    /* another inode: a change whatever the clock's grain */
    assert_int_equal(rename(temporary, path), 0);
}

static int setup(void **state)
{
    char yaml[256];
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    strcpy(folder, "/tmp/weir-policy-XXXXXX");
    said[0] = 0;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(yaml, sizeof(yaml), "policy: {rpz: [{zone: rpz.test, file: %s/rpz.zone}]}\n", folder);
    wr_mistakes_init(mistakes);
    assert_int_equal(wr_conf_read(yaml, strlen(yaml), mistakes, &conf), WR_OK);
    free(mistakes);
    (void)state;
    return wr_policyzones_create(NULL, &zones);
}

static int teardown(void **state)
{
    char command[128];
    wr_policyzones_destroy(zones);
    wr_conf_free(conf);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    (void)state;
    return system(command);
}

static void read_zones(void)
{
    assert_int_equal(wr_policyzones_read(zones, conf, NULL, &hooks), WR_OK);
}

/* What the zone that is in force says of a name; NONE without a zone. */
static uint8_t says(const char *text)
{
    struct wr_policyzone *z = wr_policyzones_take(zones, &conf->policy.rpz.items[0]);
    struct wr_rpz_use use = {.zone = z ? z->rpz : NULL, .label = 1, .ede = WR_EDE_NONE};
    struct wr_rpz_zones all = {.use = &use, .count = 1, .key = *wr_policyzones_key(zones)};
    struct wr_name name;
    struct wr_rpz_hit hit;
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    struct wr_rpz_facts facts = {.name = name.wire};
    wr_rpz_question(&all, &facts, &hit);
    wr_policyzone_let_go(z);
    return hit.verdict.action;
}

static bool told(const char *text)
{
    return strstr(said, text) != NULL;
}

static void test_a_file_is_read_and_looked_at(void **state)
{
    write_file("bad CNAME .\n");
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN);
    assert_false(wr_policyzones_look(zones, NULL));
    assert_string_equal(said, "");
    write_file("worse CNAME .\n");
    assert_true(wr_policyzones_look(zones, NULL));
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN); /* until it is read */
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NONE);
    assert_int_equal(says("worse"), WR_VERDICT_NXDOMAIN);
    (void)state;
}

static void test_broken_records_are_set_aside(void **state)
{
    write_file(
        "bad CNAME .\nx CNAME rpz-none.\ny A 1.2.3\n33.0.0.0.10.rpz-ip CNAME .\nworse CNAME *.\n");
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN);
    assert_int_equal(says("worse"), WR_VERDICT_NODATA);
    assert_true(told("rpz.zone:2: x.rpz.test.: the action is not known"));
    assert_true(told("rpz.zone:3: "));
    assert_true(told("rpz.zone:4: "));
    (void)state;
}

static void test_the_last_good_one_stays(void **state)
{
    char path[128];
    write_file("bad CNAME .\n");
    read_zones();
    write_file("<html>\n<body>404 not found</body>\n</html>\n");
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN);
    assert_true(told("the new one has no policy in it; the last good one stays in force"));
    said[0] = 0;
    snprintf(path, sizeof(path), "%s/rpz.zone", folder);
    assert_int_equal(unlink(path), 0);
    assert_true(wr_policyzones_look(zones, NULL));
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN);
    assert_true(told("cannot be read: No such file"));
    assert_false(wr_policyzones_look(zones, NULL)); /* told once, and looked for */
    write_file("bad CNAME *.\n");
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NODATA);
    (void)state;
}

static void test_half_a_file_is_waited_for(void **state)
{
    write_file("bad CNAME .\n");
    read_zones();
    write_file("bad CNAME *.\nworse CNA");
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN);
    assert_true(wr_policyzones_look(zones, NULL));
    for (unsigned i = 0; i < 8; i++) {
        read_zones(); /* nobody goes on writing: it is taken as it is */
    }
    assert_int_equal(says("bad"), WR_VERDICT_NODATA);
    assert_false(wr_policyzones_look(zones, NULL));
    (void)state;
}

static void test_no_file_yet(void **state)
{
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NONE);
    assert_true(told("nothing of it is in force"));
    write_file("bad CNAME .\n");
    assert_true(wr_policyzones_look(zones, NULL));
    read_zones();
    assert_int_equal(says("bad"), WR_VERDICT_NXDOMAIN);
    (void)state;
}

/* A gate holds what it has, whatever comes after. */
static void test_held(void **state)
{
    write_file("bad CNAME .\n");
    read_zones();
    struct wr_policyzone *z = wr_policyzones_take(zones, &conf->policy.rpz.items[0]);
    write_file("worse CNAME .\n");
    read_zones();
    assert_int_equal(wr_rpz_triggers(z->rpz, WR_RPZ_QNAME), 1);
    wr_policyzone_let_go(z);
    conf->policy.rpz.count = 0;
    wr_policyzones_keep(zones, conf);
    conf->policy.rpz.count = 1;
    assert_null(wr_policyzones_take(zones, &conf->policy.rpz.items[0]));
    (void)state;
}

/* The name that a file's last $ORIGIN has. */
static void name_of(const char *path, struct wr_name *ret)
{
    char line[512], text[256] = "rpz.example.com.";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        (void)sscanf(line, "$ORIGIN %255s", text);
    }
    fclose(f);
    assert_int_equal(wr_name_from_text(text, strlen(text), ret), WR_OK);
}

/* Zones of the shared data: each is taken, and says something. */
static void test_real_zones(void **state)
{
    const char *shared = getenv("WEIR_SHARED");
    char feeds[300], path[600];
    unsigned files = 0;
    struct wr_conf_rpz *z = &conf->policy.rpz.items[0];
    snprintf(feeds, sizeof(feeds), "%s/data/train/feeds/rpz", shared ? shared : "");
    DIR *d = opendir(feeds);
    if (!d) {
        print_message("no zones: WEIR_SHARED does not say where the shared data lies\n");
        skip();
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        struct wr_name name;
        if (!strstr(e->d_name, ".zone")) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", feeds, e->d_name);
        name_of(path, &name);
        z->zone = name.wire;
        z->file = path;
        read_zones();
        struct wr_policyzone *made = wr_policyzones_take(zones, z);
        assert_non_null(made);
        uint32_t triggers = 0;
        for (unsigned kind = 0; kind < WR_RPZ_KINDS; kind++) {
            triggers += wr_rpz_triggers(made->rpz, (enum wr_rpz_kind)kind);
        }
        if (triggers == 0) {
            print_error("%s says nothing\n%s\n", path, said);
        }
        assert_true(triggers > 0);
        assert_true(made->rejects <= 1); /* one of them has two actions at a name, on purpose */
        wr_policyzone_let_go(made);
        files++;
    }
    closedir(d);
    assert_true(files > 30);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_file_is_read_and_looked_at, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_records_are_set_aside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_last_good_one_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_a_file_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_file_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_real_zones, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
