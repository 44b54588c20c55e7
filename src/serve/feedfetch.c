/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedfetch.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "transport/tlspeer.h"

/* Debian's with GnuTLS, which is here already; else whichever there is. */
static const char *const libraries[] = {"libcurl-gnutls.so.4", "libcurl.so.4"};

/* What is used of the library, as its header has it. */
struct curl {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *init;
    __typeof__(&curl_easy_setopt) setopt;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(&curl_easy_getinfo) getinfo;
    __typeof__(curl_easy_cleanup) *cleanup;
    __typeof__(curl_easy_strerror) *strerror;
    __typeof__(curl_slist_append) *append;
    __typeof__(curl_slist_free_all) *free_all;
    __typeof__(curl_version_info) *version_info;
};

static struct curl curl;
static bool loaded, over_gnutls; /* by `once` */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool find(void *library, const char *name, void *ret)
{
    void *at = dlsym(library, name);
    memcpy(ret, &at, sizeof(at));
    return at != NULL;
}

static void load(void)
{
    void *l = NULL;
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]) && l == NULL; i++) {
        l = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    }
    loaded = l != NULL && find(l, "curl_global_init", &curl.global_init) &&
             find(l, "curl_easy_init", &curl.init) && find(l, "curl_easy_setopt", &curl.setopt) &&
             find(l, "curl_easy_perform", &curl.perform) &&
             find(l, "curl_easy_getinfo", &curl.getinfo) &&
             find(l, "curl_easy_cleanup", &curl.cleanup) &&
             find(l, "curl_easy_strerror", &curl.strerror) &&
             find(l, "curl_slist_append", &curl.append) &&
             find(l, "curl_slist_free_all", &curl.free_all) &&
             find(l, "curl_version_info", &curl.version_info) &&
             curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const char *tls = loaded ? curl.version_info(CURLVERSION_NOW)->ssl_version : NULL;
    over_gnutls = tls != NULL && strncmp(tls, "GnuTLS/", 7) == 0;
}

struct fetching {
    const struct wr_feedfetch *want;
    struct wr_feedfetch_result *result;
    CURL *easy;
    struct curl_slist *resolve, *headers;
    char error[CURL_ERROR_SIZE];
    int piece_err; /* of the hook */
    bool judges;   /* the certificate is ours to judge; */
    bool proven;   /* it was, and is good */
    struct wr_verdict_text verdict;
};

/* --- what comes --- */

static unsigned status_of(const struct fetching *f)
{
    long status = 0;
    curl.getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return status > 0 && status < 1000 ? (unsigned)status : 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
    struct fetching *f = user;
    if (f->judges && !f->proven) {
        return 0; /* nobody has asked us: then nothing is believed */
    }
    if (status_of(f) != 200) {
        return size * n; /* the page of an error or a redirect */
    }
    f->piece_err = f->want->piece(f->want->user, bytes, size * n);
    return f->piece_err == WR_OK ? size * n : 0;
}

/* The value of a field, if it is `name` and fits; visible ASCII alone. */
static void take_field(const char *line, size_t n, const char *name, char *ret, size_t cap)
{
    size_t head = strlen(name);
    if (n <= head || !wr_str_same_n(line, head, name)) {
        return;
    }
    struct wr_str_part value = {line + head, n - head};
    while (value.n > 0 && (value.at[0] == ' ' || value.at[0] == '\t')) {
        value = (struct wr_str_part){value.at + 1, value.n - 1};
    }
    while (value.n > 0 && value.at[value.n - 1] <= ' ') {
        value.n--;
    }
    ret[0] = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.n >= cap || value.at[i] < ' ' || value.at[i] > '~') {
            return;
        }
    }
    memcpy(ret, value.at, value.n);
    ret[value.n] = 0;
}

static size_t on_field(char *line, size_t size, size_t n, void *user)
{
    struct fetching *f = user;
    take_field(line, size * n, "etag:", f->result->etag, sizeof(f->result->etag));
    take_field(line, size * n, "last-modified:", f->result->modified, sizeof(f->result->modified));
    return size * n;
}

