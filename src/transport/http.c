/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

enum {
    OCTETS_MIN = 256,
};

static const struct {
    const char *name;
    uint8_t method;
} methods[] = {
    {"GET", WR_HTTP_GET},        {"POST", WR_HTTP_POST},    {"HEAD", WR_HTTP_HEAD},
    {"PUT", WR_HTTP_OTHER},      {"DELETE", WR_HTTP_OTHER}, {"CONNECT", WR_HTTP_OTHER},
    {"OPTIONS", WR_HTTP_OTHER},  {"TRACE", WR_HTTP_OTHER},  {"PATCH", WR_HTTP_OTHER},
    {"PROPFIND", WR_HTTP_OTHER},
};

static const char *const types[] = {
    [WR_HTTP_TYPE_DNS] = "application/dns-message",
    [WR_HTTP_TYPE_ODOH] = "application/oblivious-dns-message",
    [WR_HTTP_TYPE_OCTETS] = "application/octet-stream",
};

static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {425, "Too Early"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

uint8_t wr_http_method(const char *text, size_t n)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(methods); i++) {
        if (strlen(methods[i].name) == n && memcmp(methods[i].name, text, n) == 0) {
            return methods[i].method;
        }
    }
    return WR_HTTP_UNKNOWN;
}

const char *wr_http_method_name(uint8_t method)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(methods); i++) {
        if (methods[i].method == method) {
            return methods[i].name;
        }
    }
    return "?";
}

uint8_t wr_http_type(const char *text, size_t n)
{
    size_t end = 0;

    while (end < n && text[end] != ';') { /* parameters mean nothing for these types */
        end++;
    }
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t')) {
        end--;
    }
    for (uint8_t i = WR_HTTP_TYPE_DNS; i < WR_ARRAY_LEN(types); i++) {
        if (wr_str_same_n(text, end, types[i])) {
            return i;
        }
    }
    return WR_HTTP_TYPE_OTHER;
}

const char *wr_http_type_name(uint8_t type)
{
    return type < WR_ARRAY_LEN(types) ? types[type] : NULL;
}

const char *wr_http_reason(uint16_t status)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "";
}

void wr_http_cache_control(const struct wr_http_reply *reply, char ret_text[WR_HTTP_CACHE_SIZE])
{
    struct wr_str s;

    wr_str_init(&s, ret_text, WR_HTTP_CACHE_SIZE);
    if (reply->no_store) {
        wr_str_text(&s, "no-store");
    } else if (reply->max_age_s >= 0) {
        wr_str_text(&s, "max-age=");
        wr_str_u64(&s, (uint64_t)reply->max_age_s);
    }
}

static int field_length(struct wr_http_head *head, const char *value, size_t n)
{
    if (head->has_length || wr_str_to_u64(value, n, UINT64_MAX / 2, &head->length) != WR_OK) {
        return WR_E_FORMAT;
    }
    head->has_length = true;
    return WR_OK;
}

static void field_age(struct wr_http_head *head, const char *value, size_t n)
{
    uint64_t age = 0;

    if (wr_str_to_u64(value, n, UINT32_MAX, &age) == WR_OK) {
        head->age_s =
            (uint32_t)age; /* what is no number is as if it were not there (RFC 9111 section 5.1) */
    }
}

int wr_http_field(struct wr_http_head *head, const char *name, size_t name_size, const char *value,
                  size_t value_size)
{
    switch (name_size) { /* most fields mean nothing, and are told so by their length */
    case 3:
        if (wr_str_same_n(name, 3, "age")) {
            field_age(head, value, value_size);
        }
        break;
    case 6:
        if (wr_str_same_n(name, 6, "expect")) {
            head->expect = wr_str_same_n(value, value_size, "100-continue");
            head->expect_other |= !head->expect;
        }
        break;
    case 10:
        if (wr_str_same_n(name, 10, "early-data")) {
            head->early = true; /* also two of them, or with another value (RFC 8470 section 5.1) */
        }
        break;
    case 12:
        if (wr_str_same_n(name, 12, "content-type")) {
            uint8_t type = wr_http_type(value, value_size);
            bool other = head->type != WR_HTTP_TYPE_NONE && head->type != type;

            head->type = other ? WR_HTTP_TYPE_OTHER : type;
        }
        break;
    case 14:
        if (wr_str_same_n(name, 14, "content-length")) {
            return field_length(head, value, value_size);
        }
        break;
    case 16:
        if (wr_str_same_n(name, 16, "content-encoding")) {
            head->encoded |= !wr_str_same_n(value, value_size, "identity");
        }
        break;
    default: break;
    }
    return WR_OK;
}

