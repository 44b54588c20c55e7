/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/logblock.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "dns/codes.h"

#define MAGIC 0x574c4231u /* "WLB1" */
/* Octets of the head that are hashed: all before the hash. */
#define HASHED 48
/* Deflate at this level makes 100 000 events a second in a small part of a core. */
#define LEVEL 2
/* Raw deflate with the largest window. */
#define WINDOW (-15)
#define VARINT 10

/* The columns, in the order of the file. Times and numbers are differences to the event before. */
enum column {
    NUMBER,
    WALL,
    MONO,
    KIND,
    COUNT,
    CLIENT,
    DEVICE,
    SEGMENT,
    CLAIM,
    CLAIM_KIND,
    TRANSPORT,
    NAME,
    TYPE,
    RCODE,
    EDE,
    SECURITY,
    SOURCE,
    UPSTREAM,
    SIZE,
    TOOK,
    ACTION,
    BY,
    TRIGGER,
    SHADOW,
    RULE,
    FEED,
    LINE,
    TEXT,
    ASKED, /* may be left out */
    COLUMNS,
};

/* Not a multiple of a page: else all columns would want the same few places of the processor's cache, at each event. */
#define COLUMN_ROOM ((size_t)WR_LOGBLOCK_EVENTS_MAX * VARINT + 64)
#define PLACES      (2u * WR_LOGBLOCK_TEXTS_MAX)
#define TEXT_LONG   255
/* Texts of one event, each at its longest. */
#define TEXTS_EVENT 9u

struct wr_logblock_writer {
    uint32_t events, texts;
    size_t text_used; /* octets of texts, with their sizes */
    size_t used[COLUMNS];
    uint64_t first, last, mono;
    int64_t wall, from_s, to_s;
    bool asked; /* an event has it */
    uint32_t text_at[WR_LOGBLOCK_TEXTS_MAX];
    uint16_t place[PLACES]; /* number of a text and 1 */
    uint8_t text[WR_LOGBLOCK_TEXT_MAX];
    uint8_t column[COLUMNS][COLUMN_ROOM]; /* touched as far as it is used */
    uint8_t raw[WR_LOGBLOCK_RAW_MAX];
    uint8_t out[WR_LOGBLOCK_HEAD + WR_LOGBLOCK_RAW_MAX + 1024];
    z_stream z;
};

/* --- integers --- */

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static size_t put_varint(uint8_t *at, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80) {
        at[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    at[n++] = (uint8_t)v;
    return n;
}

static uint64_t get_varint(struct wr_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t octet = wr_buf_get_u8(r);
        v |= (uint64_t)(octet & 0x7f) << shift;
        if ((octet & 0x80) == 0) {
            return v;
        }
    }
    wr_buf_fail_reader(r, WR_E_FORMAT);
    return 0;
}

/* --- writing --- */

int wr_logblock_create(struct wr_logblock_writer **ret_writer)
{
    struct wr_logblock_writer *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        return WR_E_NOMEM;
    }
    if (deflateInit2(&w->z, LEVEL, Z_DEFLATED, WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(w);
        return WR_E_NOMEM;
    }
    *ret_writer = w;
    return WR_OK;
}

void wr_logblock_destroy(struct wr_logblock_writer *w)
{
    if (w != NULL) {
        deflateEnd(&w->z);
        free(w);
    }
}

uint32_t wr_logblock_events(const struct wr_logblock_writer *w)
{
    return w->events;
}

void wr_logblock_clear(struct wr_logblock_writer *w)
{
    if (w->texts > 0) {
        memset(w->place, 0, sizeof(w->place));
    }
    memset(w->used, 0, sizeof(w->used));
    w->events = w->texts = 0;
    w->text_used = 0;
    w->asked = false;
}

