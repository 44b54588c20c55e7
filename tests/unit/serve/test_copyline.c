/* SPDX-License-Identifier: Apache-2.0 */
/* A line to a server of DNS over TLS in this process, over the loopback; real primaries are tests/e2e/rpz.py's. */
#include "unit/transport/dotserver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/copyline.h"

#define TURNS_MAX 500

struct world {
    struct dotserver server;
    struct wr_creds *trust;
    struct wr_uri uri;
    struct wr_copyline line;
    int listener, peer;
    bool up, mute; /* mute: the server hears nothing */
    int err;       /* how the line ended; WR_OK: it has not */
    uint8_t heard[4096];
    size_t heard_size;
    uint8_t room[65536];
};

static struct world w;

static void start(const char *scheme, const char *facts, const struct certs_want *want)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(sa);
    char text[256];
    memset(&w, 0, sizeof(w));
    dotserver_start(&w.server, want);
    w.trust = dotserver_trust(&w.server);
    w.peer = -1;
    w.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(w.listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(w.listener, 4), 0);
    assert_int_equal(getsockname(w.listener, (struct sockaddr *)&sa, &size), 0);
    snprintf(text, sizeof(text), "%s://127.0.0.1:%u%s", scheme, ntohs(sa.sin_port), facts);
    assert_int_equal(wr_uri_from_text(text, strlen(text), &w.uri, NULL), WR_OK);
    wr_copyline_init(&w.line);
}

static void dial(void)
{
    const struct wr_copyline_setup setup = {
        .uri = &w.uri, .addr = w.uri.addr, .creds = w.trust, .floor_s = CERTS_NOW_S};
    assert_int_equal(wr_copyline_dial(&w.line, &setup), WR_OK);
}

static void stop(void)
{
    wr_copyline_hang_up(&w.line);
    wr_creds_drop(w.trust);
    dotserver_end(&w.server);
    close(w.listener);
    if (w.peer >= 0) {
        close(w.peer);
    }
}

/* What the server does: takes the connection, hears, answers. */
static void serve(void)
{
    uint8_t bytes[16384];
    const uint8_t *said;
    if (w.peer < 0) {
        w.peer = accept(w.listener, NULL, NULL);
        if (w.peer >= 0) {
            (void)fcntl(w.peer, F_SETFL, O_NONBLOCK);
        }
    }
    ssize_t n = w.peer < 0 || w.mute ? -1 : recv(w.peer, bytes, sizeof(bytes), 0);
    if (n > 0) {
        dotserver_hear(&w.server, bytes, (size_t)n);
        size_t size = dotserver_say(&w.server, &said);
        assert_int_equal(send(w.peer, said, size, MSG_NOSIGNAL), size);
    }
}

static void hear(void)
{
    const uint8_t *bytes;
    size_t n;
    while (w.err == WR_OK && (w.err = wr_copyline_read(&w.line, &bytes, &n)) == WR_OK) {
        assert_true(w.heard_size + n <= sizeof(w.heard));
        memcpy(w.heard + w.heard_size, bytes, n);
        w.heard_size += n;
    }
    w.err = w.err == WR_E_AGAIN ? WR_OK : w.err;
}

/* Until it is UP, has heard `want` octets, or has ended. */
static void turn(enum wr_copyline_state state, size_t want)
{
    for (int i = 0; i < TURNS_MAX && w.err == WR_OK; i++) {
        struct pollfd p = {.fd = w.line.fd, .events = wr_copyline_wants(&w.line)};
        serve();
        if (poll(&p, 1, 20) > 0) {
            w.err = wr_copyline_io(&w.line, p.revents, w.room, sizeof(w.room), &dotserver_now);
        }
        hear();
        if (w.line.state == state && w.heard_size >= want) {
            return;
        }
    }
    assert_int_not_equal(w.err, WR_OK); /* it took too long */
}

static const uint8_t query[] = {0, 17, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 252, 0, 1};

static void exchange(void)
{
    dial();
    turn(WR_COPYLINE_UP, 0);
    assert_int_equal(w.err, WR_OK);
    assert_int_equal(wr_copyline_send(&w.line, query, sizeof(query)), WR_OK);
    turn(WR_COPYLINE_UP, sizeof(query));
    assert_int_equal(w.err, WR_OK);
    assert_int_equal(w.server.queries, 1);
    assert_memory_equal(w.heard, "\0\021\1\2\200", 5);
}

static void test_proven_by_name(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    exchange();
    assert_string_equal(wr_tls_version(&w.line.tls), "TLS1.3");
    stop();
}

static void test_proven_by_address(void **state)
{
    start("tls", "", &(struct certs_want){.ips = {"127.0.0.1"}});
    exchange();
    stop();
}

