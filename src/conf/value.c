/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/value.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "conf/listen.h"
#include "conf/mistakes.h"
#include "conf/units.h"
#include "dns/name.h"

enum { NUMBER_DIGITS_MAX = 19 };
#define NUMBER_MAX ((uint64_t)1 << 62)

/* What a reader of one type needs. */
enum { PORT_DNS = 53 };

struct job {
    const struct wr_schema_row *row;
    const char *text;
    size_t n;
    bool plain;
    struct wr_conf_mem *mem;
    void *place;
    char *why;
};

static int expected(const struct job *job, const char *what)
{
    snprintf(job->why, WR_VALUE_WHY_SIZE, "%s", what);
    return WR_E_FORMAT;
}

static int store_text(const struct job *job, const char *text, size_t n)
{
    const char *copy = wr_mem_text(job->mem, text, n);

    if (!copy)
        return WR_E_NOMEM;
    memcpy(job->place, &copy, sizeof(copy));
    return WR_OK;
}

static void store_u32(const struct job *job, uint64_t v)
{
    uint32_t narrow = (uint32_t)v;

    memcpy(job->place, &narrow, sizeof(narrow));
}

static void print_number(const struct wr_schema_row *row, uint64_t v, struct wr_str *out)
{
    switch (row->type) {
    case WR_SCHEMA_MILLIS: wr_units_duration(v, out); break;
    case WR_SCHEMA_SECONDS: wr_units_duration(v * 1000, out); break;
    case WR_SCHEMA_SIZE: wr_units_octets(v, out); break;
    default: wr_str_u64(out, v); break;
    }
}

void wr_value_range(const struct wr_schema_row *row, struct wr_str *out)
{
    if (row->min == 0 && row->max == 0)
        return;
    print_number(row, row->min, out);
    wr_str_text(out, " to ");
    print_number(row, row->max, out);
}

static int out_of_range(const struct job *job)
{
    struct wr_str out;

    wr_str_init(&out, job->why, WR_VALUE_WHY_SIZE);
    wr_value_range(job->row, &out);
    if (job->row->unit) {
        wr_str_char(&out, ' ');
        wr_str_text(&out, job->row->unit);
    }
    return WR_E_RANGE;
}

static int check_range(const struct job *job, uint64_t v)
{
    if (job->row->min == 0 && job->row->max == 0)
        return WR_OK;
    return v < job->row->min || v > job->row->max ? out_of_range(job) : WR_OK;
}

static bool is(const struct job *job, const char *word)
{
    return strlen(word) == job->n && !memcmp(word, job->text, job->n);
}

static int read_bool(const struct job *job)
{
    bool v = is(job, "true");

    if (!job->plain)
        return expected(job, "true or false, without quotation marks");
    if (!v && !is(job, "false"))
        return expected(job, "true or false");
    memcpy(job->place, &v, sizeof(v));
    return WR_OK;
}

static int read_int(const struct job *job)
{
    uint64_t v = 0;
    int err;

    if (!job->plain)
        return expected(job, "a whole number, without quotation marks");
    for (size_t i = 0; i < job->n; i++)
        if (job->text[i] < '0' || job->text[i] > '9')
            return expected(job, "a whole number in decimal digits");
    if (job->n == 0)
        return expected(job, "a whole number");
    if (job->n > 1 && job->text[0] == '0')
        return expected(job, "a decimal number without a leading 0");
    if (job->n > NUMBER_DIGITS_MAX || wr_str_to_u64(job->text, job->n, NUMBER_MAX, &v) != WR_OK)
        return out_of_range(job);
    err = check_range(job, v);
    if (!err)
        store_u32(job, v);
    return err;
}

static int read_millis(const struct job *job)
{
    uint64_t ms;
    int err = wr_units_to_ms(job->text, job->n, &ms);

    if (err == WR_E_FORMAT)
        return expected(job, "a duration with its unit, as 1800ms, 10s, 5m, 12h or 1d");
    if (!err)
        err = check_range(job, ms);
    else
        err = out_of_range(job);
    if (!err)
        memcpy(job->place, &ms, sizeof(ms));
    return err;
}