/* The number of a text, from 1; 0 is none. There is room: wr_logblock_add has seen to it. */
static uint32_t number_of(struct wr_logblock_writer *w, const void *bytes, size_t n)
{
    static const struct wr_hash_key key = {{0}};
    if (n == 0) {
        return 0;
    }
    wr_assert(n <= TEXT_LONG);
    uint32_t place = (uint32_t)wr_hash_sip13(&key, bytes, n) & (PLACES - 1);
    for (; w->place[place] != 0; place = (place + 1) & (PLACES - 1)) {
        const uint8_t *have = w->text + w->text_at[w->place[place] - 1];
        if (have[0] == n && memcmp(have + 1, bytes, n) == 0) {
            return w->place[place];
        }
    }
    w->text_at[w->texts] = (uint32_t)w->text_used;
    w->text[w->text_used] = (uint8_t)n;
    memcpy(w->text + w->text_used + 1, bytes, n);
    w->text_used += n + 1;
    w->place[place] = (uint16_t)++w->texts;
    return w->texts;
}

static uint32_t number_of_text(struct wr_logblock_writer *w, const char *text)
{
    return number_of(w, text, strnlen(text, TEXT_LONG));
}

/* 4 or 16 octets, with the interface of a link-local one behind; 8 of one that is hidden. */
static size_t client_octets(const struct wr_addr *a, uint8_t ret[20])
{
    static const uint8_t none[8] = {0};
    size_t n = wr_addr_ip_size(a);
    memcpy(ret, a->ip, 16);
    if (a->family == WR_AF_NONE) {
        return memcmp(a->ip, none, 8) == 0 ? 0 : 8;
    }
    if (a->scope != 0) {
        struct wr_writer w;
        wr_buf_write_init(&w, ret + n, 4);
        wr_buf_put_u32(&w, a->scope);
        n += 4;
    }
    return n;
}

static bool has_room(const struct wr_logblock_writer *w)
{
    return w->events == 0 ||
           (w->events < WR_LOGBLOCK_EVENTS_MAX && w->texts + TEXTS_EVENT <= WR_LOGBLOCK_TEXTS_MAX &&
            w->text_used + TEXTS_EVENT * (TEXT_LONG + 1) <= WR_LOGBLOCK_TEXT_MAX);
}

static void put_row(struct wr_logblock_writer *w, const uint64_t v[COLUMNS])
{
    for (unsigned c = 0; c < COLUMNS; c++) {
        if (v[c] < 0x80) { /* nearly all */
            w->column[c][w->used[c]++] = (uint8_t)v[c];
        } else {
            w->used[c] += put_varint(w->column[c] + w->used[c], v[c]);
        }
    }
}

int wr_logblock_add(struct wr_logblock_writer *w, const struct wr_ledger_event *e)
{
    const struct wr_record *r = &e->record;
    uint8_t name[WR_NAME_MAX], client[20], asked[WR_RECORD_ASKED_SIZE];
    if (!has_room(w)) {
        return WR_E_FULL;
    }
    if (w->events == 0) {
        w->first = e->number;
        w->last = e->number;
        w->from_s = w->to_s = r->wall_s;
        w->wall = 0;
        w->mono = 0;
    }
    size_t client_size = client_octets(&r->client, client);
    size_t name_size = e->name.size == 0 ? 0 : wr_name_lower(e->name.wire, name);
    size_t asked_size = e->asked.family == WR_AF_NONE ? 0 : wr_record_put_asked(&e->asked, asked);
    const uint64_t v[COLUMNS] = {
        [NUMBER] = e->number - w->last,
        [WALL] = zigzag(r->wall_s - w->wall),
        [MONO] = zigzag((int64_t)(r->mono_us - w->mono)),
        [KIND] = e->kind,
        [COUNT] = e->count,
        [CLIENT] = number_of(w, client, client_size),
        [DEVICE] = r->device,
        [SEGMENT] = number_of_text(w, e->segment),
        [CLAIM] = number_of_text(w, e->claim),
        [CLAIM_KIND] = r->claim_kind,
        [TRANSPORT] = r->transport,
        [NAME] = number_of(w, name, name_size),
        [TYPE] = r->qtype,
        [RCODE] = r->rcode,
        [EDE] = (uint64_t)(r->ede + 1),
        [SECURITY] = r->security,
        [SOURCE] = r->source,
        [UPSTREAM] = number_of_text(w, e->upstream),
        [SIZE] = r->reply_size,
        [TOOK] = r->took_us,
        [ACTION] = r->verdict.action,
        [BY] = r->verdict.by,
        [TRIGGER] = r->verdict.trigger,
        [SHADOW] = r->verdict.shadow,
        [RULE] = number_of_text(w, e->rule),
        [FEED] = number_of_text(w, e->feed),
        [LINE] = r->verdict.line,
        [TEXT] = number_of_text(w, e->text),
        [ASKED] = number_of(w, asked, asked_size),
    };
    put_row(w, v);
    w->asked = w->asked || asked_size > 0;
    w->events++;
    w->last = e->number;
    w->wall = r->wall_s;
    w->mono = r->mono_us;
    w->from_s = r->wall_s < w->from_s ? r->wall_s : w->from_s;
    w->to_s = r->wall_s > w->to_s ? r->wall_s : w->to_s;
    return WR_OK;
}

