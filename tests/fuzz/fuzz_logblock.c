/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block of the log from a disk that somebody else has written to. Twice: as it is (head, deflate), and as what a good deflate gives,
 * for texts and columns must bear anything too. Events that are read are written again, and must read back the same.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "serve/logblock.h"

static struct wr_logblock_reader *reader, *second;
static struct wr_logblock_writer *writer;
static uint8_t packed[WR_LOGBLOCK_RAW_MAX + 4096];
static const uint8_t none[WR_LOGBLOCK_HASH];

static void out_and_in(const struct wr_ledger_event *events, uint32_t count)
{
    struct wr_logblock_head head;
    struct wr_ledger_event e;
    const uint8_t *bytes = NULL;
    wr_logblock_clear(writer);
    for (uint32_t i = 0; i < count; i++) {
        wr_assert(wr_logblock_add(writer, &events[i]) == WR_OK);
    }
    size_t size = wr_logblock_build(writer, none, &bytes, &head);
    wr_assert(size > WR_LOGBLOCK_HEAD);
    wr_assert(wr_logblock_check(bytes, bytes + WR_LOGBLOCK_HEAD, none) == WR_OK);
    wr_assert(wr_logblock_open(second, &head, bytes + WR_LOGBLOCK_HEAD) == WR_OK);
    for (uint32_t i = 0; i < count; i++) {
        wr_assert(wr_logblock_next(second, &e) == WR_OK);
        wr_assert(e.number == events[i].number && e.record.wall_s == events[i].record.wall_s);
        wr_assert(e.name.size == events[i].name.size && strcmp(e.rule, events[i].rule) == 0);
        wr_assert(strcmp(e.text, events[i].text) == 0 && e.record.ede == events[i].record.ede);
    }
    wr_assert(wr_logblock_next(second, &e) == WR_E_NOTFOUND);
}

static void read_all(const struct wr_logblock_head *head, const uint8_t *payload)
{
    static struct wr_ledger_event events[64];
    uint64_t last = head->first;
    uint32_t count = 0;
    if (wr_logblock_open(reader, head, payload) != WR_OK) {
        return;
    }
    while (wr_logblock_next(reader, &events[count]) == WR_OK) {
        wr_assert(events[count].name.size == 0 ||
                  wr_name_size(events[count].name.wire) == events[count].name.size);
        if (events[count].number < last) { /* it went around; ours never do */
            break;
        }
        last = events[count].number;
        count += count < 63;
    }
    if (count > 0 && count < 63) {
        out_and_in(events, count);
    }
}

static void as_raw(const uint8_t *data, size_t size)
{
    struct wr_logblock_head head = {.raw = (uint32_t)size, .events = 60, .first = 1, .last = 60};
    z_stream z;
    memset(&z, 0, sizeof(z));
    wr_assert(deflateInit2(&z, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)size;
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    wr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
    head.size = (uint32_t)(sizeof(packed) - z.avail_out);
    deflateEnd(&z);
    read_all(&head, packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_logblock_head head;
    if (reader == NULL &&
        (wr_logblock_reader_create(&reader) != WR_OK ||
         wr_logblock_reader_create(&second) != WR_OK || wr_logblock_create(&writer) != WR_OK)) {
        abort();
    }
    if (size >= WR_LOGBLOCK_HEAD && wr_logblock_read_head(data, &head) == WR_OK &&
        head.size <= size - WR_LOGBLOCK_HEAD) {
        int err = wr_logblock_check(data, data + WR_LOGBLOCK_HEAD, none);
        wr_assert(err == WR_OK || err == WR_E_CHECKSUM);
        read_all(&head, data + WR_LOGBLOCK_HEAD);
    }
    if (size > 0 && size <= 65536) {
        as_raw(data, size);
    }
    return 0;
}