static int on_progress(void *user, curl_off_t all, curl_off_t now, curl_off_t up_all,
                       curl_off_t up_now)
{
    const struct fetching *f = user;
    (void)all;
    (void)now;
    (void)up_all;
    (void)up_now;
    return f->want->cancel != NULL && atomic_load(f->want->cancel);
}

/* The connection is there, and nothing was asked yet. */
static int on_connected(void *user, char *peer, char *own, int peer_port, int own_port)
{
    struct fetching *f = user;
    struct curl_tlssessioninfo *info = NULL;
    struct wr_certs chain = {.of_server = true};
    (void)peer, (void)own, (void)peer_port, (void)own_port;
    wr_clock_read(f->want->clock, &chain.now);
    if (curl.getinfo(f->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == NULL ||
        info->backend != CURLSSLBACKEND_GNUTLS || info->internals == NULL ||
        wr_tlspeer_chain(info->internals, &chain) != WR_OK) {
        snprintf(f->verdict.text, sizeof(f->verdict.text), "its certificate cannot be looked at");
        return CURL_PREREQFUNC_ABORT;
    }
    f->proven = wr_whom_verify((void *)(uintptr_t)f->want->whom, &chain, &f->verdict) == WR_OK;
    return f->proven ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* --- what is asked --- */

static bool set_address(struct fetching *f)
{
    char text[512], word[WR_ADDR_TEXT_SIZE];
    struct wr_str s;
    if (f->want->host.addr.family != WR_AF_NONE) {
        return true; /* the URL has it */
    }
    wr_str_init(&s, text, sizeof(text));
    wr_str_text(&s, f->want->host.host);
    wr_str_char(&s, ':');
    wr_str_u64(&s, f->want->host.port);
    for (unsigned i = 0; i < f->want->addrs; i++) {
        struct wr_addr addr = f->want->addr[i];
        addr.port = 0;
        wr_addr_to_text(&addr, word, sizeof(word));
        wr_str_char(&s, i == 0 ? ':' : ',');
        wr_str_text(&s, word);
    }
    f->resolve = curl.append(NULL, text);
    return f->resolve != NULL && !s.cut &&
           curl.setopt(f->easy, CURLOPT_RESOLVE, f->resolve) == CURLE_OK;
}

static bool add_header(struct fetching *f, const char *name, const char *value)
{
    char text[256];
    if (value[0] == 0) {
        return true;
    }
    snprintf(text, sizeof(text), "%s: %s", name, value);
    struct curl_slist *more = curl.append(f->headers, text);
    f->headers = more != NULL ? more : f->headers;
    return more != NULL;
}

static bool set_proof(struct fetching *f)
{
    char text[WR_FEED_PINS_MAX * 64];
    struct wr_str s;
    bool pkix = f->want->pins == 0 || f->want->pkix;
    f->judges = pkix && over_gnutls && f->want->whom != NULL;
    long certificate = pkix && !f->judges;
    wr_str_init(&s, text, sizeof(text));
    for (unsigned i = 0; i < f->want->pins; i++) {
        wr_str_text(&s, i == 0 ? "sha256//" : ";sha256//");
        wr_pin_text(&f->want->pin[i], &s);
    }
    return !s.cut &&
           (f->want->pins == 0 ||
            curl.setopt(f->easy, CURLOPT_PINNEDPUBLICKEY, text) == CURLE_OK) &&
           curl.setopt(f->easy, CURLOPT_SSL_VERIFYPEER, certificate) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_SSL_VERIFYHOST, certificate ? 2L : 0L) == CURLE_OK &&
           (f->judges ? curl.setopt(f->easy, CURLOPT_PREREQFUNCTION, on_connected) == CURLE_OK &&
                            curl.setopt(f->easy, CURLOPT_PREREQDATA, (void *)f) == CURLE_OK
                      : curl.setopt(f->easy, CURLOPT_CAINFO, f->want->ca_file) == CURLE_OK) &&
           curl.setopt(f->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

static bool set_bounds(struct fetching *f)
{
    long most_ms = f->want->most_ms > 0 ? f->want->most_ms : (long)WR_FEED_FETCH_MS;
    return curl.setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)WR_FEED_CONNECT_MS) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_TIMEOUT_MS, most_ms) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_LOW_SPEED_LIMIT, (long)WR_FEED_SLOW_OCTETS) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_LOW_SPEED_TIME, (long)WR_FEED_SLOW_S) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->want->max_bytes) ==
               CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
}

