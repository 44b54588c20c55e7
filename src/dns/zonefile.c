/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/rdata.h"
#include "dns/scan.h"
#include "dns/word.h"
#include "dns/zonefile.h"

#define TTL_MAX 0x7fffffffu /* RFC 2181 section 8 */
#define GO_ON   (-1)        /* beside enum wr_zonefile_what: nothing to tell */

enum state { READING, GENERATING, ASKED, ENDED };
enum owner_state { OWNER_NONE, OWNER_BROKEN, OWNER_KNOWN };

/* What stands before the rdata. */
struct head {
    uint32_t ttl;
    uint16_t type;
    bool has_ttl, has_class;
    size_t type_at;
};

void wr_zonefile_start(struct wr_zonefile *z, const struct wr_zonefile_options *options)
{
    memset(z, 0, offsetof(struct wr_zonefile, line));
    wr_zoneentry_init(&z->entry, z->room, sizeof(z->room));
    z->class_ = options->class_;
    z->may_generate = options->generate;
    z->has_ttl = options->has_ttl;
    z->ttl = options->ttl;
    if (options->origin) {
        wr_name_set(&z->origin, options->origin);
        z->has_origin = true;
    }
}

static const uint8_t *origin_of(const struct wr_zonefile *z)
{
    return z->has_origin ? z->origin.wire : wr_word_no_origin;
}

/* Lines of $GENERATE have no place of their own: theirs is the entry's. */
static void place(const struct wr_zonefile *z, size_t at, struct wr_zonefile_place *ret)
{
    ret->file = z->levels[z->depth].file;
    wr_zoneentry_place(&z->text, z->state == GENERATING ? 0 : at, &ret->line, &ret->column);
}

/* `at` is an octet of the text in work. */
static int mistake(const struct wr_zonefile *z, size_t at, const char *reason,
                   struct wr_zonefile_event *ret)
{
    *ret = (struct wr_zonefile_event){.reason = reason};
    place(z, at, &ret->place);
    return WR_ZONEFILE_MISTAKE;
}

static const char *reason_of(int err)
{
    switch (err) {
    case WR_E_SHORT: return "the record ends too early";
    case WR_E_RANGE: return "out of range";
    case WR_E_LIMIT: return "more of these than a record may have";
    case WR_E_EXISTS: return "the same parameter twice";
    case WR_E_UNSUPPORTED: return "this can only be written in the generic form, \\# LENGTH HEX";
    case WR_E_FULL: return "longer than a record can be";
    case WR_E_USAGE:
        return "a relative name, and no origin is known: $ORIGIN, or --origin of `weir zone "
               "check`, says it";
    default: return "this is not what the type wants here";
    }
}

static int next_word(struct wr_zonefile *z, struct wr_lex_word *ret)
{
    int err = wr_lex_next(&z->lex, ret);

    if (err) {
        ret->column = z->lex.pos + 1;
    }
    return err;
}

/* No word, though one is needed; or parentheses and quotes that do not fit. */
static int no_word(const struct wr_zonefile *z, int err, const char *what,
                   struct wr_zonefile_event *ret)
{
    return mistake(z, z->lex.pos,
                   err == WR_E_NOTFOUND ? what : "a parenthesis or a quote without its other half",
                   ret);
}

static int expect_end(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_lex_word word;
    int err = next_word(z, &word);

    if (err == WR_E_NOTFOUND) {
        return GO_ON;
    }
    return err ? no_word(z, err, "", ret)
               : mistake(z, word.column - 1, "nothing may stand here", ret);
}

static int read_ttl(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_lex_word word;
    uint32_t ttl;
    int err = next_word(z, &word), what;

    if (err) {
        return no_word(z, err, "$TTL wants seconds", ret);
    }
    err = wr_word_seconds(word.text, word.n, TTL_MAX, &ttl);
    if (err) {
        return mistake(z, word.column - 1,
                       err == WR_E_RANGE ? "a TTL is at most 2147483647 seconds" : "this is no TTL",
                       ret);
    }
    what = expect_end(z, ret);
    if (what == GO_ON) {
        z->default_ttl = ttl;
        z->has_default = true;
    }
    return what;
}

