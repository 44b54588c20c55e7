/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askflags.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/mistakes.h"
#include "dns/codes.h"
#include "dns/reverse.h"

enum {
    ZONE_SIZE = 16,
    TIMEOUT_MAX_S = 3600,
    RETRY_MAX = 100,
    BUFSIZE_DEFAULT = 1232,
    PADDING_DEFAULT = 128, /* RFC 8467 section 4.1 */
    FLAGS_MAX = 64
};

struct reader {
    struct wr_asklist *list;
    struct wr_askflags *now; /* what a flag changes: the common part, or the last question */
    char **argv;
    int argc, at;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct reader *r, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(r->list->why, sizeof(r->list->why), format, list);
    va_end(list);
    return WR_E_USAGE;
}

static int wrong_word(struct reader *r, const char *word, const char *what)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE];

    return wrong(r, "%s: %s", wr_mistakes_quote(word, strlen(word), quoted), what);
}

/* --- flags behind "+" --- */

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

struct flag {
    const char *name;
    size_t offset;    /* of the bool that +name sets and +noname clears */
    take_value *take; /* reads "=value", or NULL: there is none */
};

#define FLAG(text, field)                               \
    {                                                   \
        text, offsetof(struct wr_askflags, field), NULL \
    }
#define VALUE(text, field, take)                        \
    {                                                   \
        text, offsetof(struct wr_askflags, field), take \
    }