static int read_seconds(const struct job *job)
{
    uint64_t ms;
    int err = wr_units_to_ms(job->text, job->n, &ms);

    if (err == WR_E_FORMAT)
        return expected(job, "a duration with its unit, as 10s, 5m, 12h or 1d");
    if (err)
        return out_of_range(job);
    if (ms % 1000)
        return expected(job, "a duration of whole seconds");
    err = check_range(job, ms / 1000);
    if (!err)
        store_u32(job, ms / 1000);
    return err;
}

static int read_size(const struct job *job)
{
    uint64_t octets;
    int err = wr_units_to_octets(job->text, job->n, &octets);

    if (err == WR_E_FORMAT)
        return expected(job, "a size with its unit, as 4096B, 64KiB, 16MiB or 1GiB");
    if (!err)
        err = check_range(job, octets);
    else
        err = out_of_range(job);
    if (!err)
        memcpy(job->place, &octets, sizeof(octets));
    return err;
}

static int read_word(const struct job *job)
{
    const char *const *words = job->row->words;
    const char *near;
    struct wr_str out;

    for (uint32_t i = 0; words[i]; i++) {
        if (is(job, words[i])) {
            store_u32(job, i);
            return WR_OK;
        }
    }
    wr_str_init(&out, job->why, WR_VALUE_WHY_SIZE);
    for (uint32_t i = 0; words[i]; i++) {
        wr_str_text(&out, i == 0 ? "" : words[i + 1] ? ", " : " or ");
        wr_str_text(&out, words[i]);
    }
    near = wr_mistakes_nearest(job->text, words);
    if (near) {
        wr_str_text(&out, "; did you mean ");
        wr_str_text(&out, near);
        wr_str_char(&out, '?');
    }
    return WR_E_FORMAT;
}

static int check_length(const struct job *job)
{
    struct wr_str out;

    if (job->n >= job->row->min && job->n <= job->row->max)
        return WR_OK;
    wr_str_init(&out, job->why, WR_VALUE_WHY_SIZE);
    wr_value_range(job->row, &out);
    wr_str_text(&out, " characters");
    return WR_E_RANGE;
}

static int read_string(const struct job *job)
{
    int err = check_length(job);

    for (size_t at = 0; at < job->n && !err;) {
        uint32_t code;
        size_t step = wr_utf8_next(job->text + at, job->n - at, &code);

        if (!step || !wr_utf8_is_visible(code))
            return expected(job, "text without control characters");
        at += step;
    }
    return err ? err : store_text(job, job->text, job->n);
}

static int read_label(const struct job *job)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_.";
    int err = check_length(job);

    for (size_t i = 0; i < job->n && !err; i++)
        if (!job->text[i] || !strchr(allowed, job->text[i]))
            return expected(job, "letters, digits, '-', '_' and '.' only");
    return err ? err : store_text(job, job->text, job->n);
}

static int read_path(const struct job *job)
{
    if (job->n && job->text[0] != '/')
        return expected(job, "a path from the root, as /run/weir/control.sock");
    return read_string(job);
}

/* Copies into a NUL-ended buffer; false: too long, or a NUL inside. */
static bool copy_text(const struct job *job, char *room, size_t cap)
{
    if (job->n >= cap || memchr(job->text, 0, job->n))
        return false;
    memcpy(room, job->text, job->n);
    room[job->n] = '\0';
    return true;
}

static int read_endpoint(const struct job *job)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr;

    memset(&addr, 0, sizeof(addr));
    if (job->n && (!copy_text(job, text, sizeof(text)) || wr_addr_from_text(text, &addr) != WR_OK ||
                   addr.port == 0))
        return expected(job, "an address with its port, as 127.0.0.1:9153 or [::1]:9153");
    memcpy(job->place, &addr, sizeof(addr));
    return WR_OK;
}

static int read_listen(const struct job *job)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_conf_listen listen;

    uint16_t port = job->row->port != 0 ? job->row->port : PORT_DNS;

    if (!copy_text(job, text, sizeof(text)) || wr_listen_from_text(text, port, &listen) != WR_OK)
        return expected(job,
                        "an address or an interface, as 192.168.7.1, [fd00::1]:5353, br-iot or "
                        "br-iot:5353, the port from 1 to 65535");
    memcpy(job->place, &listen, sizeof(listen));
    return WR_OK;
}

