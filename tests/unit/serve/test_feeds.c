/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/name.h"
#include "serve/feeds.h"
#include "serve/labels.h"
#include "serve/say.h"

enum { PATIENCE_MS = 60000, STEP_MS = 10 };

static char folder[64], list[128], other[128], kept[128];
static struct wr_conf_feed feed[2];
static struct wr_conf conf;
static const struct wr_clock wr_unproven;
static struct wr_labels *labels;
static atomic_uint news;

static void on_news(void *user)
{
    atomic_fetch_add((atomic_uint *)user, 1);
}

static int start(void **state)
{
    strcpy(folder, "/tmp/weir-feeds-XXXXXX");
    if (!mkdtemp(folder) || wr_labels_create(&labels) != WR_OK) {
        return -1;
    }
    snprintf(list, sizeof(list), "%s/list", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    snprintf(kept, sizeof(kept), "%s/ads.feed", folder);
    feed[0] = (struct wr_conf_feed){.name = "ads", .from = list, .max_bytes = 1 << 20};
    feed[1] = (struct wr_conf_feed){.name = "other", .from = other, .max_bytes = 1 << 20};
    memset(&conf, 0, sizeof(conf));
    conf.feeds.items = feed;
    conf.feeds.count = 1;
    conf.feed_folder = folder;
    conf.upstream.ca_file = "";
    atomic_store(&news, 0);
    wr_say_level(WR_LOG_ERROR);
    return 0;
}

static int stop(void **state)
{
    char command[128];
    wr_labels_destroy(labels);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

/* As a program that updates a list should: whole, at once. */
static void put(const char *path, const char *text)
{
    char beside[160];
    snprintf(beside, sizeof(beside), "%s.new", path);
    FILE *f = fopen(beside, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(rename(beside, path), 0);
}

static struct wr_feeds *create(void)
{
    const struct wr_feeds_setup setup = {&conf, &wr_unproven, on_news, &news};
    struct wr_feeds_plan *plan;
    struct wr_feeds *feeds;
    assert_int_equal(wr_feeds_create(&setup, &feeds), WR_OK);
    assert_string_equal(wr_feeds_folder(feeds), conf.feed_folder);
    assert_int_equal(wr_feeds_plan(&conf, labels, &plan), WR_OK);
    wr_feeds_give(feeds, plan);
    return feeds;
}

static void give(struct wr_feeds *feeds)
{
    struct wr_feeds_plan *plan;
    assert_int_equal(wr_feeds_plan(&conf, labels, &plan), WR_OK);
    wr_feeds_give(feeds, plan);
}

static uint32_t line_of(struct wr_feeds *feeds, const char *feed_name, const char *text)
{
    struct wr_feeds_set *set;
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    assert_int_equal(wr_feeds_take(feeds, &set), WR_OK);
    uint32_t line = wr_feedset_name(&set->set, wr_labels_number(labels, feed_name), n.wire);
    wr_feeds_set_free(set);
    return line;
}

static bool wait_for(struct wr_feeds *feeds, const char *feed_name, const char *text, uint32_t line)
{
    for (int i = 0; i < PATIENCE_MS / STEP_MS; i++) {
        if (line_of(feeds, feed_name, text) == line) {
            return true;
        }
        poll(NULL, 0, STEP_MS);
    }
    return false;
}

static const char *report(struct wr_feeds *feeds)
{
    static char text[4096];
    struct wr_json j;
    wr_json_init(&j, text, sizeof(text), NULL, NULL);
    wr_json_object(&j, NULL);
    wr_feeds_report(feeds, &j, "feeds");
    wr_json_end(&j);
    assert_int_equal(wr_json_finish(&j), WR_OK);
    return text;
}

static bool wait_report(struct wr_feeds *feeds, const char *what)
{
    for (int i = 0; i < PATIENCE_MS / STEP_MS; i++) {
        if (strstr(report(feeds), what)) {
            return true;
        }
        poll(NULL, 0, STEP_MS);
    }
    return false;
}

/* The first list is there before the thread runs; it is kept, and a start without the text has it. */
static void test_kept(void **state)
{
    unsigned all, failing;
    put(list, "ads.example\n");
    struct wr_feeds *feeds = create();
    assert_int_equal(line_of(feeds, "ads", "ads.example"), 1);
    assert_int_equal(access(kept, F_OK), 0);
    assert_non_null(strstr(report(feeds), "\"state\":\"live\""));
    wr_feeds_close(feeds);
    assert_int_equal(unlink(list), 0);
    feeds = create();
    assert_int_equal(line_of(feeds, "ads", "ads.example"), 1);
    assert_int_equal(wr_feeds_run(feeds), WR_OK);
    assert_true(wait_report(feeds, "No such file"));
    wr_feeds_count(feeds, &all, &failing);
    assert_int_equal(all, 1);
    assert_int_equal(failing, 1);
    assert_non_null(strstr(report(feeds), "\"state\":\"old\""));
    wr_feeds_close(feeds);
    /* What was kept is torn: put aside, and made again of the text. */
    put(list, "new.example\n");
    assert_int_equal(truncate(kept, 100), 0);
    feeds = create();
    assert_int_equal(line_of(feeds, "ads", "new.example"), 1);
    wr_feeds_close(feeds);
    wr_feeds_close(NULL);
    wr_feeds_set_free(NULL);
    wr_feeds_plan_free(NULL);
}

/* A list that changes is followed, one that is none is not; the last good one stays, and comes back to life. */
static void test_followed(void **state)
{
    put(list, "ads.example\n");
    struct wr_feeds *feeds = create();
    assert_int_equal(wr_feeds_run(feeds), WR_OK);
    put(list, "# changed\nother.example\nbad/line\n");
    assert_true(wait_for(feeds, "ads", "other.example", 2));
    assert_int_equal(line_of(feeds, "ads", "ads.example"), 0);
    for (int i = 0; i < PATIENCE_MS / STEP_MS && atomic_load(&news) == 0; i++) {
        poll(NULL, 0, STEP_MS);
    }
    assert_true(atomic_load(&news) > 0);
    assert_non_null(strstr(report(feeds), "is no host name"));
    put(list, "<html>404</html>\n");
    assert_true(wait_report(feeds, "page"));
    assert_int_equal(line_of(feeds, "ads", "other.example"), 2);
    put(list, "third.example\n");
    assert_true(wait_for(feeds, "ads", "third.example", 1));
    assert_non_null(strstr(report(feeds), "\"problem\":null"));
    wr_feeds_close(feeds);
}

/* Another configuration: a feed comes, one is read in another way, one goes. */
static void test_other_plans(void **state)
{
    struct wr_feeds_set *held;
    put(list, "0.0.0.0 ads.example\n");
    put(other, "more.example\n");
    struct wr_feeds *feeds = create();
    assert_int_equal(wr_feeds_run(feeds), WR_OK);
    assert_int_equal(line_of(feeds, "ads", "x.ads.example"), 0);
    feed[0].subdomains = true;
    conf.feeds.count = 2;
    give(feeds);
    assert_true(wait_for(feeds, "ads", "x.ads.example", 1));
    assert_true(wait_for(feeds, "other", "more.example", 1));
    assert_int_equal(wr_feeds_take(feeds, &held), WR_OK);
    conf.feeds.count = 0;
    give(feeds);
    assert_true(wait_for(feeds, "ads", "x.ads.example", 0));
    /* Who holds the set goes on with it. */
    assert_int_equal(wr_feedset_name(&held->set, wr_labels_number(labels, "other"),
                                     (const uint8_t *)"\4more\7example"),
                     1);
    wr_feeds_close(feeds);
    assert_int_equal(held->set.count, 2);
    wr_feeds_set_free(held);
}

/* No folder, or one that is not there: the lists are in force all the same. */
static void test_not_kept(void **state)
{
    put(list, "ads.example\n");
    conf.feed_folder = "/nonexistent";
    struct wr_feeds *feeds = create();
    assert_int_equal(line_of(feeds, "ads", "ads.example"), 1);
    assert_non_null(strstr(report(feeds), "\"kept\":null"));
    wr_feeds_close(feeds);
    unsetenv("STATE_DIRECTORY");
    conf.feed_folder = "";
    feeds = create();
    assert_int_equal(line_of(feeds, "ads", "ads.example"), 1);
    wr_feeds_close(feeds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, start, stop),
        cmocka_unit_test_setup_teardown(test_followed, start, stop),
        cmocka_unit_test_setup_teardown(test_other_plans, start, stop),
        cmocka_unit_test_setup_teardown(test_not_kept, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
