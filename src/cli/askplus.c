/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askplus.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/mistakes.h"

enum {
    TIMEOUT_MAX_S = 3600,
    RETRY_MAX = 100,
    PADDING_DEFAULT = 128, /* RFC 8467 section 4.1 */
    FLAGS_MAX = 80,
    NAME_SIZE = 24 /* of "+[no]badcookie" */
};

struct reader {
    struct wr_askflags *now; /* what a flag changes */
    char *why;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct reader *r, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(r->why, WR_ASKFLAGS_WHY_SIZE, format, list);
    va_end(list);
    return WR_E_USAGE;
}

typedef int take_value(struct reader *r, struct wr_askflags *f, const char *value);

static int take_number(struct reader *r, const char *value, uint64_t max, uint64_t *ret)
{
    if (!value || wr_str_to_u64(value, strlen(value), max, ret) != WR_OK)
        return wrong(r, "a number up to %llu is wanted", (unsigned long long)max);
    return WR_OK;
}

/* "2", "0.5": seconds. */
static int take_timeout(struct reader *r, struct wr_askflags *f, const char *value)
{
    size_t whole = value ? strcspn(value, ".") : 0;
    uint64_t s = 0, part = 0;
    const char *digits;

    if (!value || wr_str_to_u64(value, whole, TIMEOUT_MAX_S, &s) != WR_OK)
        return wrong(r, "+timeout wants seconds, as 2 or 0.5");
    if (value[whole]) {
        digits = value + whole + 1;
        if (strlen(digits) > 3 || wr_str_to_u64(digits, strlen(digits), 999, &part) != WR_OK)
            return wrong(r, "+timeout wants seconds, as 2 or 0.5");
        for (size_t i = strlen(digits); i < 3; i++)
            part *= 10;
    }
    if (s == 0 && part == 0)
        return wrong(r, "+timeout=0 would never see an answer");
    f->timeout_ms = (uint32_t)(s * 1000 + part);
    return WR_OK;
}

static int take_hints(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || !*value)
        return wrong(r, "+hints wants addresses of root servers, with commas between them");
    f->hints = value;
    f->trace = true;
    return WR_OK;
}

static int take_anchor(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || !*value)
        return wrong(r, "+anchor wants a DS or DNSKEY record, as \". DS 20326 8 2 E06D...\"");
    f->anchor = value;
    f->trace = true;
    return WR_OK;
}

static int take_retry(struct reader *r, struct wr_askflags *f, const char *value)
{
    uint64_t v = 0;
    int err = take_number(r, value, RETRY_MAX, &v);

    if (!err)
        f->retry = (uint32_t)v;
    return err;
}

static int take_bufsize(struct reader *r, struct wr_askflags *f, const char *value)
{
    uint64_t v = 0;
    int err = take_number(r, value, UINT16_MAX, &v);

    if (!err) {
        f->bufsize = (uint16_t)v;
        f->edns = true;
    }
    return err;
}

static int take_edns(struct reader *r, struct wr_askflags *f, const char *value)
{
    uint64_t v = 0;
    int err = value ? take_number(r, value, UINT8_MAX, &v) : WR_OK;

    if (!err) {
        f->edns_version = (uint8_t)v;
        f->edns = true;
    }
    return err;
}

static int take_padding(struct reader *r, struct wr_askflags *f, const char *value)
{
    uint64_t v = PADDING_DEFAULT;
    int err = value ? take_number(r, value, 4096, &v) : WR_OK;

    if (!err)
        f->padding = (uint16_t)v;
    f->padding_chosen = true;
    return err;
}

static int take_cookie(struct reader *r, struct wr_askflags *f, const char *value)
{
    size_t n = 0;

    if (value && wr_enc_from_hex(value, strlen(value), f->cookie_bytes, sizeof(f->cookie_bytes),
                                 &n) != WR_OK)
        return wrong(r, "+cookie wants hexadecimal digits");
    if (value && n != 8 && (n < 16 || n > WR_COOKIE_MAX))
        return wrong(r, "a cookie has 8, or 16 to 40 octets, not %zu (RFC 7873)", n);
    f->cookie_size = (uint8_t)n;
    f->cookie = true;
    return WR_OK;
}

static int take_subnet(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || wr_addr_prefix_from_text(value, &f->subnet) != WR_OK)
        return wrong(r, "+subnet wants a prefix without bits behind its length, as 192.0.2.0/24");
    f->ecs = true;
    return WR_OK;
}