/* The prefix somebody meant who set bits behind its length. */
static int host_bits(const struct job *job, char *text)
{
    char *slash = strchr(text, '/');
    char room[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr;
    uint64_t len;

    if (!slash || wr_str_to_u64(slash + 1, strlen(slash + 1), 128, &len) != WR_OK)
        return WR_E_NOTFOUND;
    *slash = '\0';
    if (wr_addr_from_text(text, &addr) != WR_OK || addr.port ||
        len > (addr.family == WR_AF_V4 ? 32u : 128u))
        return WR_E_NOTFOUND;
    addr = wr_addr_mask(&addr, (unsigned)len);
    wr_addr_to_text(&addr, room, sizeof(room));
    snprintf(job->why, WR_VALUE_WHY_SIZE, "a prefix without bits behind its length; %s/%u?", room,
             (unsigned)len);
    return WR_E_FORMAT;
}

static int read_prefix(const struct job *job)
{
    static const char what[] = "a prefix or an address, as 192.168.7.0/24 or fd00::/8";
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_prefix prefix;

    memset(&prefix, 0, sizeof(prefix));
    if (!copy_text(job, text, sizeof(text)))
        return expected(job, what);
    if (wr_addr_prefix_from_text(text, &prefix) == WR_OK) {
        memcpy(job->place, &prefix, sizeof(prefix));
        return WR_OK;
    }
    return host_bits(job, text) == WR_E_FORMAT ? WR_E_FORMAT : expected(job, what);
}

static int read_url(const struct job *job)
{
    struct wr_uri_error error;
    struct wr_uri uri;
    int err = wr_uri_from_text(job->text, job->n, &uri, &error);

    if (err) {
        snprintf(job->why, WR_VALUE_WHY_SIZE, "%s", error.why);
        return err;
    }
    if (!wr_uri_is_served(uri.scheme) &&
        !(job->row->port == WR_HTTPS_PORT && uri.scheme == WR_URI_HTTPS)) {
        snprintf(job->why, WR_VALUE_WHY_SIZE,
                 "this scheme is not supported yet; udp://, tcp://, tls://, https://, odoh:// and "
                 "(where QUIC is built in) quic:// are");
        return WR_E_UNSUPPORTED;
    }
    memcpy(job->place, &uri, sizeof(uri));
    return WR_OK;
}

static int read_name(const struct job *job)
{
    struct wr_name name;
    const uint8_t *copy;

    if (job->n == 0 || wr_name_from_text(job->text, job->n, &name) != WR_OK)
        return expected(job, "a domain name, as cam.example or *.example");
    copy = (const uint8_t *)wr_mem_text(job->mem, (const char *)name.wire, name.size);
    if (!copy)
        return WR_E_NOMEM;
    memcpy(job->place, &copy, sizeof(copy));
    return WR_OK;
}

typedef int reader(const struct job *job);

static reader *const readers[] = {
    [WR_SCHEMA_SECTION] = NULL,       [WR_SCHEMA_ITEMS] = NULL,
    [WR_SCHEMA_BOOL] = read_bool,     [WR_SCHEMA_INT] = read_int,
    [WR_SCHEMA_MILLIS] = read_millis, [WR_SCHEMA_SECONDS] = read_seconds,
    [WR_SCHEMA_SIZE] = read_size,     [WR_SCHEMA_WORD] = read_word,
    [WR_SCHEMA_STRING] = read_string, [WR_SCHEMA_LABEL] = read_label,
    [WR_SCHEMA_PATH] = read_path,     [WR_SCHEMA_ENDPOINT] = read_endpoint,
    [WR_SCHEMA_LISTEN] = read_listen, [WR_SCHEMA_PREFIX] = read_prefix,
    [WR_SCHEMA_URL] = read_url,       [WR_SCHEMA_NAME] = read_name,
};

int wr_value_read(const struct wr_schema_row *row, const struct wr_value_text *text,
                  struct wr_conf_mem *mem, void *place, char why[WR_VALUE_WHY_SIZE])
{
    const struct job job = {.row = row,
                            .text = text->text,
                            .n = text->n,
                            .plain = text->plain,
                            .mem = mem,
                            .place = place,
                            .why = why};

    wr_assert(row->type < WR_ARRAY_LEN(readers) && readers[row->type]);
    return readers[row->type](&job);
}

size_t wr_value_size(uint8_t type)
{
    switch (type) {
    case WR_SCHEMA_BOOL: return sizeof(bool);
    case WR_SCHEMA_MILLIS:
    case WR_SCHEMA_SIZE: return sizeof(uint64_t);
    case WR_SCHEMA_STRING:
    case WR_SCHEMA_LABEL:
    case WR_SCHEMA_PATH:
    case WR_SCHEMA_NAME: return sizeof(void *);
    case WR_SCHEMA_ENDPOINT: return sizeof(struct wr_addr);
    case WR_SCHEMA_LISTEN: return sizeof(struct wr_conf_listen);
    case WR_SCHEMA_PREFIX: return sizeof(struct wr_prefix);
    case WR_SCHEMA_URL: return sizeof(struct wr_uri);
    default: return sizeof(uint32_t);
    }
}

void wr_value_quote(const char *text, struct wr_str *out)
{
    wr_str_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            wr_str_char(out, '\\');
        wr_str_char(out, *text);
    }
    wr_str_char(out, '"');
}