static int read_name(struct wr_zonefile *z, const char *missing, struct wr_name *ret_name,
                     struct wr_zonefile_event *ret)
{
    struct wr_lex_word word;
    int err = next_word(z, &word);

    if (err) {
        return no_word(z, err, missing, ret);
    }
    err = wr_word_name(word.text, word.n, origin_of(z), ret_name);
    if (err) {
        return mistake(z, word.column - 1,
                       err == WR_E_USAGE ? reason_of(err) : "this is no domain name", ret);
    }
    return GO_ON;
}

static int read_origin(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_name name;
    int what = read_name(z, "$ORIGIN wants a name", &name, ret);

    if (what == GO_ON) {
        what = expect_end(z, ret);
    }
    if (what == GO_ON) {
        z->origin = name;
        z->has_origin = true;
    }
    return what;
}

/* The path goes into the room of a line, ended by a NUL. */
static int read_path(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_lex_word word;
    struct wr_writer w;
    int err = next_word(z, &word);

    if (err) {
        return no_word(z, err, "$INCLUDE wants a file", ret);
    }
    wr_buf_write_init(&w, z->line, sizeof(z->line) - 1);
    err = wr_lex_decode(word.text, word.n, &w);
    z->line[w.pos] = 0;
    if (err || w.pos == 0 || strlen(z->line) != w.pos) {
        return mistake(z, word.column - 1, "this is no file name", ret);
    }
    z->asked_at = word.column - 1;
    return GO_ON;
}

static int read_include(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_lex ahead;
    struct wr_lex_word word;
    int what = read_path(z, ret);

    z->staged = z->origin;
    z->has_staged = z->has_origin;
    ahead = z->lex;
    if (what == GO_ON && wr_lex_next(&ahead, &word) == WR_OK) {
        what = read_name(z, "", &z->staged, ret);
        z->has_staged = true;
    }
    if (what == GO_ON) {
        what = expect_end(z, ret);
    }
    if (what != GO_ON) {
        return what;
    }
    if (z->depth + 1 == WR_ZONEFILE_DEPTH_MAX) {
        return mistake(z, z->asked_at, "files include each other too deeply: a loop?", ret);
    }
    if (z->includes == WR_ZONEFILE_INCLUDES_MAX) {
        return mistake(z, z->asked_at, "too many files are included", ret);
    }
    z->includes++;
    z->state = ASKED;
    z->refused = "the file was not included";
    *ret = (struct wr_zonefile_event){.path = z->line};
    place(z, z->asked_at, &ret->place);
    return WR_ZONEFILE_INCLUDE;
}

static int read_generate(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_lex_word word;
    int err = next_word(z, &word);

    if (err) {
        return no_word(z, err, "$GENERATE wants a range", ret);
    }
    if (!z->may_generate) {
        return mistake(z, 0, "$GENERATE is not allowed here", ret);
    }
    err = wr_generate_range(word.text, word.n, &z->generate);
    if (!err && wr_generate_count(&z->generate) > WR_ZONEFILE_GENERATE_MAX - z->generated) {
        err = WR_E_LIMIT;
    }
    if (err) {
        return mistake(z, word.column - 1,
                       err == WR_E_LIMIT ? "$GENERATE stands for too many records"
                                         : "this is no range of numbers",
                       ret);
    }
    if (z->lex.depth) {
        return mistake(z, word.column - 1, "$GENERATE is one line without parentheses", ret);
    }
    z->template_at = z->lex.pos;
    z->state = GENERATING;
    return GO_ON;
}

