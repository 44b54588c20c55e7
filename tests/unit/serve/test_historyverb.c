/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the history as the control socket puts them; how they are answered in a daemon is tests/e2e/log_disk.py's. */
#include "unit/serve/logs.h"

#include "conf/mistakes.h"
#include "serve/history.h"
#include "serve/historyverb.h"
#include "serve/serve.h"

static struct wr_serve *s;
static char folder[64], why[256];
static uint32_t ticket;

static void begin(const char *days)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    char text[200];
    logs_folder(folder);
    s = calloc(1, sizeof(*s));
    assert_true(s != NULL && mistakes != NULL);
    wr_mistakes_init(mistakes);
    snprintf(text, sizeof(text), "log: {path: \"%s\", history_days: %s}\n", folder, days);
    assert_int_equal(wr_conf_read(text, strlen(text), mistakes, &s->conf), WR_OK);
    free(mistakes);
    s->first_conf = s->conf;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    assert_int_equal(uv_async_init(&s->loop, &s->grown, NULL), 0);
    assert_int_equal(wr_ledger_create(1, 1024, &s->ledger), WR_OK);
    assert_int_equal(wr_historyverb_open(s), WR_OK);
}

static void end(void)
{
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_historyverb_stop(s, &now);
    wr_ledger_destroy(s->ledger);
    uv_close((uv_handle_t *)&s->grown, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    wr_conf_free(s->conf);
    free(s);
    logs_remove(folder);
}

static const char *ask(const char *text)
{
    json_t *args = json_loads(text, 0, NULL);
    assert_non_null(args);
    const char *code = wr_historyverb_ask(s, args, &ticket, why, sizeof(why));
    json_decref(args);
    return code;
}

static void refused(const char *text, const char *code, const char *words)
{
    const char *is = ask(text);
    assert_non_null(is);
    assert_string_equal(is, code);
    assert_non_null(strstr(why, words));
}

static void test_off(void **state)
{
    begin("0");
    refused("{\"by\": \"names\"}", "off", "log.history_days");
    end();
}

static void test_mistakes(void **state)
{
    begin("3");
    refused("{\"by\": \"rules\"}", "argument", "devices, names or minutes");
    refused("{\"by\": \"names\", \"count\": 0}", "argument", "from 1 to");
    refused("{\"by\": \"names\", \"count\": 1001}", "argument", "from 1 to");
    refused("{\"by\": \"names\", \"name\": \"a..b\"}", "argument", "domain name");
    refused("{\"by\": \"names\", \"device\": \"nobody\"}", "argument", "neither");
    for (unsigned i = 0; i < 4; i++) {
        assert_null(ask("{\"by\": \"names\"}"));
    }
    refused("{\"by\": \"names\"}", "busy", "try again");
    end();
}

static void test_answer(void **state)
{
    const char *wrong = NULL;
    char text[1024];
    struct wr_json j;
    struct wr_now now;
    begin("3");
    wr_clock_read(&s->clock, &now);
    logs_feed(s->ledger, 1, 8); /* .1, .3 and so on over IPv4 */
    assert_null(
        ask("{\"by\": \"devices\", \"device\": \"192.0.0.3\", \"name\": \"VENDOR.example.\", "
            "\"since\": 1, \"count\": 5}"));
    assert_false(wr_historyverb_is_answered(s, ticket, &wrong));
    wr_history_turn(s->history, &now, false);
    assert_true(wr_historyverb_is_answered(s, ticket, &wrong));
    assert_null(wrong);
    wr_json_init(&j, text, sizeof(text), NULL, NULL);
    wr_json_object(&j, NULL);
    wr_historyverb_answer(s, ticket, &j, "result");
    wr_historyverb_put(s, &now, &j, "status");
    wr_json_end(&j);
    assert_int_equal(wr_json_finish(&j), WR_OK);
    assert_non_null(strstr(text,
                           "{\"result\":{\"devices\":[{\"queries\":1,\"device\":\"192.0.0.3\","
                           "\"denied\":0,\"failed\":0,\"cached\":1,\"last\":1699999980}]}"));
    assert_non_null(strstr(text, "\"status\":{\"problem\":null,\"counted\":8,"));
    wr_historyverb_give_back(s, ticket);
    assert_true(wr_historyverb_is_answered(s, ticket, &wrong));
    assert_non_null(wrong);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