/* --- encrypted transports --- */

static int take_tls(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (value)
        return wrong(r, "+tls takes no value");
    f->via.scheme = WR_URI_TLS;
    return WR_OK;
}

static int take_quic(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (value)
        return wrong(r, "+quic takes no value");
    f->via.scheme = WR_URI_QUIC;
    return WR_OK;
}

/* Can it stand in the first line of a request? */
static bool is_path(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("?#{}", text[i]))
            return false;
    return n < WR_URI_PATH_SIZE;
}

/* "/path"; kdig's "name/path" is two flags here. */
static int take_https(struct reader *r, struct wr_askflags *f, const char *value)
{
    const char *path = value ? strchr(value, '/') : NULL;

    if (value && (!path || !is_path(value)))
        return wrong(r, "+https wants a path, as /dns-query");
    if (path && path != value)
        return wrong(r, "+https wants the path alone; the name goes into +tls-host=%.*s",
                     (int)(path - value), value);
    f->via.scheme = WR_URI_HTTPS;
    f->via.path = path;
    return WR_OK;
}

static int take_get(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (value)
        return wrong(r, "+https-get takes no value");
    f->via.scheme = WR_URI_HTTPS;
    f->via.get = true;
    return WR_OK;
}

/* "proxy.example", with a port and a path if it has others than 443 and /proxy. What makes facts in a URL is none of it. */
static int take_odoh(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || !*value || strlen(value) >= WR_URI_NAME_SIZE + WR_URI_PATH_SIZE ||
        strpbrk(value, "&# "))
        return wrong(r, "+odoh wants the proxy, as proxy.example/proxy; the target is @SERVER");
    f->via.scheme = WR_URI_ODOH;
    f->via.proxy = value;
    return WR_OK;
}

static int take_odoh_path(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || *value != '/' || !is_path(value))
        return wrong(r, "+odoh-path wants the target's path, as /dns-query");
    f->via.target_path = value;
    return WR_OK;
}

static int take_odoh_config(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || !*value || strlen(value) > WR_URI_CONFIG_MAX * 4 / 3 || strpbrk(value, "&# "))
        return wrong(r, "+odoh-config wants the target's configurations in base64");
    f->via.config = value;
    return WR_OK;
}

/* A flag about what the server proves means DoT where no transport is named, as in kdig. */
static int proves(struct wr_askflags *f)
{
    if (!f->via.scheme)
        f->via.scheme = WR_URI_TLS;
    return WR_OK;
}

static int take_pin(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (f->via.pins == WR_URI_PINS_MAX)
        return wrong(r, "at most %d pins", WR_URI_PINS_MAX);
    if (!value || wr_pin_from_text(value, strlen(value), &f->via.pin[f->via.pins]) != WR_OK)
        return wrong(r, "+pin wants the SHA-256 of a public key in base64, 44 characters");
    f->via.pins++;
    return proves(f);
}

static int take_ca(struct reader *r, struct wr_askflags *f, const char *value)
{
    (void)r;
    f->via.ca = true;
    f->via.ca_file = value && *value ? value : NULL;
    return proves(f);
}

static int take_host(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || !*value || strlen(value) >= WR_URI_NAME_SIZE)
        return wrong(r, "+tls-host wants the name that the server proves");
    f->via.ca = true;
    f->via.host = value;
    return proves(f);
}

static int take_sni(struct reader *r, struct wr_askflags *f, const char *value)
{
    if (!value || !*value || strlen(value) >= WR_URI_NAME_SIZE)
        return wrong(r, "+tls-sni wants the name that the server is told");
    f->via.sni = value;
    return proves(f);
}

static const struct wr_askvia no_via;

struct flag {
    const char *name;
    size_t offset;           /* of the bool that +name sets and +noname clears */
    take_value *take;        /* reads "=value", or NULL: there is none */
    bool no;                 /* +noname has a meaning */
    const char *meta, *help; /* as in cli/opts.h */
};

#define FLAG(text, field, help)                                           \
    {                                                                     \
        text, offsetof(struct wr_askflags, field), NULL, true, NULL, help \
    }
#define VALUE(text, field, take, meta, help)                              \
    {                                                                     \
        text, offsetof(struct wr_askflags, field), take, true, meta, help \
    }

