/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two octets (size of the pieces; options), then a zone file. $INCLUDE finds the file itself, so that it loops.
 *
 * Cut into entries in a room that is too small for many of them, whole and in pieces, it gives the same, within the room.
 * Cut into pieces of another size the file gives the same events. What was read and written again as text is read to the same
 * octets, without a mistake. The events are bounded. Learned and judged by dns/zonecheck it breaks nothing.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/zonecheck.h"
#include "dns/zonefile.h"

enum { TEXT_ROOM = 1 << 20, ENTRIES = 256, SMALL_ROOM = 48 };

static const uint8_t origin[] = "\4zone\4test";
static const struct wr_hash_key key = {{3, 4}};
static char text[TEXT_ROOM];
static struct wr_zonefile reader, again;
static struct wr_zonecheck check;
static struct wr_map_slot block[2 * ENTRIES];

struct feeder {
    const uint8_t *data;
    size_t size, piece;
    size_t at[WR_ZONEFILE_DEPTH_MAX];
};

struct run {
    uint64_t hash; /* of all events */
    unsigned records, mistakes, includes;
    bool cut;    /* the text has no room for all records */
    bool judged; /* second time: what was learned is judged */
};

static void mix(struct run *run, const void *p, size_t n)
{
    run->hash = wr_hash_mix(run->hash ^ wr_hash_sip13(&key, p, n));
}

/* The record alone, in a file of its own, gives itself back. */
static void read_again(const struct wr_zonefile_event *event, const char *line, size_t n)
{
    const struct wr_zonefile_options options = {.class_ = event->class_};
    struct wr_zonefile_event back;

    if (n + 2 > WR_ZONEFILE_ENTRY_MAX) {
        return;
    }
    wr_zonefile_start(&again, &options);
    promise(wr_zonefile_next(&again, &back) == WR_ZONEFILE_MORE);
    wr_zonefile_feed(&again, line, n);
    promise(wr_zonefile_next(&again, &back) == WR_ZONEFILE_MORE);
    wr_zonefile_feed(&again, "\n", 1); /* without it the line may be half written, which is told */
    promise(wr_zonefile_next(&again, &back) == WR_ZONEFILE_RECORD);
    promise(back.type == event->type && back.class_ == event->class_ && back.ttl == event->ttl);
    promise(back.rdata_size == event->rdata_size &&
            !memcmp(back.rdata, event->rdata, back.rdata_size));
    promise(wr_name_size(back.owner) == wr_name_size(event->owner) &&
            !memcmp(back.owner, event->owner, wr_name_size(back.owner)));
    promise(back.place.line == 1);
    promise(wr_zonefile_next(&again, &back) == WR_ZONEFILE_MORE);
    wr_zonefile_feed(&again, NULL, 0);
    promise(wr_zonefile_next(&again, &back) == WR_ZONEFILE_END);
}

static void take_record(struct run *run, const struct wr_zonefile_event *event)
{
    struct wr_zonecheck_finding found[WR_ZONECHECK_FINDINGS];
    struct wr_str s;

    run->records++;
    mix(run, event->owner, wr_name_size(event->owner));
    mix(run, event->rdata, event->rdata_size);
    mix(run, &event->type, sizeof(event->type));
    mix(run, &event->ttl, sizeof(event->ttl));
    promise(event->rdata_size == 0 || wr_rdata_check(wr_rdata_form(event->class_, event->type),
                                                     event->rdata, event->rdata_size) == WR_OK);
    promise(event->ttl <= 0x7fffffff && !wr_codes_type_is_meta(event->type));
    if (run->judged) {
        promise(wr_zonecheck_judge(&check, event, found) <= WR_ZONECHECK_FINDINGS);
        return;
    }
    run->cut |= wr_zonecheck_learn(&check, event) != WR_OK;
    if (run->records <= 64) {
        wr_str_init(&s, text, sizeof(text));
        wr_present_rr(&s, event->owner, event->ttl, event->class_, event->type, event->rdata,
                      event->rdata_size);
        promise(!s.cut);
        read_again(event, text, s.len);
    }
}

