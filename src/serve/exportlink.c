/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/exportlink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "serve/dnstap.h"

#define OUT_SIZE   ((size_t)256 << 10)
#define CHUNK      8192 /* plaintext of one record */
#define RETRY_MIN  (1 * WR_S)
#define RETRY_MAX  (60 * WR_S)
#define CONNECT_US (10 * WR_S)

enum state { CLOSED, CONNECTING, SECURING, GREETING, OPEN };

struct octets {
    size_t from, to; /* what is in it and was not sent */
    uint8_t bytes[OUT_SIZE];
};

struct wr_exportlink {
    char to[WR_URI_TEXT_MAX + 1];
    uint32_t format;
    struct wr_exporturl url;
    struct wr_creds *creds;
    struct wr_whom whom;
    enum state state;
    int fd;
    uint64_t since_us; /* of the state, or of the last octet that went */
    uint64_t retry_us, wait_us;
    bool secure; /* a TLS session was begun */
    struct wr_tls tls;
    struct octets plain;  /* messages, whole ones behind one another */
    struct octets cipher; /* of TLS; else not used */
    uint64_t waiting;     /* messages in the buffers, at most */
    uint8_t in[WR_DNSTAP_CONTROL_MAX + 16];
    size_t in_size;
    struct wr_exportlink_status status;
};

int wr_exportlink_create(const struct wr_exportlink_setup *setup, struct wr_exportlink **ret_link)
{
    const char *why;
    struct wr_exportlink *l = calloc(1, sizeof(*l));
    if (l == NULL) {
        return WR_E_NOMEM;
    }
    snprintf(l->to, sizeof(l->to), "%s", setup->to);
    l->format = setup->format;
    l->fd = -1;
    if (wr_exporturl_read(l->to, setup->format, &l->url, &why) != WR_OK) {
        free(l);
        return WR_E_USAGE;
    }
    if (l->url.way == WR_EXPORT_TLS) {
        l->creds = setup->creds == NULL ? NULL : wr_creds_keep(setup->creds);
        l->whom = wr_whom_of(&l->url.uri, l->creds);
        l->whom.system_clock = setup->system_clock;
        l->whom.floor_s = setup->floor_s;
    }
    *ret_link = l;
    return WR_OK;
}

/* --- octets out --- */

/* False: the peer is gone. */
static bool send_some(struct wr_exportlink *l, struct octets *o, const struct wr_now *now)
{
    while (o->from < o->to) {
        ssize_t n = l->url.way == WR_EXPORT_FILE ? write(l->fd, o->bytes + o->from, o->to - o->from)
                                                 : send(l->fd, o->bytes + o->from, o->to - o->from,
                                                        MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return true;
        }
        if (n <= 0) {
            return false;
        }
        o->from += (size_t)n;
        l->since_us = now->mono_us;
    }
    o->from = o->to = 0;
    return true;
}

static uint8_t *room_in(struct octets *o, size_t n)
{
    if (o->from > 0 && sizeof(o->bytes) - o->to < n) {
        memmove(o->bytes, o->bytes + o->from, o->to - o->from);
        o->to -= o->from;
        o->from = 0;
    }
    return sizeof(o->bytes) - o->to < n ? NULL : o->bytes + o->to;
}

static void fail(struct wr_exportlink *l, const struct wr_now *now, const char *what,
                 const char *why)
{
    snprintf(l->status.problem, sizeof(l->status.problem), "%s%s%s", what, why[0] ? ": " : "", why);
    l->status.failures++;
    l->status.lost += l->waiting;
    l->status.open = false;
    l->waiting = 0;
    l->plain.from = l->plain.to = l->cipher.from = l->cipher.to = 0;
    if (l->secure) {
        wr_tls_end(&l->tls);
        l->secure = false;
    }
    if (l->fd >= 0) {
        close(l->fd);
        l->fd = -1;
    }
    l->wait_us = l->wait_us == 0              ? RETRY_MIN
                 : l->wait_us < RETRY_MAX / 2 ? l->wait_us * 2
                                              : RETRY_MAX;
    l->retry_us = now->mono_us + l->wait_us;
    l->state = CLOSED;
}

/* --- TLS --- */

/* A writer behind what waits in the cipher buffer; `commit` takes what was written. */
static void cipher_writer(struct wr_exportlink *l, struct wr_writer *ret)
{
    (void)room_in(&l->cipher, sizeof(l->cipher.bytes));
    wr_buf_write_init(ret, l->cipher.bytes + l->cipher.to, sizeof(l->cipher.bytes) - l->cipher.to);
}

static void commit(struct wr_exportlink *l, const struct wr_writer *w)
{
    l->cipher.to += w->pos;
}

static bool start_tls(struct wr_exportlink *l, const struct wr_now *now)
{
    struct wr_writer out;
    struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                 .creds = l->creds,
                                 .verify = wr_whom_verify,
                                 .user = &l->whom,
                                 .name = l->url.uri.name[0] != 0 ? l->url.uri.name : NULL};
    if (l->creds == NULL) {
        return false;
    }
    cipher_writer(l, &out);
    int err = wr_tls_start(&l->tls, &setup, now, &out);
    l->secure = err == WR_OK;
    commit(l, &out);
    return l->secure;
}