/* Texts and columns behind one another; 0: more than a reader takes, which the bounds above do not let happen. */
static size_t gather(struct wr_logblock_writer *w)
{
    size_t n = put_varint(w->raw, w->texts);
    memcpy(w->raw + n, w->text, w->text_used);
    n += w->text_used;
    for (unsigned c = 0; c < (w->asked ? COLUMNS : ASKED); c++) {
        if (n + VARINT + w->used[c] > sizeof(w->raw)) {
            return 0;
        }
        n += put_varint(w->raw + n, w->used[c]);
        memcpy(w->raw + n, w->column[c], w->used[c]);
        n += w->used[c];
    }
    return n;
}

static bool hash_block(const uint8_t *head, const uint8_t *payload, size_t size,
                       const uint8_t prev[WR_LOGBLOCK_HASH], uint8_t ret[WR_LOGBLOCK_HASH])
{
    struct wr_digest d;
    if (wr_digest_open(&d, WR_HASH_SHA256) != WR_OK) {
        return false;
    }
    wr_digest_add(&d, prev, WR_LOGBLOCK_HASH);
    wr_digest_add(&d, head, HASHED);
    wr_digest_add(&d, payload, size);
    int err = wr_digest_end(&d, ret);
    wr_digest_close(&d);
    return err == WR_OK;
}

size_t wr_logblock_build(struct wr_logblock_writer *w, const uint8_t prev[WR_LOGBLOCK_HASH],
                         const uint8_t **ret_bytes, struct wr_logblock_head *ret_head)
{
    size_t raw = gather(w);
    struct wr_writer out;
    if (raw == 0 || deflateReset(&w->z) != Z_OK) {
        return 0;
    }
    w->z.next_in = w->raw;
    w->z.avail_in = (uInt)raw;
    w->z.next_out = w->out + WR_LOGBLOCK_HEAD;
    w->z.avail_out = (uInt)(sizeof(w->out) - WR_LOGBLOCK_HEAD);
    if (deflate(&w->z, Z_FINISH) != Z_STREAM_END) {
        return 0;
    }
    struct wr_logblock_head head = {
        .size = (uint32_t)(sizeof(w->out) - WR_LOGBLOCK_HEAD - w->z.avail_out),
        .raw = (uint32_t)raw,
        .events = w->events,
        .first = w->first,
        .last = w->last,
        .from_s = w->from_s,
        .to_s = w->to_s};
    wr_buf_write_init(&out, w->out, WR_LOGBLOCK_HEAD);
    wr_buf_put_u32(&out, MAGIC);
    wr_buf_put_u32(&out, head.size);
    wr_buf_put_u32(&out, head.raw);
    wr_buf_put_u32(&out, head.events);
    wr_buf_put_u64(&out, head.first);
    wr_buf_put_u64(&out, head.last);
    wr_buf_put_u64(&out, (uint64_t)head.from_s);
    wr_buf_put_u64(&out, (uint64_t)head.to_s);
    if (!hash_block(w->out, w->out + WR_LOGBLOCK_HEAD, head.size, prev, head.hash)) {
        return 0;
    }
    wr_buf_put_bytes(&out, head.hash, sizeof(head.hash));
    *ret_bytes = w->out;
    *ret_head = head;
    return WR_LOGBLOCK_HEAD + (size_t)head.size;
}