#define NO_BOOL SIZE_MAX
static const struct flag flags[] = {
    /* A name without help is another name of its neighbour. */
    FLAG("aaflag", aa, "set AA"),
    FLAG("tcflag", tc, "set TC"),
    FLAG("rdflag", rd, NULL),
    FLAG("recurse", rd, "set RD (default)"),
    FLAG("raflag", ra, "set RA"),
    FLAG("zflag", z, "set the reserved bit"),
    FLAG("adflag", ad, "set AD (default)"),
    FLAG("ad", ad, NULL), /* "additional" begins so too */
    FLAG("cdflag", cd, "set CD"),
    FLAG("doflag", dnssec_ok, NULL),
    FLAG("dnssec", dnssec_ok, "want signatures (DO)"),
    FLAG("short", brief, "print the data alone"),
    FLAG("json", json, "print one object an answer"),
    FLAG("qr", query, "print the query as well"),
    FLAG("header", header, "print the header"),
    FLAG("comments", comments, "print the titles"),
    FLAG("opt", opt, "print EDNS"),
    FLAG("question", question, "print the question"),
    FLAG("answer", answer, "print the answer section"),
    FLAG("authority", authority, "print the authority section"),
    FLAG("additional", additional, "print the additional section"),
    FLAG("stats", stats, "print who answered and how fast"),
    FLAG("class", show_class, "print classes"),
    FLAG("ttl", show_ttl, "print TTLs"),
    FLAG("tcp", tcp, "ask over TCP"),
    {"tls", NO_BOOL, take_tls, true, NULL, "ask over TLS (DoT)"},
    {"https", NO_BOOL, take_https, true, "[=PATH]", "ask over HTTPS (DoH)"},
    {"https-get", NO_BOOL, take_get, false, NULL, "over HTTPS, by GET and not by POST"},
    {"quic", NO_BOOL, take_quic, true, NULL, "ask over QUIC (DoQ)"},
    {"odoh", NO_BOOL, take_odoh, true, "PROXY",
     "over Oblivious DoH: HOST[:PORT][/PATH] carries it to @SERVER"},
    {"odoh-path", NO_BOOL, take_odoh_path, false, "PATH",
     "the path of @SERVER, where it is not the usual one"},
    {"odoh-config", NO_BOOL, take_odoh_config, false, "CONFIG",
     "its configuration, pinned, as it is printed"},
    {"tls-ca", NO_BOOL, take_ca, false, "[=FILE]",
     "an authority vouches for the server: of a file, or the system's"},
    {"tls-host", NO_BOOL, take_host, false, "HOST", "the name that it proves"},
    {"tls-hostname", NO_BOOL, take_host, false, "HOST", NULL},
    {"tls-sni", NO_BOOL, take_sni, false, "HOST", "the name that it is told"},
    {"pin", NO_BOOL, take_pin, false, "PIN", "the pin of its key; several: any of them"},
    {"tls-pin", NO_BOOL, take_pin, false, "PIN", NULL},
    FLAG("ignore", ignore, "keep a truncated answer"),
    FLAG("badcookie", badcookie, "ask again with the cookie that a server wants"),
    FLAG("nsid", nsid, "want the server's name"),
    VALUE("edns", edns, take_edns, "[=VERSION]", "EDNS, and its version"),
    VALUE("cookie", cookie, take_cookie, "[=HEX]", "a DNS cookie"),
    VALUE("subnet", ecs, take_subnet, "PREFIX", "the client subnet"),
    {"padding", NO_BOOL, take_padding, true, "[=N]", "pad to a multiple of N octets"},
    {"bufsize", NO_BOOL, take_bufsize, true, "N", "the largest UDP answer that is taken"},
    FLAG("trace", trace, "find it from the root, here, and tell the whole way"),
    {"hints", NO_BOOL, take_hints, false, "ADDRESS", "+trace: root servers, a,b,c"},
    {"anchor", NO_BOOL, take_anchor, false, "KEY", "+trace: trust anchor, a DS or DNSKEY record"},
    {"timeout", NO_BOOL, take_timeout, false, "SECONDS", "of one try (default 5)"},
    {"retry", NO_BOOL, take_retry, false, "N", "tries after the first (default 2)"},
    {"all", NO_BOOL, NULL, true, NULL, "print every part"},
};

static void set_all(struct wr_askflags *f, bool on)
{
    f->header = f->comments = f->opt = f->question = f->answer = f->authority = f->additional =
        f->stats = on;
}

