/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askflags.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/askplus.h"
#include "conf/mistakes.h"
#include "dns/codes.h"
#include "dns/reverse.h"

enum { ZONE_SIZE = 16, BUFSIZE_DEFAULT = 1232 };

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
            return wrong_word(r, word,
                              "no record type (TYPE65280 is one by number), no class, and no "
                              "second name: that needs a dot");
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

static const struct wr_opt options[] = {
    {.letter = 'p', .meta = "PORT", .help = "the server's port (default 53)"},
    {.letter = 'b', .meta = "ADDRESS", .help = "ask from this address"},
    {.letter = '4', .help = "ask over IPv4 alone"},
    {.letter = '6', .help = "ask over IPv6 alone"},
    {.letter = 'q', .meta = "NAME", .help = "the name, where it looks like a type"},
    {.letter = 't', .meta = "TYPE", .help = "the record type (default A)"},
    {.letter = 'c', .meta = "CLASS", .help = "the class (default IN)"},
    {.letter = 'x', .meta = "ADDRESS", .help = "ask for the name of an address"},
    {.name = "json", .help = "as +json"},
};

void wr_askflags_opts(struct wr_opts *ret_opts)
{
    static struct wr_opt rows[WR_ARRAY_LEN(options) + WR_ASKPLUS_MAX];

    memcpy(rows, options, sizeof(options));
    *ret_opts = (struct wr_opts){
        .verb = "ask",
        .usage = "[@SERVER[#PORT]] NAME [TYPE] [CLASS] [NAME ...]",
        .about =
            "Asks a DNS server and prints what it answers, as kdig does. Without @SERVER those "
            "of\n/etc/resolv.conf; @URL is one as a configuration has it (tls://192.0.2.1#name="
            "dns.example).\nWhat stands before the first name holds for all questions. With +tls "
            "and no word of what\nthe server proves its certificate is told and not "
            "insisted on; with +pin, +tls-ca or\n+tls-host it is. Exit status: 0 every question "
            "got "
            "a reply (whatever it says), 1 one did\nnot, 2 not understood.\n\nWith +odoh=PROXY, "
            "@SERVER is the name of the target, which the proxy looks up; addresses, pins\nand "
            "authorities are about the proxy. The target's configuration is fetched by way of "
            "the\nproxy, unless it is pinned.",
        .table = rows,
        .rows = WR_ARRAY_LEN(options) + wr_askplus_opts(rows + WR_ARRAY_LEN(options)),
    };
}

static bool wants_value(char letter)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(options); i++)
        if (options[i].letter == letter && options[i].meta)
            return true;
    return false;
}

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
    if (wants_value(word[1]))
        return take_valued(r, word);
    return wrong_word(r, word, "unknown option");
}

static int take_server(struct reader *r, const char *word)
{
    struct wr_uri_error mistake = {"", 0};
    struct wr_addr addr;
    char zone[ZONE_SIZE];
    struct wr_uri uri;

    if (!*word)
        return wrong(r, "@ wants a server behind it");
    if (strstr(word, "://")) { /* a URL, as in a configuration (cli/askurl) */
        if (wr_uri_from_text(word, strlen(word), &uri, &mistake) != WR_OK)
            return wrong(r, "@%.160s: %s, at octet %zu", word, mistake.why, mistake.at + 1);
        r->now->server = word;
        return WR_OK;
    }
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
    f->header = f->comments = f->opt = f->question = f->answer = f->authority = f->additional =
        f->stats = true;
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
            err = wr_askplus_take(r.now, word + 1, list->why);
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
