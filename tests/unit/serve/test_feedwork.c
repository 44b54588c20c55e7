/* SPDX-License-Identifier: Apache-2.0 */
/* A fetch that fails and one that is given up; those that bring something are tests/e2e/feeds.py's. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/feedwork.h"

static struct wr_feedjob_world world;
static struct wr_feedjob job;
static int nudges, listener;
static const struct wr_addr here = {.ip = {127, 0, 0, 1}, .family = WR_AF_V4};

static void nudge(void *user)
{
    static const uint64_t one = 1;
    assert_int_equal(write(*(int *)user, &one, sizeof(one)), sizeof(one));
}

static int setup(void **state)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(sa);
    const char *why;
    nudges = eventfd(0, 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
        getsockname(listener, (struct sockaddr *)&sa, &size) != 0) {
        return -1;
    }
    world = (struct wr_feedjob_world){.nudge = nudge, .nudged = &nudges};
    job = (struct wr_feedjob){.plan = {.name = "x",
                                       .path = (char *)(uintptr_t) "",
                                       .ca_file = (char *)(uintptr_t) "/nonexistent",
                                       .how = {.max_bytes = 1024}}};
    snprintf(job.at, sizeof(job.at), "https://127.0.0.1:%u/list", ntohs(sa.sin_port));
    job.plan.url = job.at;
    return wr_feedurl_read(job.at, &job.at_host, &why);
}

static int teardown(void **state)
{
    close(nudges);
    close(listener);
    return 0;
}

static void test_fails(void **state)
{
    struct wr_feedwork *work;
    uint64_t times;
    assert_int_equal(wr_feedwork_begin(&world, &job, &here, 1, &work), WR_OK);
    assert_int_equal(read(nudges, &times, sizeof(times)), sizeof(times)); /* until it is done */
    assert_true(wr_feedwork_is_done(work));
    assert_int_equal(work->became, WR_FEEDWORK_FAILED);
    assert_string_not_equal(work->why.text, "");
    assert_null(work->image);
    wr_feedwork_end(work);
    assert_false(wr_feedwork_is_own(&job));
}

/* Somebody takes the connection and never says a word: who gives up waits no longer than a moment. */
static void test_given_up(void **state)
{
    struct wr_feedwork *work;
    struct wr_now began, ended;
    assert_int_equal(listen(listener, 4), 0);
    wr_clock_read(NULL, &began);
    assert_int_equal(wr_feedwork_begin(&world, &job, &here, 1, &work), WR_OK);
    wr_feedwork_end(work);
    wr_clock_read(NULL, &ended);
    assert_true(ended.mono_us - began.mono_us < WR_FEED_CONNECT_MS * WR_MS);
    wr_feedwork_end(NULL);
    wr_feedwork_cancel(NULL);
}

/* A signature that has to be there and is none: nobody is asked. */
static void test_no_signature(void **state)
{
    struct wr_feedwork *work;
    uint64_t times;
    job.plan.how.keys = 1;
    assert_int_equal(wr_feedwork_begin(&world, &job, &here, 1, &work), WR_OK);
    assert_int_equal(read(nudges, &times, sizeof(times)), sizeof(times));
    assert_int_equal(work->became, WR_FEEDWORK_FAILED);
    assert_non_null(strstr(work->why.text, "signature"));
    wr_feedwork_end(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_signature, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