static void take_mistake(struct run *run, const struct wr_zonefile_event *event)
{
    run->mistakes += !event->warning;
    promise(event->reason && event->place.line >= 1 && event->place.column >= 1);
    mix(run, event->reason, strlen(event->reason));
}

static void feed(struct feeder *f, uint32_t level)
{
    size_t left = f->size - f->at[level];
    size_t n = left < f->piece ? left : f->piece;

    wr_zonefile_feed(&reader, f->data + f->at[level], n);
    f->at[level] += n;
}

static void read_all(struct feeder *f, const struct wr_zonefile_options *options, struct run *run)
{
    struct wr_zonefile_event event;
    enum wr_zonefile_what what;

    memset(f->at, 0, sizeof(f->at));
    wr_zonefile_start(&reader, options);
    while ((what = wr_zonefile_next(&reader, &event)) != WR_ZONEFILE_END) {
        if (what == WR_ZONEFILE_MORE) {
            feed(f, event.place.file);
            continue;
        }
        mix(run, &event.place, sizeof(event.place));
        if (what == WR_ZONEFILE_RECORD) {
            take_record(run, &event);
        } else if (what == WR_ZONEFILE_MISTAKE) {
            take_mistake(run, &event);
        } else {
            mix(run, event.path, strlen(event.path));
            run->includes++;
            promise(event.place.file + 1 < WR_ZONEFILE_DEPTH_MAX);
            if (run->includes <= 20) { /* a fan of files is the unit test's */
                f->at[event.place.file + 1] = 0;
                wr_zonefile_include(&reader, event.place.file + 1);
            }
        }
    }
    promise(wr_zonefile_next(&reader, &event) == WR_ZONEFILE_END);
    promise(run->includes <= WR_ZONEFILE_INCLUDES_MAX);
}

static uint64_t cut(const uint8_t *data, size_t size, size_t piece)
{
    struct wr_zoneentry_source source = {0};
    struct wr_zoneentry_text entry;
    struct wr_zoneentry e;
    struct run run = {0};
    uint32_t line, column, last = 1;
    size_t at = 0;
    int err;

    wr_zoneentry_init(&e, text, SMALL_ROOM);
    while ((err = wr_zoneentry_next(&e, &source, &entry)) != WR_E_NOTFOUND) {
        if (err == WR_E_AGAIN) {
            promise(source.left == 0 && !source.ended);
            source.at = (const char *)data + at;
            source.left = size - at < piece ? size - at : piece;
            source.ended = source.left == 0;
            at += source.left;
            continue;
        }
        promise(entry.text >= text && entry.text + entry.n <= text + SMALL_ROOM);
        promise(entry.line >= last && (err ? entry.mistake_at <= entry.n : entry.n > 0));
        last = entry.line;
        wr_zoneentry_place(&entry, err ? entry.mistake_at : entry.n - 1, &line, &column);
        promise(line >= entry.line && column >= 1 && column <= SMALL_ROOM);
        mix(&run, &line, sizeof(line));
        mix(&run, entry.text, entry.n);
    }
    promise(at == size);
    return run.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_zonefile_options options = {.class_ = WR_CLASS_IN};
    struct wr_zonecheck_finding found[WR_ZONECHECK_FINDINGS];
    struct run whole = {0}, pieces = {.judged = true};
    struct feeder f;

    if (size < 2 || size > 10000) {
        return 0;
    }
    options.origin = data[1] & 1 ? origin : NULL;
    options.generate = data[1] & 2;
    options.class_ = data[1] & 4 ? WR_CLASS_CH : WR_CLASS_IN;
    f = (struct feeder){.data = data + 2, .size = size - 2, .piece = size};
    wr_zonecheck_start(&check, data[1] & 8 ? origin : NULL, &key, block, ENTRIES);
    read_all(&f, &options, &whole);
    f.piece = data[0] ? data[0] : 1;
    read_all(&f, &options, &pieces);
    promise(whole.hash == pieces.hash && whole.records == pieces.records);
    promise(wr_zonecheck_finish(&check, found) <= 2);
    promise(cut(f.data, f.size, size) == cut(f.data, f.size, f.piece));
    return 0;
}
