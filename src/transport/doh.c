/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/doh.h"

#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/msg.h"

enum {
    SOA_NUMBERS = 20,    /* the five numbers at the end of its rdata */
    TTL_BEFORE_DATA = 6, /* a TTL stands so many octets before the rdata */
    FLAG_RESPONSE = 0x80,
    OPCODE_BITS = 0x78,
};

/* --- a server's side ---------------------------------------------------------------------------- */

static unsigned method_bit(uint8_t method)
{
    return method == WR_HTTP_POST                            ? WR_DOH_POST
           : method == WR_HTTP_GET || method == WR_HTTP_HEAD ? WR_DOH_GET
                                                             : 0;
}

static const char *allow_text(unsigned methods)
{
    switch (methods) {
    case WR_DOH_GET: return "GET, HEAD";
    case WR_DOH_POST: return "POST";
    default: return "GET, HEAD, POST";
    }
}

/* A claim is plain: letters, digits, and what RFC 3986 calls unreserved. */
static bool claim_plain(const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';

        if (!plain) {
            return false;
        }
    }
    return n >= 1 && n <= WR_DOH_CLAIM_MAX && at[0] != '.';
}

static bool resource_has(const struct wr_doh_resource *r, struct wr_str_part path,
                         struct wr_str_part *ret_claim)
{
    size_t n = strlen(r->path);

    *ret_claim = (struct wr_str_part){NULL, 0};
    if (path.n < n || memcmp(path.at, r->path, n) != 0) {
        return false;
    }
    if (path.n == n) {
        return true;
    }
    if (!r->below || path.at[n] != '/' || !claim_plain(path.at + n + 1, path.n - n - 1)) {
        return false;
    }
    *ret_claim = (struct wr_str_part){path.at + n + 1, path.n - n - 1};
    return true;
}

struct wr_str_part wr_doh_parameter(struct wr_str_part parameters, const char *name)
{
    struct wr_str_part found = {NULL, 0};
    size_t name_size = strlen(name);
    const char *at = parameters.at;
    size_t left = parameters.n;

    while (left > 0) {
        const char *end = memchr(at, '&', left);
        size_t n = end != NULL ? (size_t)(end - at) : left;

        if (n > name_size && memcmp(at, name, name_size) == 0 && at[name_size] == '=') {
            if (found.at != NULL) {
                return (struct wr_str_part){NULL, 0};
            }
            found = (struct wr_str_part){at + name_size + 1, n - name_size - 1};
        }
        at += n + (end != NULL);
        left -= n + (end != NULL);
    }
    return found;
}

/* A DNS message that is a query; in early data only what may be asked twice. */
static uint16_t judge_message(const struct wr_doh_query *query)
{
    if (query->size < WR_MSG_HEADER_SIZE || (query->bytes[2] & FLAG_RESPONSE) != 0) {
        return 400;
    }
    return query->early && (query->bytes[2] & OPCODE_BITS) != 0 ? 425 : 0;
}

static uint16_t judge_get(const struct wr_doh_site *site, uint8_t *room, struct wr_doh_query *query)
{
    struct wr_str_part text = wr_doh_parameter(query->parameters, "dns");
    int err;

    if (query->kind != WR_DOH_DNS) {
        query->bytes = NULL;
        query->size = 0;
        return 0;
    }
    if (text.at == NULL) {
        return 400;
    }
    err = wr_enc_from_base64url(text.at, text.n, room, site->message_max, &query->size);
    query->bytes = room;
    return err == WR_OK ? judge_message(query) : err == WR_E_FULL ? 414 : 400;
}

static uint16_t judge_post(const struct wr_http_message *message, struct wr_doh_query *query)
{
    query->bytes = message->body;
    query->size = message->size;
    return query->kind == WR_DOH_DNS ? judge_message(query) : 0;
}

/* The row for path, method and type; else the status. */
static uint16_t site_find(const struct wr_doh_site *site, const struct wr_http_message *message,
                          struct wr_str_part path, struct wr_doh_query *query,
                          const char **ret_allow)
{
    unsigned bit = method_bit(message->head.method), methods = 0;
    uint16_t status = 404;

    for (uint8_t i = 0; i < site->count && i < WR_DOH_RESOURCES_MAX; i++) {
        const struct wr_doh_resource *r = &site->resource[i];
        struct wr_str_part claim;

        if (!resource_has(r, path, &claim)) {
            continue;
        }
        methods |= r->methods;
        if ((r->methods & bit) == 0) {
            status = status == 404 ? 405 : status;
        } else if (bit == WR_DOH_POST && (message->head.type != r->type || message->head.encoded)) {
            status = 415;
        } else {
            query->kind = r->kind;
            query->claim = claim;
            query->path = (struct wr_str_part){r->path, strlen(r->path)};
            return 0;
        }
    }
    *ret_allow = status == 405 ? allow_text(methods) : NULL;
    return status;
}