/* Plaintext of the peer's, which only frame streams look at. */
static bool hear_tls(struct wr_exportlink *l, const uint8_t *bytes, size_t n,
                     const struct wr_now *now)
{
    struct wr_writer out;
    uint8_t room[1024];
    size_t got = 0;
    int err;
    wr_tls_feed(&l->tls, bytes, n, now);
    cipher_writer(l, &out);
    while ((err = wr_tls_read(&l->tls, room, sizeof(room), &got, &out)) == WR_OK) {
        if (l->in_size + got <= sizeof(l->in)) {
            memcpy(l->in + l->in_size, room, got);
            l->in_size += got;
        }
    }
    commit(l, &out);
    return err == WR_E_AGAIN;
}

/* --- octets in --- */

/* Collectors have little to say; what they say is read so that they are not held up, and so that their end is seen. */
static bool hear(struct wr_exportlink *l, const struct wr_now *now)
{
    uint8_t room[4096];
    for (int i = 0; i < 16 && l->url.way != WR_EXPORT_FILE; i++) {
        ssize_t n = recv(l->fd, room, sizeof(room), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
            return true;
        }
        if (l->url.way == WR_EXPORT_UDP) {
            return true; /* nobody listens there (ICMP): it is told when something is sent */
        }
        if (n <= 0) {
            errno = n == 0 ? ECONNRESET : errno;
            return false;
        }
        if (l->secure) {
            if (!hear_tls(l, room, (size_t)n, now)) {
                return false;
            }
        } else if (l->in_size + (size_t)n <= sizeof(l->in)) {
            memcpy(l->in + l->in_size, room, (size_t)n);
            l->in_size += (size_t)n;
        }
    }
    return true;
}

/* --- the way there --- */

static int open_socket(struct wr_exportlink *l)
{
    union wr_sockaddr sa;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const bool local = l->url.way == WR_EXPORT_UNIX;
    socklen_t size = local ? sizeof(un) : wr_sock_from_addr(&l->url.uri.addr, &sa);
    int type = l->url.way == WR_EXPORT_UDP ? SOCK_DGRAM : SOCK_STREAM;
    l->fd = socket(local                                ? AF_UNIX
                   : l->url.uri.addr.family == WR_AF_V4 ? AF_INET
                                                        : AF_INET6,
                   type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) {
        return -1;
    }
    if (local) {
        snprintf(un.sun_path, sizeof(un.sun_path), "%s", l->url.path);
    }
    if (connect(l->fd, local ? (struct sockaddr *)&un : (struct sockaddr *)&sa, size) == 0) {
        return 0;
    }
    return errno == EINPROGRESS ? 0 : -1;
}