static int read_directive(struct wr_zonefile *z, const struct wr_lex_word *word,
                          struct wr_zonefile_event *ret)
{
    static const struct {
        const char *name;
        int (*read)(struct wr_zonefile *z, struct wr_zonefile_event *ret);
    } table[] = {{"$TTL", read_ttl},
                 {"$ORIGIN", read_origin},
                 {"$INCLUDE", read_include},
                 {"$GENERATE", read_generate}};

    for (size_t i = 0; i < WR_ARRAY_LEN(table) && z->state != GENERATING; i++) {
        if (wr_str_same_n(word->text, word->n, table[i].name)) {
            return table[i].read(z, ret);
        }
    }
    return mistake(z, word->column - 1, "no such directive", ret);
}

/* The owner as it stands, or a mistake; behind that records without an owner are mistakes too. */
static int read_owner(struct wr_zonefile *z, const struct wr_lex_word *word,
                      struct wr_zonefile_event *ret)
{
    int err =
        word->quoted ? WR_E_FORMAT : wr_word_name(word->text, word->n, origin_of(z), &z->owner);

    z->owner_state = err ? OWNER_BROKEN : OWNER_KNOWN;
    if (err) {
        return mistake(z, word->column - 1,
                       err == WR_E_USAGE ? reason_of(err) : "this is no domain name", ret);
    }
    return GO_ON;
}

/* One word before the type. WR_E_EXISTS: it is the type. */
static int take_head_word(struct wr_zonefile *z, const struct wr_lex_word *word, struct head *h,
                          const char **ret_reason)
{
    uint16_t class_;

    if (!word->quoted && word->n && word->text[0] >= '0' && word->text[0] <= '9' && !h->has_ttl) {
        int err = wr_word_seconds(word->text, word->n, TTL_MAX, &h->ttl);

        h->has_ttl = true;
        *ret_reason = err == WR_E_RANGE ? "a TTL is at most 2147483647 seconds" : "this is no TTL";
        return err;
    }
    if (!word->quoted && !h->has_class &&
        wr_codes_class_from_text(word->text, word->n, &class_) == WR_OK &&
        class_ != WR_CLASS_ANY) { /* which is a type as well, and none of a zone */
        h->has_class = true;
        *ret_reason = "the zone is of another class";
        return class_ == z->class_ ? WR_OK : WR_E_FORMAT;
    }
    *ret_reason = "no such type";
    if (word->quoted || wr_codes_type_from_text(word->text, word->n, &h->type)) {
        return WR_E_FORMAT;
    }
    *ret_reason = "this type is none of a zone's records";
    return wr_codes_type_is_meta(h->type) ? WR_E_FORMAT : WR_E_EXISTS;
}

/* TTL and class in any order, each perhaps left out, and the type. */
static int read_head(struct wr_zonefile *z, struct head *h, struct wr_zonefile_event *ret)
{
    for (unsigned i = 0; i < 3; i++) {
        struct wr_lex_word word;
        const char *reason;
        int err = next_word(z, &word);

        if (err) {
            return no_word(z, err, "the type is missing", ret);
        }
        err = take_head_word(z, &word, h, &reason);
        h->type_at = word.column - 1;
        if (err == WR_E_EXISTS) {
            return GO_ON;
        }
        if (err) {
            return mistake(z, word.column - 1, reason, ret);
        }
    }
    return mistake(z, h->type_at, "no such type", ret);
}

