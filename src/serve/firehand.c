/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/firehand.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "net/clock.h"
#include "net/conntrack.h"
#include "serve/caps.h"
#include "serve/helper.h"

#define MAGIC 0x77666972u
/* Items in one message. */
#define BATCH 64
/* Looks whether nft has ended, and how long apart; likewise at the end of the hand itself. */
#define LOOK_MS     2
#define END_LOOKS   30
#define END_LOOK_MS 10
/* Octets of what nft says that are read: a counter is some 100 of JSON. */
#define SAID_MAX 65536

enum op { OP_ITEMS = 1, OP_APPLY, OP_COUNT };

struct request {
    uint32_t magic;
    uint32_t number;
    uint8_t op, parts;
    uint16_t count;
    struct wr_ruleset_item item[BATCH];
};

/* --- nft --- */

static const char *const usual[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft",
                                    "/usr/local/sbin/nft"};

static const char *find_nft(const char *wanted)
{
    if (wanted[0] != 0) {
        return access(wanted, X_OK) == 0 ? wanted : NULL;
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (access(usual[i], X_OK) == 0) {
            return usual[i];
        }
    }
    return NULL;
}

static int open_memory(const char *name, const char *text, size_t n)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    while (fd >= 0 && n > 0) {
        ssize_t put = write(fd, text, n);
        if (put <= 0) {
            close(fd);
            return -1;
        }
        text += put;
        n -= (size_t)put;
    }
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