/* A file of frame streams has one beginning: what is there already is kept beside it. */
static void put_aside(const struct wr_exportlink *l)
{
    char old[WR_URI_TEXT_MAX + 8];
    struct stat st;
    if (l->format == WR_EXPORT_DNSTAP && lstat(l->url.path, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size > 0) {
        snprintf(old, sizeof(old), "%s.1", l->url.path);
        (void)rename(l->url.path, old);
    }
}

static int open_file(struct wr_exportlink *l)
{
    struct stat st;
    put_aside(l);
    l->fd = open(l->url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                 0640);
    if (l->fd >= 0 && (fstat(l->fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        errno = EINVAL;
        return -1;
    }
    return l->fd < 0 ? -1 : 0;
}

static void begin(struct wr_exportlink *l, const struct wr_now *now)
{
    int rc = l->url.way == WR_EXPORT_FILE ? open_file(l) : open_socket(l);
    l->since_us = now->mono_us;
    l->in_size = 0;
    if (rc != 0) {
        fail(l, now, "cannot be reached", strerror(errno));
        return;
    }
    l->state = CONNECTING;
}

static void control(struct wr_exportlink *l, enum wr_dnstap_control what)
{
    uint8_t *room = room_in(&l->plain, WR_DNSTAP_FRAME_SIZE);
    if (room != NULL) {
        l->plain.to += wr_dnstap_control(what, room);
    }
}

static void greet(struct wr_exportlink *l, const struct wr_now *now)
{
    l->since_us = now->mono_us;
    if (l->format != WR_EXPORT_DNSTAP) {
        l->state = OPEN;
        return;
    }
    bool file = l->url.way == WR_EXPORT_FILE;
    control(l, file ? WR_DNSTAP_START : WR_DNSTAP_READY);
    l->state = file ? OPEN : GREETING;
}

static void connected(struct wr_exportlink *l, const struct wr_now *now)
{
    struct pollfd p = {.fd = l->fd, .events = POLLOUT};
    int err = 0;
    socklen_t size = sizeof(err);
    if (l->url.way != WR_EXPORT_FILE) {
        if (poll(&p, 1, 0) <= 0) {
            return;
        }
        if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0 || err != 0) {
            fail(l, now, "cannot be reached", strerror(err));
            return;
        }
    }
    if (l->url.way != WR_EXPORT_TLS) {
        greet(l, now);
    } else if (start_tls(l, now)) {
        l->state = SECURING;
    } else {
        fail(l, now, "TLS cannot be begun", l->creds == NULL ? "there are no authorities" : "");
    }
}

/* What the collector said to READY. */
static void take_greeting(struct wr_exportlink *l, const struct wr_now *now)
{
    enum wr_dnstap_control what;
    size_t used = 0;
    int err = wr_dnstap_read(l->in, l->in_size, &used, &what);
    if (err == WR_E_SHORT && l->in_size < sizeof(l->in)) {
        return;
    }
    if (err != WR_OK || what != WR_DNSTAP_ACCEPT) {
        fail(l, now, "it takes no dnstap", "");
        return;
    }
    l->in_size = 0;
    control(l, WR_DNSTAP_START);
    l->state = OPEN;
}

/* Plaintext becomes records as long as there is room for them. */
static bool seal(struct wr_exportlink *l)
{
    struct octets *p = &l->plain;
    while (p->from < p->to &&
           sizeof(l->cipher.bytes) - (l->cipher.to - l->cipher.from) > 2 * CHUNK) {
        size_t n = p->to - p->from < CHUNK ? p->to - p->from : CHUNK;
        struct wr_writer out;
        cipher_writer(l, &out);
        if (wr_tls_write(&l->tls, p->bytes + p->from, n, &out) != WR_OK) {
            return false;
        }
        commit(l, &out);
        p->from += n;
    }
    return true;
}

static void move_octets(struct wr_exportlink *l, const struct wr_now *now)
{
    bool open_to_all = l->state == OPEN, open = open_to_all || l->state == GREETING;
    bool good = l->url.way != WR_EXPORT_TLS ? send_some(l, &l->plain, now)
                                            : (!open || seal(l)) && send_some(l, &l->cipher, now);
    if (!good) {
        fail(l, now, "the collector ended it", strerror(errno));
        return;
    }
    if (open_to_all && l->plain.from == l->plain.to && l->cipher.from == l->cipher.to) {
        l->waiting = 0;
        l->since_us = now->mono_us; /* before that it is the collector's turn: its time runs */
    }
}

bool wr_exportlink_turn(struct wr_exportlink *l, const struct wr_now *now)
{
    if (l->state == CLOSED && now->mono_us >= l->retry_us) {
        begin(l, now);
    }
    if (l->state == CONNECTING) {
        connected(l, now);
    }
    if (l->state > CONNECTING && !hear(l, now)) {
        const char *why = l->secure && l->tls.why.text[0] != 0 ? l->tls.why.text : strerror(errno);
        fail(l, now, "the collector ended it", why);
    }
    if (l->state == SECURING && l->tls.state == WR_TLS_OPEN) {
        greet(l, now);
    }
    if (l->state == GREETING) {
        take_greeting(l, now);
    }
    if (l->state > CONNECTING && l->url.way != WR_EXPORT_UDP) {
        move_octets(l, now);
    }
    uint64_t patience = l->state == OPEN ? WR_EXPORTLINK_STALL_S * WR_S : CONNECT_US;
    if (l->state != CLOSED && now->mono_us - l->since_us > patience &&
        (l->state != OPEN || l->waiting > 0)) {
        fail(l, now,
             l->state == OPEN ? "the collector reads nothing" : "the collector says nothing", "");
    }
    if (l->state == OPEN && !l->status.open) {
        l->status.open = true;
        l->status.problem[0] = 0;
        l->wait_us = 0;
    }
    return l->state == OPEN && room_in(&l->plain, WR_EXPORTLINK_MESSAGE_MAX) != NULL;
}

int wr_exportlink_put(struct wr_exportlink *l, const void *bytes, size_t n)
{
    if (l->state != OPEN) {
        return WR_E_FULL;
    }
    if (l->url.way == WR_EXPORT_UDP) {
        l->status.put++;
        l->status.lost += send(l->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n;
        return WR_OK;
    }
    uint8_t *room = room_in(&l->plain, n);
    if (room == NULL) {
        return WR_E_FULL;
    }
    memcpy(room, bytes, n);
    l->plain.to += n;
    l->waiting++;
    l->status.put++;
    return WR_OK;
}

void wr_exportlink_status(const struct wr_exportlink *l, struct wr_exportlink_status *ret_status)
{
    *ret_status = l->status;
}

void wr_exportlink_destroy(struct wr_exportlink *l)
{
    struct wr_writer out;
    struct wr_now now = {.mono_us = 1};
    if (l == NULL) {
        return;
    }
    if (l->state == OPEN) {
        if (l->format == WR_EXPORT_DNSTAP) {
            control(l, WR_DNSTAP_STOP);
        }
        if (l->url.way != WR_EXPORT_UDP) {
            move_octets(l, &now);
        }
    }
    if (l->secure) {
        cipher_writer(l, &out);
        wr_tls_close(&l->tls, &out);
        commit(l, &out);
        (void)send_some(l, &l->cipher, &now);
        wr_tls_end(&l->tls);
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    if (l->creds != NULL) {
        wr_creds_drop(l->creds);
    }
    free(l);
}