/* The TTL in force: see the story. False: there is none. */
static bool find_ttl(struct wr_zonefile *z, const struct head *h, const struct wr_writer *w,
                     uint32_t *ret_ttl)
{
    if (h->has_ttl) {
        *ret_ttl = h->ttl;
    } else if (z->has_default) {
        *ret_ttl = z->default_ttl;
        return true;
    } else if (z->has_last) {
        *ret_ttl = z->last_ttl;
    } else if (z->has_ttl) {
        *ret_ttl = z->ttl;
        return true;
    } else if (h->type == WR_TYPE_SOA) {
        const uint8_t *last = w->base + w->pos - 4;
        uint32_t ttl = (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 | last[2] << 8 | last[3];

        *ret_ttl = ttl < TTL_MAX ? ttl : TTL_MAX;
        (void)mistake(z, h->type_at, "no TTL: the last field of the SOA record is taken",
                      &z->pending);
        z->pending.warning = true;
        z->pending.type = h->type;
    } else {
        return false;
    }
    z->last_ttl = *ret_ttl;
    z->has_last = true;
    return true;
}

static int read_rdata(struct wr_zonefile *z, const struct head *h, struct wr_zonefile_event *ret)
{
    uint32_t form = wr_rdata_form(z->class_, h->type), ttl;
    struct wr_writer w;
    size_t column;
    int err, what;

    wr_buf_write_init(&w, z->rdata, sizeof(z->rdata));
    err = wr_scan_rest(&z->lex, form, origin_of(z), &w, &column);
    if (!err && w.pos == 0 && wr_rdata_check(form, z->rdata, 0) && form != WR_TYPE_APL) {
        err = WR_E_SHORT; /* \# 0 has a meaning in updates only */
        column = z->lex.pos;
    }
    if (err) {
        what = mistake(z, column - 1, reason_of(err), ret);
        ret->type = h->type;
        return what;
    }
    if (!find_ttl(z, h, &w, &ttl)) {
        return mistake(z, h->type_at, "no TTL: there is no $TTL and no record before that has one",
                       ret);
    }
    *ret = (struct wr_zonefile_event){.owner = z->owner.wire,
                                      .rdata = z->rdata,
                                      .rdata_size = (uint16_t)w.pos,
                                      .type = h->type,
                                      .class_ = z->class_,
                                      .ttl = ttl};
    place(z, h->type_at, &ret->place);
    return WR_ZONEFILE_RECORD;
}

/* The text is an entry, or a line of $GENERATE. */
static int read_text(struct wr_zonefile *z, const char *text, size_t n,
                     struct wr_zonefile_event *ret)
{
    bool blank = n && (text[0] == ' ' || text[0] == '\t');
    struct wr_lex ahead;
    struct wr_lex_word word;
    struct head h = {0};
    int err, what = GO_ON;

    wr_lex_init(&z->lex, text, n);
    ahead = z->lex;
    err = wr_lex_next(&ahead, &word);
    if (err == WR_E_NOTFOUND) {
        return GO_ON;
    }
    if (err) {
        z->lex = ahead;
        return no_word(z, err, "", ret);
    }
    if (!blank) {
        z->lex = ahead;
        if (!word.quoted && word.n && word.text[0] == '$') {
            return read_directive(z, &word, ret);
        }
        what = read_owner(z, &word, ret);
    } else if (z->owner_state != OWNER_KNOWN) {
        return mistake(z, word.column - 1,
                       z->owner_state == OWNER_NONE ? "no owner, and none before to go on with"
                                                    : "no owner, and the one before is broken",
                       ret);
    }
    if (what == GO_ON) {
        what = read_head(z, &h, ret);
    }
    return what == GO_ON ? read_rdata(z, &h, ret) : what;
}

/* The next line of a range. After a mistake the rest is given up: it would be the same one again. */
static int read_generated(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    struct wr_generate *g = &z->generate;
    const char *template = z->text.text + z->template_at;
    size_t n = z->text.n - z->template_at;
    struct wr_str s;
    int err, what;

    while (n && (template[0] == ' ' || template[0] == '\t')) {
        template ++;
        n--;
    }
    wr_str_init(&s, z->line, sizeof(z->line));
    err = n ? wr_generate_line(template, n, g->start, &s) : WR_E_SHORT;
    if (err) {
        what = mistake(z, 0, "what $GENERATE is to repeat is not understood, or too long", ret);
        z->state = READING;
        return what;
    }
    z->generated++;
    what = read_text(z, z->line, s.len, ret);
    if (what == WR_ZONEFILE_MISTAKE || g->stop - g->start < g->step) {
        z->state = READING;
    }
    g->start += g->step;
    return what;
}

/* The end of a file: the one around it goes on. */
static int leave_file(struct wr_zonefile *z)
{
    struct wr_zonefile_level *level = &z->levels[z->depth];

    if (z->depth == 0) {
        z->state = ENDED;
        return WR_ZONEFILE_END;
    }
    wr_zoneentry_pop(&z->entry, &level->entry);
    z->origin = level->origin;
    z->owner = level->owner;
    z->owner_state = level->owner_state;
    z->has_origin = level->has_origin;
    z->depth--;
    return GO_ON;
}

static int read_next(struct wr_zonefile *z, struct wr_zonefile_event *ret)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'};
    struct wr_zoneentry_text *text = &z->text;
    int err = wr_zoneentry_next(&z->entry, &z->levels[z->depth].source, text);

    switch (err) {
    case WR_OK: break;
    case WR_E_AGAIN:
        *ret = (struct wr_zonefile_event){.place.file = z->levels[z->depth].file};
        return WR_ZONEFILE_MORE;
    case WR_E_NOTFOUND: return leave_file(z);
    default: return mistake(z, text->mistake_at, text->reason, ret);
    }
    if (text->line == 1 && text->n >= sizeof(mark) && !memcmp(text->text, mark, sizeof(mark))) {
        text->text += sizeof(mark); /* the byte order mark of some editors */
        text->n -= sizeof(mark);
    }
    bool cut = text->n && text->text[text->n - 1] != '\n';
    while (text->n && (text->text[text->n - 1] == '\n' || text->text[text->n - 1] == '\r')) {
        text->n--; /* what is missing is missing on this line, not on the next */
    }
    int what = read_text(z, text->text, text->n, ret);
    if (cut && what == WR_ZONEFILE_RECORD && !z->pending.reason) {
        (void)mistake(z, text->n,
                      "the file ends within this line; it counts as it stands: is it half written?",
                      &z->pending);
        z->pending.warning = true;
    }
    return what;
}