/* --- reading --- */

int wr_logblock_read_head(const uint8_t *bytes, struct wr_logblock_head *ret_head)
{
    struct wr_reader r;
    struct wr_logblock_head h;
    wr_buf_read_init(&r, bytes, WR_LOGBLOCK_HEAD);
    if (wr_buf_get_u32(&r) != MAGIC) {
        return WR_E_FORMAT;
    }
    h.size = wr_buf_get_u32(&r);
    h.raw = wr_buf_get_u32(&r);
    h.events = wr_buf_get_u32(&r);
    h.first = wr_buf_get_u64(&r);
    h.last = wr_buf_get_u64(&r);
    h.from_s = (int64_t)wr_buf_get_u64(&r);
    h.to_s = (int64_t)wr_buf_get_u64(&r);
    memcpy(h.hash, wr_buf_get_bytes(&r, sizeof(h.hash)), sizeof(h.hash));
    if (h.size == 0 || h.size > WR_LOGBLOCK_RAW_MAX + 1024 || h.raw == 0 ||
        h.raw > WR_LOGBLOCK_RAW_MAX || h.events == 0 || h.events > WR_LOGBLOCK_EVENTS_MAX ||
        h.last < h.first) {
        return WR_E_FORMAT;
    }
    *ret_head = h;
    return WR_OK;
}

int wr_logblock_check(const uint8_t *head_bytes, const uint8_t *payload,
                      const uint8_t prev[WR_LOGBLOCK_HASH])
{
    struct wr_logblock_head head;
    uint8_t hash[WR_LOGBLOCK_HASH];
    int err = wr_logblock_read_head(head_bytes, &head);
    if (err != WR_OK) {
        return err;
    }
    return hash_block(head_bytes, payload, head.size, prev, hash) &&
                   memcmp(hash, head.hash, sizeof(hash)) == 0
               ? WR_OK
               : WR_E_CHECKSUM;
}

struct wr_logblock_reader {
    uint32_t events, read, texts;
    uint64_t number, mono;
    int64_t wall;
    bool asked; /* the column is there */
    struct wr_reader column[COLUMNS];
    uint32_t text_at[WR_LOGBLOCK_TEXTS_MAX + 1]; /* [0] is not used */
    uint8_t text_size[WR_LOGBLOCK_TEXTS_MAX + 1];
    z_stream z;
    uint8_t
        raw[WR_LOGBLOCK_RAW_MAX]; /* what stands behind a text becomes its NUL when all is read */
};

int wr_logblock_reader_create(struct wr_logblock_reader **ret_reader)
{
    struct wr_logblock_reader *r = calloc(1, sizeof(*r));
    if (r == NULL || inflateInit2(&r->z, WINDOW) != Z_OK) {
        free(r);
        return WR_E_NOMEM;
    }
    *ret_reader = r;
    return WR_OK;
}

void wr_logblock_reader_destroy(struct wr_logblock_reader *r)
{
    if (r != NULL) {
        inflateEnd(&r->z);
        free(r);
    }
}

static void read_texts(struct wr_logblock_reader *r, struct wr_reader *in)
{
    uint64_t texts = get_varint(in);
    r->texts = 0;
    if (texts > WR_LOGBLOCK_TEXTS_MAX) {
        wr_buf_fail_reader(in, WR_E_FORMAT);
        return;
    }
    for (uint32_t i = 1; i <= texts && in->err == WR_OK; i++) {
        r->text_size[i] = wr_buf_get_u8(in);
        r->text_at[i] = (uint32_t)in->pos;
        wr_buf_skip(in, r->text_size[i]);
    }
    r->texts = in->err == WR_OK ? (uint32_t)texts : 0;
}

