/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/record.h"

#include "base/err.h"
#include "dns/codes.h"
#include "dns/lex.h"
#include "dns/scan.h"
#include "dns/word.h"

#define TTL_MAX 0x7fffffffu /* RFC 2181 section 8 */

struct line {
    struct wr_lex lex;
    const uint8_t *zone;
    size_t column; /* of the word looked at */
    const char *why;
};

static int wrong(struct line *l, const char *why)
{
    l->why = why;
    return WR_E_FORMAT;
}

static int next(struct line *l, struct wr_lex_word *ret_word, const char *missing)
{
    int err = wr_lex_next(&l->lex, ret_word);
    if (err == WR_E_NOTFOUND) {
        l->column = l->lex.n + 1;
        return wrong(l, missing);
    }
    if (err) {
        l->column = l->lex.pos + 1;
        return wrong(l, "an open quotation mark or parenthesis");
    }
    l->column = ret_word->column;
    return WR_OK;
}

/* An absolute name, or one below the zone. */
static int read_owner(struct line *l, const struct wr_lex_word *word, struct wr_name *ret_owner)
{
    struct wr_name n;
    if (wr_word_name(word->text, word->n, l->zone, &n) != WR_OK) {
        return wrong(
            l, "expected a name: labels of at most 63 octets with dots between them, 255 in all");
    }
    if (!wr_name_in(n.wire, l->zone)) {
        return wrong(l, "the name is not in its zone");
    }
    *ret_owner = n;
    return WR_OK;
}

/* TTL and class in either order, then the type. */
static int read_type(struct line *l, struct wr_record_line *r)
{
    struct wr_lex_word word;
    bool has_ttl = false, has_class = false;
    for (;;) {
        uint16_t class_;
        int err = next(l, &word, "expected a type, as A or TXT");
        if (err) {
            return err;
        }
        bool digit = word.n > 0 && word.text[0] >= '0' && word.text[0] <= '9';
        if (digit && !has_ttl) {
            has_ttl = true;
            if (wr_word_seconds(word.text, word.n, TTL_MAX, &r->ttl) != WR_OK) {
                return wrong(
                    l, "expected a type, as A, or a TTL, as 300, 5m or 1h, of at most 68 years");
            }
        } else if (wr_codes_type_from_text(word.text, word.n, &r->type) == WR_OK &&
                   r->type != WR_TYPE_ANY) {
            return WR_OK;
        } else if (!has_class && wr_codes_class_from_text(word.text, word.n, &class_) == WR_OK) {
            if (class_ != WR_CLASS_IN) {
                return wrong(l, "the only class here is IN");
            }
            has_class = true;
        } else {
            return wrong(l, "expected a type, as A or TXT");
        }
    }
}

static int read_line(struct line *l, struct wr_record_line *r, uint8_t *rdata, size_t cap)
{
    struct wr_lex_word word;
    struct wr_writer w;
    size_t column = 1;
    int err = next(l, &word, "expected a name, a type and its data, as \"printer A 192.0.2.4\"");
    if (!err) {
        err = read_owner(l, &word, &r->owner);
    }
    if (!err) {
        err = read_type(l, r);
    }
    if (err) {
        return err;
    }
    if (wr_codes_type_is_meta(r->type)) {
        return wrong(l, "no type of stored data");
    }
    size_t at = l->lex.pos;
    wr_buf_write_init(&w, rdata, cap);
    err = wr_scan_rdata(l->lex.text + at, l->lex.n - at, r->type, l->zone, &w, &column);
    if (err) {
        l->column = at + column;
        return wrong(l, err == WR_E_SHORT  ? "the data is not complete"
                        : err == WR_E_FULL ? "the data is too long"
                        : err == WR_E_UNSUPPORTED
                            ? "this type is written in the generic form: \\# LENGTH HEX"
                            : "the data does not fit the type");
    }
    r->size = (uint16_t)w.pos;
    return WR_OK;
}

int wr_record_line_read(const char *text, size_t n, const uint8_t *zone, uint32_t ttl,
                        uint8_t *rdata, size_t cap, struct wr_record_line *ret_record,
                        size_t *ret_column, const char **ret_why)
{
    struct line l = {.zone = zone};
    struct wr_record_line r = {.ttl = ttl};
    wr_lex_init(&l.lex, text, n);
    int err = read_line(&l, &r, rdata, cap < WR_RECORD_RDATA_MAX ? cap : WR_RECORD_RDATA_MAX);
    if (err) {
        *ret_column = l.column;
        *ret_why = l.why;
        return err;
    }
    *ret_record = r;
    return WR_OK;
}