/* Not by fork: what libraries do in a child there (libuv makes its pipes anew) is done to descriptors that are others' here. 0, or errno. */
static int spawn_nft(const char *path, bool counters, int in, int out, pid_t *ret_pid)
{
    static const char *const apply[] = {"nft", "-f", "-", NULL};
    static const char *const list[] = {"nft",   "-j",   "list", "counters",
                                       "table", "inet", "weir", NULL};
    static const char *const environment[] = {"LC_ALL=C", NULL};
    posix_spawn_file_actions_t actions;
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0) {
        return number;
    }
    number = posix_spawn_file_actions_adddup2(&actions, in, 0);
    for (int fd = 1; fd <= 2 && number == 0; fd++) {
        number = posix_spawn_file_actions_adddup2(&actions, out, fd);
    }
    if (number == 0) {
        number =
            posix_spawn(ret_pid, path, &actions, NULL, (void *)(uintptr_t)(counters ? list : apply),
                        (void *)(uintptr_t)environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

/* Until it has ended, or its time is over. */
static int wait_for(pid_t pid)
{
    int status = 0;
    for (unsigned waited_ms = 0;; waited_ms += LOOK_MS) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) {
            return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? WR_OK : WR_E_FORMAT;
        }
        if (got < 0 && errno != EINTR) {
            return WR_E_IO;
        }
        if (waited_ms >= WR_FIREWALL_NFT_MS) {
            kill(pid, SIGKILL);
            (void)waitpid(pid, NULL, 0);
            return WR_E_TIMEOUT;
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
}

/* The first line that it said, as one that can be printed. */
static void quote(const char *said, size_t n, char *ret_text, size_t cap)
{
    size_t at = 0;
    for (size_t i = 0; i < n && said[i] != '\n' && at + 1 < cap; i++) {
        ret_text[at++] = said[i] >= ' ' && said[i] < 0x7f ? said[i] : ' ';
    }
    ret_text[at] = 0;
}

struct hand {
    const char *nft;
    struct wr_ruleset_item item[WR_RULESET_ITEMS_MAX];
    size_t count;
    char text[WR_RULESET_TEXT_MAX];
    char said[SAID_MAX];
    size_t said_size;
};

/* Runs nft with this text, or to list counters; what it said is in the hand. */
static int run_nft(struct hand *h, const char *text, size_t n, bool counters,
                   struct wr_firehand_reply *reply)
{
    char why[160];
    const char *path = find_nft(h->nft);
    if (path == NULL) {
        snprintf(reply->text, sizeof(reply->text),
                 "the program nft is not there (%s): install Debian's package nftables, or say "
                 "where it is in firewall.nft",
                 h->nft[0] != 0 ? h->nft : usual[0]);
        return WR_E_NOTFOUND;
    }
    int in = open_memory("weir-rules", text, n), out = open_memory("weir-said", "", 0);
    pid_t pid = 0;
    int number = in < 0 || out < 0 ? errno : spawn_nft(path, counters, in, out, &pid);
    int err = number != 0 ? WR_E_IO : wait_for(pid);
    ssize_t said = out < 0 ? 0 : pread(out, h->said, sizeof(h->said), 0);
    h->said_size = said > 0 ? (size_t)said : 0;
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    reply->port = (uint32_t)pid;
    if (err == WR_E_TIMEOUT) {
        snprintf(reply->text, sizeof(reply->text), "nft did not end in %d s",
                 WR_FIREWALL_NFT_MS / 1000);
    } else if (err == WR_E_IO) {
        snprintf(reply->text, sizeof(reply->text), "%s cannot be run: %s", path,
                 strerror(number != 0 ? number : EIO));
    } else if (err != WR_OK) {
        quote(h->said, h->said_size, why, sizeof(why));
        snprintf(reply->text, sizeof(reply->text), "nft refuses: %s",
                 why[0] != 0 ? why : "it said nothing");
    }
    return err;
}

int wr_firehand_counters(const char *text, size_t n, struct wr_firehand_reply *reply)
{
    json_error_t error;
    json_t *all = json_loadb(text, n, 0, &error), *one;
    json_t *list = json_object_get(all, "nftables");
    size_t i;
    if (!json_is_array(list)) {
        json_decref(all);
        return WR_E_FORMAT;
    }
    json_array_foreach(list, i, one)
    {
        const json_t *counter = json_object_get(one, "counter");
        const char *name = json_string_value(json_object_get(counter, "name"));
        json_int_t packets = json_integer_value(json_object_get(counter, "packets"));
        unsigned segment;
        int end = 0;
        if (name == NULL || packets < 0) {
            continue;
        }
        if (strcmp(name, "quarantine") == 0) {
            reply->quarantine = (uint64_t)packets;
        } else if (sscanf(name, "segment_%3u_%n", &segment, &end) == 1 && end > 0 &&
                   segment < WR_SEGMENTS_MAX) {
            for (unsigned c = 0; c < WR_RULESET_COUNTERS; c++) {
                if (strcmp(name + end, wr_ruleset_counter_name(c)) == 0) {
                    reply->counter[segment][c] = (uint64_t)packets;
                }
            }
        }
    }
    json_decref(all);
    return WR_OK;
}

/* --- the child --- */

static bool is_sound(const struct request *r, ssize_t size)
{
    if (size != (ssize_t)sizeof(*r) || r->magic != MAGIC || r->op < OP_ITEMS || r->op > OP_COUNT ||
        r->count > (r->op == OP_ITEMS ? BATCH : 0) || (r->op == OP_APPLY) != (r->parts != 0) ||
        r->parts >= 2 * WR_RULESET_NONE) {
        return false;
    }
    for (unsigned i = 0; i < r->count; i++) {
        if (!wr_ruleset_is_sound(&r->item[i])) {
            return false;
        }
    }
    return true;
}

/* What is in force for new packets is made so for connections that are there. */
static void cut_connections(struct hand *h, struct wr_firehand_reply *reply)
{
    static struct wr_addr addr[WR_RULESET_ITEMS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->item[i].kind == WR_RULESET_ADDRESS) {
            addr[n] = h->item[i].prefix.addr;
            addr[n++].scope = 0; /* the list has none */
        }
    }
    if (n > 0 && wr_conntrack_cut(addr, n, &reply->cut) != WR_OK) {
        /* The rules drop its packets all the same, but for those that a flow table carries past them. */
        snprintf(reply->text, sizeof(reply->text),
                 "open connections are dropped but not forgotten: %s", strerror(errno));
    }
}

static void apply(struct hand *h, unsigned parts, struct wr_firehand_reply *reply)
{
    struct wr_str text;
    wr_str_init(&text, h->text, sizeof(h->text));
    reply->err = wr_ruleset_text(h->item, h->count, parts, &text);
    if (reply->err != WR_OK) {
        snprintf(reply->text, sizeof(reply->text), "the rules are longer than %zu MiB",
                 WR_RULESET_TEXT_MAX >> 20);
        return;
    }
    reply->err = run_nft(h, text.base, text.len, false, reply);
    if (reply->err == WR_OK && (parts & (WR_RULESET_TABLE | WR_RULESET_QUARANTINE)) != 0) {
        cut_connections(h, reply);
    }
}

static void carry_out(struct hand *h, const struct request *r, struct wr_firehand_reply *reply)
{
    if (r->op == OP_APPLY) {
        apply(h, r->parts, reply);
        h->count = 0;
    } else {
        reply->err = run_nft(h, "", 0, true, reply);
        if (reply->err == WR_OK) {
            reply->err = wr_firehand_counters(h->said, h->said_size, reply);
        }
    }
}

static void serve_requests(int fd, const void *user)
{
    struct hand *h = calloc(1, sizeof(*h));
    static struct request r;
    for (;;) {
        ssize_t size = recv(fd, &r, sizeof(r), MSG_TRUNC);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (h == NULL || size <= 0 || !is_sound(&r, size) ||
            h->count + r.count > WR_RULESET_ITEMS_MAX) {
            _exit(size == 0 ? 0 : 1);
        }
        h->nft = user;
        if (r.op == OP_ITEMS) {
            memcpy(h->item + h->count, r.item, r.count * sizeof(r.item[0]));
            h->count += r.count;
            continue;
        }
        struct wr_firehand_reply reply;
        memset(&reply, 0, sizeof(reply));
        reply.magic = MAGIC;
        reply.number = r.number;
        carry_out(h, &r, &reply);
        if (send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) != (ssize_t)sizeof(reply)) {
            _exit(1);
        }
    }
}