/* The sizes are known, and columns stand behind the last text: each gets a NUL where the next one's size was. */
static void end_texts(struct wr_logblock_reader *r)
{
    for (uint32_t i = 1; i <= r->texts; i++) {
        r->raw[r->text_at[i] + r->text_size[i]] = 0;
    }
}

int wr_logblock_open(struct wr_logblock_reader *r, const struct wr_logblock_head *head,
                     const uint8_t *payload)
{
    struct wr_reader in;
    r->events = r->read = 0;
    if (inflateReset(&r->z) != Z_OK) {
        return WR_E_NOMEM;
    }
    r->z.next_in = (Bytef *)(uintptr_t)payload;
    r->z.avail_in = head->size;
    r->z.next_out = r->raw;
    r->z.avail_out = head->raw;
    if (inflate(&r->z, Z_FINISH) != Z_STREAM_END || r->z.avail_out != 0) {
        return WR_E_FORMAT;
    }
    wr_buf_read_init(&in, r->raw, head->raw);
    read_texts(r, &in);
    for (unsigned c = 0; c < COLUMNS; c++) {
        r->asked = wr_buf_left(&in) > 0;
        if (c == ASKED && !r->asked) {
            break;
        }
        uint64_t size = get_varint(&in);
        const uint8_t *bytes = size <= head->raw ? wr_buf_get_bytes(&in, (size_t)size) : NULL;
        if (bytes == NULL) {
            return WR_E_FORMAT;
        }
        wr_buf_read_init(&r->column[c], bytes, (size_t)size);
    }
    if (in.err != WR_OK) {
        return WR_E_FORMAT;
    }
    end_texts(r);
    r->events = head->events;
    r->number = head->first;
    r->wall = 0;
    r->mono = 0;
    return WR_OK;
}

/* The octets of a text; NULL: there is none of that number. */
static const uint8_t *text_of(const struct wr_logblock_reader *r, uint64_t number, size_t *ret_n)
{
    if (number == 0) {
        *ret_n = 0;
        return r->raw;
    }
    if (number > r->texts) {
        return NULL;
    }
    *ret_n = r->text_size[number];
    return r->raw + r->text_at[number];
}

/* NULL: no such text, or one with a NUL in it. */
static const char *read_text(const struct wr_logblock_reader *r, uint64_t number)
{
    size_t n = 0;
    const uint8_t *bytes = text_of(r, number, &n);
    return number == 0                                         ? ""
           : bytes == NULL || strlen((const char *)bytes) != n ? NULL
                                                               : (const char *)bytes;
}

/* Into a room that ends with a NUL; false: no such text, or too long. */
static bool copy_text(const struct wr_logblock_reader *r, uint64_t number, char *room, size_t cap)
{
    const char *text = read_text(r, number);
    if (text == NULL || strlen(text) >= cap) {
        return false;
    }
    memcpy(room, text, strlen(text) + 1);
    return true;
}

static bool read_client(const struct wr_logblock_reader *r, uint64_t number, struct wr_addr *ret)
{
    size_t n = 0;
    const uint8_t *bytes = text_of(r, number, &n);
    if (bytes == NULL || (n != 0 && n != 4 && n != 8 && n != 16 && n != 20)) {
        return false;
    }
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->ip, bytes, n < 16 ? n : 16);
    ret->family = n == 4 ? WR_AF_V4 : n >= 16 ? WR_AF_V6 : WR_AF_NONE;
    if (n == 20) {
        struct wr_reader scope;
        wr_buf_read_init(&scope, bytes + 16, 4);
        ret->scope = wr_buf_get_u32(&scope);
    }
    return true;
}