uint16_t wr_doh_judge(const struct wr_doh_site *site, const struct wr_http_message *message,
                      bool early, uint8_t *room, struct wr_doh_query *ret_query,
                      const char **ret_allow)
{
    struct wr_str_part path = message->target;
    const char *mark = path.n > 0 ? memchr(path.at, '?', path.n) : NULL;
    uint16_t status;

    *ret_allow = NULL;
    *ret_query = (struct wr_doh_query){.stream = message->stream,
                                       .method = message->head.method,
                                       .early = early || message->head.early};
    if (message->err == WR_E_FULL) {
        return 431;
    }
    if (message->head.method == WR_HTTP_UNKNOWN) {
        return 501;
    }
    if (mark != NULL) {
        size_t n = (size_t)(mark - path.at);
        ret_query->parameters = (struct wr_str_part){mark + 1, path.n - n - 1};
        path.n = n;
    }
    status = site_find(site, message, path, ret_query, ret_allow);
    if (status != 0) {
        return status;
    }
    if (message->err != WR_OK) {
        return message->err == WR_E_LIMIT ? 413 : 503;
    }
    return message->head.method == WR_HTTP_POST ? judge_post(message, ret_query)
                                                : judge_get(site, room, ret_query);
}

static uint32_t soa_minimum(const uint8_t *response, size_t size, const struct wr_msg_rr *rr)
{
    struct wr_reader r;

    if (rr->rdlength < SOA_NUMBERS) {
        return 0;
    }
    wr_buf_read_init(&r, response, size);
    wr_buf_seek(&r, rr->rdata + rr->rdlength - 4);
    return wr_buf_get_u32(&r);
}

uint32_t wr_doh_max_age(const uint8_t *response, size_t size)
{
    uint32_t age = UINT32_MAX;
    struct wr_msg m;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;

    if (wr_msg_parse(&m, response, size) != WR_OK ||
        (wr_msg_rcode(&m) != WR_RCODE_NOERROR && wr_msg_rcode(&m) != WR_RCODE_NXDOMAIN)) {
        return 0;
    }
    walk = wr_msg_walk(&m, WR_SECTION_ANSWER);
    while (wr_msg_next(&walk, &rr)) {
        age = rr.ttl < age ? rr.ttl : age;
    }
    walk = wr_msg_walk(&m, WR_SECTION_AUTHORITY);
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type == WR_TYPE_SOA) {
            uint32_t minimum = soa_minimum(response, size, &rr);

            minimum = rr.ttl < minimum ? rr.ttl : minimum;
            return minimum < age ? minimum : age; /* also an alias whose end has no such type */
        }
    }
    return wr_msg_rcode(&m) == WR_RCODE_NOERROR && age != UINT32_MAX ? age : 0;
}

/* --- a client's side ---------------------------------------------------------------------------- */

int wr_doh_check(const uint8_t *query, size_t query_size, const uint8_t *response, size_t size)
{
    struct wr_msg q, r;

    if (wr_msg_parse(&q, query, query_size) != WR_OK || wr_msg_parse(&r, response, size) != WR_OK ||
        (r.wire[2] & FLAG_RESPONSE) == 0 || wr_msg_opcode(&q) != wr_msg_opcode(&r)) {
        return WR_E_FORMAT;
    }
    if (r.qdcount == 0 && wr_msg_rcode(&r) != WR_RCODE_NOERROR) {
        return WR_OK; /* a server that could not read the question cannot repeat it */
    }
    if (q.qdcount != r.qdcount || q.qtype != r.qtype || q.qclass != r.qclass ||
        (q.qdcount > 0 && !wr_name_equal(q.qname.wire, r.qname.wire))) {
        return WR_E_FORMAT;
    }
    return WR_OK;
}

void wr_doh_age(uint8_t *response, size_t size, uint32_t age_s)
{
    static const enum wr_section sections[] = {WR_SECTION_ANSWER, WR_SECTION_AUTHORITY,
                                               WR_SECTION_ADDITIONAL};
    struct wr_msg m;

    if (age_s == 0 || wr_msg_parse(&m, response, size) != WR_OK) {
        return;
    }
    for (size_t i = 0; i < WR_ARRAY_LEN(sections); i++) {
        struct wr_msg_walk walk = wr_msg_walk(&m, sections[i]);
        struct wr_msg_rr rr;

        while (wr_msg_next(&walk, &rr)) {
            struct wr_writer w;

            if (rr.type == WR_TYPE_OPT || rr.type == WR_TYPE_TSIG) {
                continue;
            }
            wr_buf_write_init(&w, response, size);
            w.pos = rr.rdata - TTL_BEFORE_DATA;
            wr_buf_put_u32(&w, rr.ttl > age_s ? rr.ttl - age_s : 0);
        }
    }
}

size_t wr_doh_target_size(size_t path_size, size_t message_size)
{
    return path_size + sizeof("?dns=") + (message_size + 2) / 3 * 4;
}

struct wr_str_part wr_doh_target(const char *path, const uint8_t *message, size_t size, char *room,
                                 size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, room, cap);
    wr_str_text(&s, path);
    wr_str_text(&s, "?dns=");
    wr_enc_base64url(&s, message, size);
    wr_assert(!s.cut);
    return (struct wr_str_part){room, s.len};
}