static void denied(int err, const char *words)
{
    dial();
    turn(WR_COPYLINE_UP, 0);
    assert_int_equal(w.err, err);
    assert_int_not_equal(w.line.state, WR_COPYLINE_UP);
    assert_int_equal(w.server.queries, 0);
    if (strstr(w.line.why, words) == NULL) {
        fail_msg("%s", w.line.why);
    }
    assert_int_equal(wr_copyline_send(&w.line, query, sizeof(query)), WR_E_USAGE);
    stop();
}

static void test_strangers(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"other.example"}});
    denied(WR_E_DENIED, "TLS with the primary failed: ");
    start("tls", "#name=ns.example",
          &(struct certs_want){.names = {"ns.example"}, .until_s = CERTS_NOW_S - CERTS_DAY_S});
    denied(WR_E_DENIED, "expired");
    start("tls",
          "#name=ns.example&pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
          "&pkix&all",
          &(struct certs_want){.names = {"ns.example"}});
    denied(WR_E_DENIED, "TLS with the primary failed: ");
}

/* A server that knows another protocol alone, and one that knows no names of protocols. */
static void test_alpn(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    w.server.web = true;
    dotserver_accept(&w.server);
    denied(WR_E_DENIED, "TLS with the primary failed");
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    const struct wr_tls_setup none = {.role = WR_TLS_SERVER, .creds = w.server.creds};
    wr_tls_end(&w.server.tls);
    assert_int_equal(wr_tls_start(&w.server.tls, &none, &dotserver_now, NULL), WR_OK);
    denied(WR_E_DENIED, "ALPN");
}

/* One that speaks nothing newer than TLS 1.2: the same is good enough elsewhere. */
static void test_old(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    certs_ok(
        gnutls_priority_set_direct(w.server.tls.session, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL));
    denied(WR_E_DENIED, "TLS with the primary failed");
}

/* Plain DNS: it closes, or says something that is no TLS. */
static void test_not_tls(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    w.mute = true;
    dial();
    while (w.peer < 0) {
        serve();
    }
    shutdown(w.peer, SHUT_RDWR);
    turn(WR_COPYLINE_UP, 0);
    assert_int_equal(w.err, WR_E_CLOSED);
    assert_non_null(strstr(w.line.why, "does it speak TLS"));
    stop();
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    w.mute = true;
    dial();
    while (w.peer < 0) {
        serve();
    }
    assert_int_equal(send(w.peer, query, sizeof(query), 0), sizeof(query));
    turn(WR_COPYLINE_UP, 0);
    assert_int_not_equal(w.err, WR_OK);
    assert_int_not_equal(w.err, WR_E_AGAIN);
    assert_non_null(strstr(w.line.why, "TLS with the primary failed"));
    stop();
}

/* It ends in the middle: told once all that came was read. */
static void test_cut(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    exchange();
    shutdown(w.peer, SHUT_RDWR);
    turn(WR_COPYLINE_DOWN, 0);
    assert_int_equal(w.err, WR_E_CLOSED);
    assert_string_equal(w.line.why, "");
    stop();
}

static void test_plain(void **state)
{
    start("tcp", "", &(struct certs_want){.names = {"ns.example"}});
    w.mute = true;
    dial();
    turn(WR_COPYLINE_UP, 0);
    assert_int_equal(wr_copyline_send(&w.line, query, sizeof(query)), WR_OK);
    while (w.peer < 0) {
        serve();
    }
    struct pollfd p = {.fd = w.peer, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(recv(w.peer, w.room, sizeof(w.room), 0), sizeof(query));
    assert_memory_equal(w.room, query, sizeof(query));
    assert_int_equal(send(w.peer, query, sizeof(query), 0), sizeof(query));
    turn(WR_COPYLINE_UP, sizeof(query));
    assert_memory_equal(w.heard, query, sizeof(query));
    stop();
}

static void test_nobody_there(void **state)
{
    start("tls", "#name=ns.example", &(struct certs_want){.names = {"ns.example"}});
    close(w.listener);
    w.listener = socket(AF_INET, SOCK_STREAM, 0);
    const struct wr_copyline_setup setup = {.uri = &w.uri, .addr = w.uri.addr, .creds = w.trust};
    w.err = wr_copyline_dial(&w.line, &setup);
    w.mute = true;
    w.peer = dup(w.listener);
    turn(WR_COPYLINE_UP, 0);
    assert_int_equal(w.err, WR_E_IO);
    assert_non_null(strstr(w.line.why, "cannot be reached: "));
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proven_by_name),
        cmocka_unit_test(test_proven_by_address),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_old),
        cmocka_unit_test(test_not_tls),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