/* --- memory ------------------------------------------------------------------------------------- */

/* Before each piece of memory, so that its size is known and what is held can be found; keeps malloc's alignment. */
struct piece {
    struct wr_list link;
    size_t size; /* octets behind it */
    size_t unused;
};

_Static_assert(sizeof(struct piece) % 16 == 0, "alignment");

static struct piece *piece_of(void *at)
{
    return at != NULL ? (struct piece *)at - 1 : NULL;
}

void wr_http_heap_init(struct wr_http_heap *heap, const struct wr_http_memory *memory, size_t max)
{
    *heap = (struct wr_http_heap){.memory = *memory, .max = max};
    wr_list_init(&heap->pieces);
}

void wr_http_heap_drop(struct wr_http_heap *heap)
{
    while (!wr_list_empty(&heap->pieces)) {
        wr_http_give(heap, WR_CONTAINER(heap->pieces.next, struct piece, link) + 1);
    }
}

void wr_http_give(struct wr_http_heap *heap, void *at)
{
    struct piece *piece = piece_of(at);

    if (piece != NULL) {
        wr_list_remove(&piece->link);
        heap->used -= piece->size + sizeof(*piece);
        heap->memory.resize(heap->memory.user, piece, 0);
    }
}

void *wr_http_resize(struct wr_http_heap *heap, void *at, size_t size)
{
    const struct piece *piece = piece_of(at);
    size_t held = piece != NULL ? piece->size + sizeof(*piece) : 0;

    return size > heap->max || heap->used - held + size + sizeof(*piece) > heap->max
               ? NULL
               : wr_http_force(heap, at, size);
}

void *wr_http_force(struct wr_http_heap *heap, void *at, size_t size)
{
    struct piece *piece = piece_of(at), *moved;
    size_t held = piece != NULL ? piece->size + sizeof(*piece) : 0;

    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    if (piece != NULL) {
        wr_list_remove(&piece->link);
    }
    moved = heap->memory.resize(heap->memory.user, piece, size + sizeof(*piece));
    if (moved == NULL) {
        heap->failed = true;
        if (piece != NULL) {
            wr_list_append(&heap->pieces, &piece->link); /* it is where it was */
        }
        return NULL;
    }
    wr_list_init(&moved->link);
    wr_list_append(&heap->pieces, &moved->link);
    moved->size = size;
    heap->used += size + sizeof(*moved) - held;
    return moved + 1;
}

int wr_http_octets_add(struct wr_http_heap *heap, struct wr_http_octets *o, const void *bytes,
                       size_t n, size_t max)
{
    if (n > max || o->size > max - n) {
        return WR_E_LIMIT;
    }
    if (o->size + n > o->cap) {
        size_t cap = o->cap == 0 ? OCTETS_MIN : o->cap * 2;
        uint8_t *base;

        cap = cap < o->size + n ? o->size + n : cap > max ? max : cap;
        base = wr_http_resize(heap, o->base, cap);
        if (base == NULL) {
            return WR_E_NOMEM;
        }
        o->base = base;
        o->cap = cap;
    }
    if (bytes != NULL && n > 0) {
        memcpy(o->base + o->size, bytes, n);
        o->size += n;
    }
    return WR_OK;
}

void wr_http_octets_free(struct wr_http_heap *heap, struct wr_http_octets *o)
{
    wr_http_give(heap, o->base);
    *o = (struct wr_http_octets){0};
}