static bool read_name(const struct wr_logblock_reader *r, uint64_t number, struct wr_name *ret)
{
    size_t n = 0;
    const uint8_t *bytes = text_of(r, number, &n);
    struct wr_reader in;
    memset(ret, 0, sizeof(*ret));
    if (bytes == NULL || n == 0) {
        return bytes != NULL;
    }
    wr_buf_read_init(&in, bytes, n);
    return wr_name_read_plain(&in, ret) == WR_OK && wr_buf_left(&in) == 0;
}

static bool read_asked(const struct wr_logblock_reader *r, uint64_t number, struct wr_addr *ret)
{
    size_t n = 0;
    const uint8_t *bytes = text_of(r, number, &n);
    return bytes != NULL && wr_record_get_asked(bytes, n, ret);
}

static void read_record(const uint64_t v[COLUMNS], struct wr_record *r)
{
    r->device = (uint32_t)v[DEVICE];
    r->took_us = (uint32_t)v[TOOK];
    r->ede = (int16_t)((int32_t)(v[EDE] & 0xffff) - 1);
    r->qtype = (uint16_t)v[TYPE];
    r->rcode = (uint16_t)v[RCODE];
    r->reply_size = (uint16_t)v[SIZE];
    r->security = (uint8_t)v[SECURITY];
    r->source = (uint8_t)v[SOURCE];
    r->transport = (uint8_t)v[TRANSPORT];
    r->claim_kind = (uint8_t)v[CLAIM_KIND];
    r->upstream = 255;
    r->verdict.action = (uint8_t)v[ACTION];
    r->verdict.by = (uint8_t)v[BY];
    r->verdict.trigger = (uint8_t)v[TRIGGER];
    r->verdict.shadow = v[SHADOW] != 0;
    r->verdict.line = (uint32_t)v[LINE];
}

static bool read_event(struct wr_logblock_reader *r, const uint64_t v[COLUMNS],
                       struct wr_ledger_event *e)
{
    memset(&e->record, 0, sizeof(e->record));
    read_record(v, &e->record);
    r->number += v[NUMBER];
    r->wall = (int64_t)((uint64_t)r->wall + (uint64_t)unzigzag(v[WALL]));
    r->mono += (uint64_t)unzigzag(v[MONO]);
    e->number = r->number;
    e->kind = (uint8_t)v[KIND];
    e->count = (uint32_t)v[COUNT];
    e->record.wall_s = r->wall;
    e->record.mono_us = r->mono;
    bool good = v[KIND] < WR_LEDGER_KINDS && read_client(r, v[CLIENT], &e->record.client) &&
                read_name(r, v[NAME], &e->name) && read_asked(r, v[ASKED], &e->asked) &&
                copy_text(r, v[CLAIM], e->claim, sizeof(e->claim)) &&
                copy_text(r, v[TEXT], e->text, sizeof(e->text));
    e->record.name_size = e->name.size;
    e->upstream = read_text(r, v[UPSTREAM]);
    e->rule = read_text(r, v[RULE]);
    e->feed = read_text(r, v[FEED]);
    e->segment = read_text(r, v[SEGMENT]);
    return good && e->upstream != NULL && e->rule != NULL && e->feed != NULL && e->segment != NULL;
}

int wr_logblock_next(struct wr_logblock_reader *r, struct wr_ledger_event *ret_event)
{
    uint64_t v[COLUMNS];
    if (r->read == r->events) {
        return WR_E_NOTFOUND;
    }
    v[ASKED] = 0;
    for (unsigned c = 0; c < (r->asked ? COLUMNS : ASKED); c++) {
        v[c] = get_varint(&r->column[c]);
        if (r->column[c].err != WR_OK) {
            r->events = r->read; /* nothing behind it means anything */
            return WR_E_FORMAT;
        }
    }
    r->read++;
    if (!read_event(r, v, ret_event)) {
        r->events = r->read;
        return WR_E_FORMAT;
    }
    return WR_OK;
}