static bool set_up(struct fetching *f)
{
    return add_header(f, "If-None-Match", f->want->etag) &&
           add_header(f, "If-Modified-Since", f->want->etag[0] == 0 ? f->want->modified : "") &&
           set_address(f) && set_proof(f) && set_bounds(f) &&
           curl.setopt(f->easy, CURLOPT_URL, f->want->url) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_HTTPHEADER, f->headers) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_USERAGENT, "weir") == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_ERRORBUFFER, f->error) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_WRITEDATA, (void *)f) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_HEADERFUNCTION, on_field) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_HEADERDATA, (void *)f) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_XFERINFODATA, (void *)f) == CURLE_OK &&
           curl.setopt(f->easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

/* --- what became of it --- */

static void say(struct fetching *f, const char *text)
{
    struct wr_str s;
    wr_str_init(&s, f->result->why, sizeof(f->result->why));
    wr_utf8_safe(&s, text, strlen(text));
}

static int judge_status(struct fetching *f)
{
    struct wr_feedfetch_result *r = f->result;
    char text[64];
    char *location = NULL;
    r->status = status_of(f);
    if (r->status == 200 || r->status == 304) {
        return WR_OK;
    }
    if (r->status >= 301 && r->status <= 308 &&
        curl.getinfo(f->easy, CURLINFO_REDIRECT_URL, &location) == CURLE_OK && location != NULL &&
        strlen(location) < sizeof(r->location)) {
        memcpy(r->location, location, strlen(location) + 1);
        return WR_OK;
    }
    snprintf(text, sizeof(text), "the server says %u", r->status);
    say(f, text);
    return WR_E_IO;
}

static int judge(struct fetching *f, CURLcode code)
{
    if (f->judges && !f->proven && (code == CURLE_OK || f->verdict.text[0] != 0)) {
        say(f, f->verdict.text[0] != 0 ? f->verdict.text : "its certificate was not looked at");
        return WR_E_DENIED;
    }
    if (code == CURLE_OK) {
        return judge_status(f);
    }
    say(f, code == CURLE_FILESIZE_EXCEEDED ? "it is larger than max_size"
           : f->error[0] != 0              ? f->error
                                           : curl.strerror(code));
    switch (code) {
    case CURLE_WRITE_ERROR: return f->piece_err != WR_OK ? f->piece_err : WR_E_IO;
    case CURLE_ABORTED_BY_CALLBACK: return WR_E_CLOSED;
    case CURLE_OPERATION_TIMEDOUT: return WR_E_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CACERT_BADFILE: return WR_E_DENIED;
    case CURLE_OUT_OF_MEMORY: return WR_E_NOMEM;
    default: return WR_E_IO;
    }
}

int wr_feedfetch_run(const struct wr_feedfetch *fetch, struct wr_feedfetch_result *ret_result)
{
    struct fetching f = {.want = fetch, .result = ret_result};
    memset(ret_result, 0, sizeof(*ret_result));
    pthread_once(&once, load);
    if (!loaded) {
        say(&f, "libcurl is not installed (libcurl-gnutls.so.4 or libcurl.so.4, 7.85 or later)");
        return WR_E_UNSUPPORTED;
    }
    f.easy = curl.init();
    if (f.easy == NULL) {
        say(&f, "not enough memory");
        return WR_E_NOMEM;
    }
    int err = WR_E_UNSUPPORTED;
    if (set_up(&f)) {
        err = judge(&f, curl.perform(f.easy));
    } else {
        say(&f, "libcurl does not know all that is asked of it; 7.85 or later does");
    }
    curl.cleanup(f.easy);
    curl.free_all(f.resolve);
    curl.free_all(f.headers);
    return err;
}