static void set_bool(struct wr_askflags *f, size_t offset, bool on)
{
    memcpy((unsigned char *)f + offset, &on, sizeof(on));
}

/* The flag that `word` names or begins; NULL: none, or several (*ret_many). */
static const struct flag *find_flag(const char *word, size_t n, bool *ret_many)
{
    const struct flag *found = NULL;

    *ret_many = false;
    for (size_t i = 0; n > 0 && i < WR_ARRAY_LEN(flags); i++) {
        if (strncmp(flags[i].name, word, n) != 0)
            continue;
        if (strlen(flags[i].name) == n)
            return &flags[i];
        /* Two names of one field are no doubt. */
        if (found && (found->offset != flags[i].offset || found->take != flags[i].take))
            *ret_many = true;
        found = &flags[i];
    }
    return *ret_many ? NULL : found;
}

static int unknown_flag(struct reader *r, const char *word, size_t n, bool many)
{
    const char *names[FLAGS_MAX + 1];
    char quoted[WR_MISTAKE_QUOTE_SIZE], copy[32] = "";
    const char *near;
    size_t i = 0;

    for (; i < WR_ARRAY_LEN(flags) && i < FLAGS_MAX; i++)
        names[i] = flags[i].name;
    names[i] = NULL;
    if (n < sizeof(copy))
        memcpy(copy, word, n);
    near = many ? NULL : wr_mistakes_nearest(copy, names);
    wr_mistakes_quote(word, n, quoted);
    if (many)
        return wrong(r, "flag +%s fits more than one", copy);
    if (near)
        return wrong(r, "unknown flag %s; did you mean +%s?", quoted, near);
    return wrong(r, "unknown flag %s", quoted);
}

static int take_no(struct reader *r, const struct flag *flag, const char *value)
{
    if (value)
        return wrong(r, "+no%s takes no value", flag->name);
    if (!flag->no)
        return wrong(r, "+no%s has no meaning", flag->name);
    if (flag->take == take_padding) {
        r->now->padding = 0;
        r->now->padding_chosen = true;
    } else if (flag->take == take_bufsize)
        r->now->bufsize = 0;
    else if (flag->take == take_tls || flag->take == take_https || flag->take == take_quic ||
             flag->take == take_odoh)
        r->now->via = no_via;
    else if (!strcmp(flag->name, "all"))
        set_all(r->now, false);
    else
        set_bool(r->now, flag->offset, false);
    return WR_OK;
}

static int take_yes(struct reader *r, const struct flag *flag, const char *value)
{
    if (flag->take)
        return flag->take(r, r->now, value);
    if (value)
        return wrong(r, "+%s takes no value", flag->name);
    if (flag->offset == NO_BOOL)
        set_all(r->now, true);
    else
        set_bool(r->now, flag->offset, true);
    if (flag->offset == offsetof(struct wr_askflags, dnssec_ok) ||
        flag->offset == offsetof(struct wr_askflags, nsid))
        r->now->edns = true;
    return WR_OK;
}

int wr_askplus_take(struct wr_askflags *now, const char *word, char why[WR_ASKFLAGS_WHY_SIZE])
{
    struct reader read = {.now = now, .why = why}, *r = &read;
    size_t n = strcspn(word, "=");
    const char *value = word[n] ? word + n + 1 : NULL;
    bool many, many_no = false;
    const struct flag *flag = find_flag(word, n, &many);

    if (flag)
        return take_yes(r, flag, value);
    if (n > 2 && !strncmp(word, "no", 2)) {
        flag = find_flag(word + 2, n - 2, &many_no);
        if (flag)
            return take_no(r, flag, value);
    }
    return unknown_flag(r, word, n, many || many_no);
}

size_t wr_askplus_opts(struct wr_opt ret_rows[WR_ASKPLUS_MAX])
{
    static char names[WR_ASKPLUS_MAX][NAME_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < WR_ARRAY_LEN(flags) && n < WR_ASKPLUS_MAX; i++) {
        if (!flags[i].help)
            continue;
        snprintf(names[n], NAME_SIZE, "+%s%s", flags[i].no ? "[no]" : "", flags[i].name);
        ret_rows[n] =
            (struct wr_opt){.name = names[n], .meta = flags[i].meta, .help = flags[i].help};
        n++;
    }
    return n;
}