enum wr_zonefile_what wr_zonefile_next(struct wr_zonefile *z, struct wr_zonefile_event *ret_event)
{
    int what = GO_ON;

    if (z->pending.reason) {
        *ret_event = z->pending;
        z->pending.reason = NULL;
        return WR_ZONEFILE_MISTAKE;
    }
    if (z->state == ENDED) {
        return WR_ZONEFILE_END;
    }
    if (z->state == ASKED) {
        z->state = READING;
        return (enum wr_zonefile_what)mistake(z, z->asked_at, z->refused, ret_event);
    }
    while (what == GO_ON) { /* each round takes an entry or a line of a range, or ends a file */
        what = z->state == GENERATING ? read_generated(z, ret_event) : read_next(z, ret_event);
    }
    return (enum wr_zonefile_what)what;
}

void wr_zonefile_feed(struct wr_zonefile *z, const void *octets, size_t n)
{
    struct wr_zoneentry_source *source = &z->levels[z->depth].source;

    source->at = octets;
    source->left = n;
    source->ended = n == 0;
}

void wr_zonefile_include(struct wr_zonefile *z, uint32_t file)
{
    struct wr_zonefile_level *level = &z->levels[z->depth + 1];

    wr_assert(z->state == ASKED);
    z->state = READING;
    z->depth++;
    level->source = (struct wr_zoneentry_source){0};
    level->file = file;
    level->origin = z->origin;
    level->owner = z->owner;
    level->owner_state = z->owner_state;
    level->has_origin = z->has_origin;
    wr_zoneentry_push(&z->entry, &level->entry);
    z->origin = z->staged;
    z->has_origin = z->has_staged;
    z->owner_state = OWNER_NONE;
}

void wr_zonefile_refuse(struct wr_zonefile *z, const char *reason)
{
    z->refused = reason;
}