struct wr_value_list wr_value_list(const void *place)
{
    struct wr_value_list list;

    memcpy(&list.items, place, sizeof(list.items));
    memcpy(&list.count, (const unsigned char *)place + sizeof(list.items), sizeof(list.count));
    return list;
}

static void print_addr(const struct wr_schema_row *row, const void *place, struct wr_str *out)
{
    char text[WR_URI_TEXT_SIZE];
    struct wr_prefix prefix;
    struct wr_addr addr;

    text[0] = '\0';
    if (row->type == WR_SCHEMA_URL) {
        wr_uri_to_text(place, text, sizeof(text));
    } else if (row->type == WR_SCHEMA_ENDPOINT) {
        memcpy(&addr, place, sizeof(addr));
        if (addr.family)
            wr_addr_to_text(&addr, text, sizeof(text));
    } else {
        memcpy(&prefix, place, sizeof(prefix));
        wr_addr_to_text(&prefix.addr, text, sizeof(text));
        snprintf(text + strlen(text), 8, "/%u", (unsigned)prefix.len);
    }
    wr_value_quote(text, out);
}

static uint64_t number_at(const struct wr_schema_row *row, const void *place)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;

    if (wr_value_size(row->type) == sizeof(wide)) {
        memcpy(&wide, place, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, place, sizeof(narrow));
    return narrow;
}

static void print_name(const void *place, struct wr_str *out)
{
    char text[WR_NAME_TEXT_SIZE];
    const uint8_t *name;

    memcpy(&name, place, sizeof(name));
    wr_name_to_text(name, text, sizeof(text));
    wr_value_quote(text, out);
}

void wr_value_print(const struct wr_schema_row *row, const void *place, struct wr_str *out)
{
    const char *text;
    bool truth;

    switch (row->type) {
    case WR_SCHEMA_BOOL:
        memcpy(&truth, place, sizeof(truth));
        wr_str_text(out, truth ? "true" : "false");
        break;
    case WR_SCHEMA_WORD: wr_str_text(out, row->words[number_at(row, place)]); break;
    case WR_SCHEMA_STRING:
    case WR_SCHEMA_LABEL:
    case WR_SCHEMA_PATH:
        memcpy(&text, place, sizeof(text));
        wr_value_quote(text, out);
        break;
    case WR_SCHEMA_LISTEN:
        wr_str_char(out, '"');
        wr_listen_to_text(place, out);
        wr_str_char(out, '"');
        break;
    case WR_SCHEMA_ENDPOINT:
    case WR_SCHEMA_PREFIX:
    case WR_SCHEMA_URL: print_addr(row, place, out); break;
    case WR_SCHEMA_NAME: print_name(place, out); break;
    default: print_number(row, number_at(row, place), out); break;
    }
}