/* NO_BOOL: "no" has no meaning. */
#define NO_BOOL SIZE_MAX
static const struct flag flags[] = {
    FLAG("aaflag", aa),
    FLAG("tcflag", tc),
    FLAG("rdflag", rd),
    FLAG("recurse", rd),
    FLAG("raflag", ra),
    FLAG("zflag", z),
    FLAG("adflag", ad),
    FLAG("ad", ad), /* "additional" begins so too */
    FLAG("cdflag", cd),
    FLAG("doflag", dnssec_ok),
    FLAG("dnssec", dnssec_ok),
    FLAG("short", brief),
    FLAG("json", json),
    FLAG("qr", query),
    FLAG("header", header),
    FLAG("comments", comments),
    FLAG("opt", opt),
    FLAG("question", question),
    FLAG("answer", answer),
    FLAG("authority", authority),
    FLAG("additional", additional),
    FLAG("stats", stats),
    FLAG("class", show_class),
    FLAG("ttl", show_ttl),
    FLAG("tcp", tcp),
    FLAG("ignore", ignore),
    FLAG("badcookie", badcookie),
    FLAG("nsid", nsid),
    VALUE("edns", edns, take_edns),
    VALUE("cookie", cookie, take_cookie),
    VALUE("subnet", ecs, take_subnet),
    {"padding", NO_BOOL, take_padding},
    {"bufsize", NO_BOOL, take_bufsize},
    {"timeout", NO_BOOL, take_timeout},
    {"retry", NO_BOOL, take_retry},
    {"all", NO_BOOL, NULL},
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
        if (found && found->offset != flags[i].offset)
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
    if (flag->take == take_padding)
        r->now->padding = 0;
    else if (flag->take == take_bufsize)
        r->now->bufsize = 0;
    else if (!strcmp(flag->name, "all"))
        set_all(r->now, false);
    else if (flag->offset == NO_BOOL)
        return wrong(r, "+no%s has no meaning", flag->name);
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

static int take_flag(struct reader *r, const char *word)
{
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

/* --- questions --- */

/* Behind a name that has its type and class, or none: the next question. */
static int new_question(struct reader *r)
{
    if (r->list->count == WR_ASKFLAGS_MAX)
        return wrong(r, "more than %d questions in one call", WR_ASKFLAGS_MAX);
    /* A type that stood before the first name belongs to it, not to all. */
    r->list->item[r->list->count] = r->list->common;
    r->now = &r->list->item[r->list->count++];
    r->list->common.has_type = r->list->common.has_class = false;
    r->list->common.type = WR_TYPE_A;
    r->list->common.class_ = WR_CLASS_IN;
    return WR_OK;
}

static int take_name(struct reader *r, const char *word)
{
    struct wr_name name;
    int err;

    if (wr_name_from_text(word, strlen(word), &name) != WR_OK)
        return wrong_word(r, word, "no domain name (labels of 1 to 63, 255 octets in all)");
    if (r->now->has_name || r->list->count == 0) {
        err = new_question(r);
        if (err)
            return err;
    }
    r->now->name = name;
    r->now->has_name = true;
    return WR_OK;
}

static int take_type(struct reader *r, const char *word)
{
    uint16_t type;

    if (wr_codes_type_from_text(word, strlen(word), &type) != WR_OK)
        return wrong_word(r, word, "no record type");
    if (type == WR_TYPE_AXFR || type == WR_TYPE_IXFR)
        return wrong_word(r, word, "zone transfers are not done");
    r->now->type = type;
    r->now->has_type = true;
    return WR_OK;
}

static int take_class(struct reader *r, const char *word)
{
    if (wr_codes_class_from_text(word, strlen(word), &r->now->class_) != WR_OK)
        return wrong_word(r, word, "no class");
    r->now->has_class = true;
    return WR_OK;
}

/* A word without sign: type, class or name, whichever fits and is not there yet. */
static int take_word(struct reader *r, const char *word)
{
    uint16_t code;

    if (!strchr(word, '.')) {
        if (!r->now->has_type && wr_codes_type_from_text(word, strlen(word), &code) == WR_OK)
            return take_type(r, word);
        if (!r->now->has_class && wr_codes_class_from_text(word, strlen(word), &code) == WR_OK)
            return take_class(r, word);
        if (r->now->has_name)
            return wrong_word(r, word, "no record type, no class, and a second name needs a dot");
    }
    return take_name(r, word);
}

/* The name that stands for an address. */
static int take_reverse(struct reader *r, const char *word)
{
    struct wr_addr addr;
    struct wr_name name;
    char text[WR_NAME_TEXT_SIZE];
    int err;

    if (wr_addr_from_text(word, &addr) != WR_OK || addr.port || addr.scope ||
        wr_reverse_name(&addr, &name) != WR_OK)
        return wrong_word(r, word, "-x wants an address");
    wr_name_to_text(name.wire, text, sizeof(text));
    err = take_name(r, text);
    if (!err && !r->now->has_type)
        err = take_type(r, "PTR");
    return err;
}

/* --- options --- */

/* The value of "-p 53" or "-p53". */
static const char *option_value(struct reader *r, const char *word)
{
    if (word[2])
        return word + 2;
    return r->at + 1 < r->argc ? r->argv[++r->at] : NULL;
}

static int take_port(struct reader *r, const char *value)
{
    uint64_t port;

    if (wr_str_to_u64(value, strlen(value), UINT16_MAX, &port) != WR_OK || port == 0)
        return wrong_word(r, value, "no port from 1 to 65535");
    r->now->port = value;
    return WR_OK;
}

static int take_valued(struct reader *r, const char *word)
{
    const char *value = option_value(r, word);

    if (!value)
        return wrong_word(r, word, "wants a value");
    switch (word[1]) {
    case 'p': return take_port(r, value);
    case 'b': r->now->from = value; return WR_OK;
    case 'q': return take_name(r, value);
    case 't': return take_type(r, value);
    case 'c': return take_class(r, value);
    default: return take_reverse(r, value);
    }
}

static int take_option(struct reader *r, const char *word)
{
    if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
        r->list->help = true;
        return WR_OK;
    }
    if (!strcmp(word, "--json")) {
        r->now->json = true;
        return WR_OK;
    }
    if (!strcmp(word, "-4") || !strcmp(word, "-6")) {
        r->now->family = word[1] == '4' ? WR_AF_V4 : WR_AF_V6;
        return WR_OK;
    }
    if (word[1] && strchr("pbqtcx", word[1]))
        return take_valued(r, word);
    return wrong_word(r, word, "unknown option");
}

static int take_server(struct reader *r, const char *word)
{
    struct wr_addr addr;
    char zone[ZONE_SIZE];

    if (!*word)
        return wrong(r, "@ wants a server behind it");
    if (wr_askflags_server(word, 53, &addr, zone) == WR_E_RANGE)
        return wrong_word(r, word, "the port is no number from 1 to 65535");
    r->now->server = word;
    return WR_OK;
}

static void set_defaults(struct wr_askflags *f)
{
    memset(f, 0, sizeof(*f));
    f->type = WR_TYPE_A;
    f->class_ = WR_CLASS_IN;
    f->timeout_ms = 5000;
    f->retry = 2;
    f->rd = f->ad = f->edns = f->badcookie = true;
    f->show_class = f->show_ttl = true;
    f->bufsize = BUFSIZE_DEFAULT;
    set_all(f, true);
}

/* Nothing but a server: the root's name servers, as kdig does. */
static int finish(struct reader *r)
{
    int err;

    if (r->list->count || r->list->help)
        return WR_OK;
    if (!r->list->common.server && !r->list->common.has_type)
        return wrong(r, "no name to ask for");
    err = take_name(r, ".");
    if (!err && !r->now->has_type)
        err = take_type(r, "NS");
    return err;
}

int wr_askflags_read(struct wr_asklist *list, int argc, char **argv)
{
    struct reader r = {.list = list, .now = &list->common, .argv = argv, .argc = argc};
    int err = WR_OK;

    set_defaults(&list->common);
    list->count = 0;
    list->help = false;
    list->why[0] = '\0';
    for (; r.at < argc && !err && !list->help; r.at++) {
        const char *word = argv[r.at];

        if (word[0] == '@')
            err = take_server(&r, word + 1);
        else if (word[0] == '+')
            err = take_flag(&r, word + 1);
        else if (word[0] == '-' && word[1])
            err = take_option(&r, word);
        else
            err = take_word(&r, word);
    }
    return err ? err : finish(&r);
}

int wr_askflags_server(const char *text, uint16_t port, struct wr_addr *ret_addr, char *ret_zone)
{
    char copy[WR_ADDR_TEXT_SIZE];
    const char *hash = strchr(text, '#');
    size_t n = hash ? (size_t)(hash - text) : strlen(text);
    struct wr_addr addr;
    uint64_t number = port;
    char *percent;

    ret_zone[0] = '\0';
    if (hash &&
        (wr_str_to_u64(hash + 1, strlen(hash + 1), UINT16_MAX, &number) != WR_OK || number == 0))
        return WR_E_RANGE;
    if (n >= sizeof(copy))
        return WR_E_FORMAT;
    memcpy(copy, text, n);
    copy[n] = '\0';
    percent = strchr(copy, '%');
    if (percent) {
        size_t zone = strcspn(percent + 1, "]");

        if (zone == 0 || zone >= ZONE_SIZE)
            return WR_E_FORMAT;
        memcpy(ret_zone, percent + 1, zone);
        ret_zone[zone] = '\0';
        memmove(percent, percent + 1 + zone, strlen(percent + 1 + zone) + 1);
    }
    if (wr_addr_from_text(copy, &addr) != WR_OK)
        return WR_E_FORMAT;
    if (addr.port == 0)
        addr.port = (uint16_t)number;
    *ret_addr = addr;
    return WR_OK;
}
