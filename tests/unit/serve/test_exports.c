/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "base/limits.h"
#include "conf/exporturl.h"
#include "serve/exports.h"

struct box {
    char folder[64], to[3][128];
    struct wr_conf conf;
    struct wr_conf_export items[3];
    struct wr_ledger *l;
    struct wr_exports *x;
    struct wr_exports_setup setup;
};

static void set_up(struct box *b)
{
    memset(b, 0, sizeof(*b));
    logs_folder(b->folder);
    snprintf(b->to[0], sizeof(b->to[0]), "file://%s/all", b->folder);
    snprintf(b->to[1], sizeof(b->to[1]), "file://%s/some", b->folder);
    snprintf(b->to[2], sizeof(b->to[2]), "unix://%s/nobody", b->folder);
    b->items[0] = (struct wr_conf_export){"all", b->to[0], WR_EXPORT_JSON, 0};
    b->items[1] = (struct wr_conf_export){"some", b->to[1], WR_EXPORT_SYSLOG, 1};
    b->items[2] = (struct wr_conf_export){"away", b->to[2], WR_EXPORT_JSON, 0};
    b->conf.export.items = b->items;
    b->conf.export.count = 3;
    b->setup.conf = &b->conf;
    assert_int_equal(wr_ledger_create(1, 1000, &b->l), WR_OK);
    assert_int_equal(wr_exports_create(b->l, NULL, &b->x), WR_OK);
    assert_int_equal(wr_exports_change(b->x, &b->setup), WR_OK);
}

static void tear_down(struct box *b)
{
    wr_exports_stop(b->x);
    wr_exports_destroy(b->x);
    wr_ledger_destroy(b->l);
    logs_remove(b->folder);
}

static unsigned lines(const struct box *b, const char *leaf)
{
    char path[128];
    unsigned count = 0;
    snprintf(path, sizeof(path), "%s/%s", b->folder, leaf);
    FILE *f = fopen(path, "re");
    for (int c; f != NULL && (c = fgetc(f)) != EOF;) {
        count += c == '\n';
    }
    if (f != NULL) {
        fclose(f);
    }
    return count;
}

static void await(const struct box *b, const char *leaf, unsigned count)
{
    for (int i = 0; i < 4000 && lines(b, leaf) < count; i++) {
        usleep(5000);
    }
    assert_int_equal(lines(b, leaf), count);
}

static void report(const struct box *b, char *room, size_t cap)
{
    struct wr_json j;
    wr_json_init(&j, room, cap, NULL, NULL);
    wr_json_object(&j, NULL);
    wr_exports_report(b->x, &j, "exports");
    wr_json_end(&j);
    assert_int_equal(wr_json_finish(&j), WR_OK);
}

static void test_each_gets_its_own(void **state)
{
    struct box b;
    struct wr_ledger_event e;
    char text[2000];
    set_up(&b);
    logs_feed(b.l, 1, 300);
    logs_event(301, &e);
    e.record.verdict.action = WR_VERDICT_REFUSED;
    assert_true(logs_put(&wr_ledger_rings(b.l)[0], &e));
    wr_ledger_catch_up(b.l);
    wr_ledger_note(b.l, WR_LEDGER_POLICY, 1, 1, "settings 2 in force");
    await(&b, "all", 302);
    await(&b, "some", 2);
    /* A reload: who has the same name goes on where it was. */
    assert_int_equal(wr_exports_change(b.x, &b.setup), WR_OK);
    logs_feed(b.l, 302, 310);
    await(&b, "all", 311);
    report(&b, text, sizeof(text));
    assert_non_null(strstr(text, "\"name\":\"away\""));
    assert_non_null(strstr(text, "cannot be reached"));
    tear_down(&b);
}

/* Who is away loses what leaves the memory, and it is known before he comes back. */
static void test_away(void **state)
{
    struct box b;
    char text[2000];
    set_up(&b);
    logs_feed(b.l, 1, 500);
    await(&b, "all", 500);
    logs_feed(b.l, 501, 1000);
    await(&b, "all", 1000);
    logs_feed(b.l, 1001, 1500);
    await(&b, "all", 1500);
    for (int i = 0; i < 4000; i++) {
        report(&b, text, sizeof(text));
        if (strstr(text, "\"sent\":0,\"lost\":500")) {
            break;
        }
        usleep(5000);
    }
    assert_non_null(strstr(text, "\"sent\":0,\"lost\":500"));
    assert_non_null(strstr(text, "\"sent\":1500,\"lost\":0"));
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_gets_its_own),
        cmocka_unit_test(test_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