/* --- the parent --- */

int wr_firehand_start(const char *nft, struct wr_firehand *ret_hand)
{
    const struct wr_helper_birth birth = {"weir-firewall", wr_caps_keep_admin, serve_requests, nft};
    *ret_hand = (struct wr_firehand){.fd = -1};
    return wr_caps_can_admin() ? wr_helper_fork(&birth, &ret_hand->fd, &ret_hand->pid)
                               : WR_E_DENIED;
}

static int ask(struct wr_firehand *h, struct request *r)
{
    r->magic = MAGIC;
    r->number = r->op == OP_ITEMS ? 0 : ++h->number;
    for (;;) {
        if (h->fd < 0) {
            return WR_E_CLOSED;
        }
        ssize_t n = send(h->fd, r, sizeof(*r), MSG_NOSIGNAL);
        if (n == (ssize_t)sizeof(*r)) {
            return WR_OK;
        }
        /* In a loop it does not block, and many facts are more than a socket holds: the child takes them as they come. */
        struct pollfd p = {.fd = h->fd, .events = POLLOUT};
        if (n >= 0 || (errno != EINTR && errno != EAGAIN) ||
            (errno == EAGAIN && poll(&p, 1, WR_HELPER_WAIT_MS) == 0)) {
            return WR_E_CLOSED;
        }
    }
}

int wr_firehand_apply(struct wr_firehand *h, const struct wr_ruleset_item *item, size_t count,
                      unsigned parts)
{
    int err = WR_OK;
    for (size_t at = 0; at < count && err == WR_OK;) {
        struct request r = {.op = OP_ITEMS};
        size_t n = count - at < BATCH ? count - at : BATCH;
        memcpy(r.item, item + at, n * sizeof(item[0]));
        r.count = (uint16_t)n;
        at += n;
        err = ask(h, &r);
    }
    struct request r = {.op = OP_APPLY, .parts = (uint8_t)parts};
    return err == WR_OK ? ask(h, &r) : err;
}

int wr_firehand_count(struct wr_firehand *h)
{
    struct request r = {.op = OP_COUNT};
    return ask(h, &r);
}

int wr_firehand_read(struct wr_firehand *h, int wait_ms, struct wr_firehand_reply *ret_reply)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    if (h->fd < 0) {
        return WR_E_CLOSED;
    }
    int ready;
    do {
        ready = poll(&p, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
        return WR_E_AGAIN;
    }
    ssize_t n = recv(h->fd, ret_reply, sizeof(*ret_reply), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return WR_E_AGAIN;
    }
    if (n != (ssize_t)sizeof(*ret_reply) || ret_reply->magic != MAGIC) {
        return WR_E_CLOSED;
    }
    ret_reply->text[sizeof(ret_reply->text) - 1] = 0;
    return WR_OK;
}

void wr_firehand_stop(struct wr_firehand *h)
{
    if (h->fd >= 0) {
        close(h->fd); /* the child reads end of file */
        h->fd = -1;
    }
    for (unsigned i = 0; i < END_LOOKS && h->pid > 0; i++) {
        pid_t got = waitpid(h->pid, NULL, WNOHANG);
        if (got > 0 || (got < 0 && errno == ECHILD)) {
            h->pid = 0;
        } else {
            (void)poll(NULL, 0, END_LOOK_MS);
        }
    }
}
