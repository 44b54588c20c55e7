/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two octets choose a place; the name there, read in every way, is one name, and survives text. The same
 * octets as text, when they are a name, survive wire form.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/name.h"

static void check_relations(const struct wr_name *name)
{
    static const struct wr_hash_key key = {{1, 2}};
    uint8_t low[WR_NAME_MAX];
    unsigned labels = wr_name_labels(name->wire);

    promise(wr_name_size(name->wire) == name->size);
    promise(wr_name_lower(name->wire, low) == name->size);
    promise(wr_name_equal(name->wire, low) && wr_name_order(name->wire, low) == 0);
    promise(wr_name_hash(&key, name->wire) == wr_name_hash(&key, low));
    promise(wr_name_common(name->wire, low) == labels);
    for (unsigned n = 0; n <= labels; n++) {
        const uint8_t *rest = wr_name_skip_labels(name->wire, n);

        promise(wr_name_in(name->wire, rest));
        promise(n == 0 || wr_name_order(rest, name->wire) < 0);
        promise(n == 0 || !wr_name_in(rest, name->wire));
    }
}

static void check_text(const struct wr_name *name)
{
    char text[WR_NAME_TEXT_SIZE];
    struct wr_name again;
    size_t n = wr_name_to_text(name->wire, text, sizeof(text));

    promise(n < sizeof(text) - 1);
    promise(wr_name_from_text(text, n, &again) == WR_OK);
    promise(again.size == name->size && !memcmp(again.wire, name->wire, name->size));
}

static void from_wire(const uint8_t *data, size_t size)
{
    struct wr_reader r, check, skip, plain;
    struct wr_name name, again;
    uint8_t octets = 0;
    int err;

    wr_buf_read_init(&r, data + 2, size - 2);
    wr_buf_seek(&r, ((size_t)data[0] << 8 | data[1]) % (size - 1));
    check = skip = plain = r;
    err = wr_name_read(&r, &name);
    promise(wr_name_check(&check, &octets) == err);
    if (err) {
        return;
    }
    promise(octets == name.size && check.pos == r.pos && wr_name_skip(&skip) == WR_OK &&
            skip.pos == r.pos);
    if (wr_name_read_plain(&plain, &again) == WR_OK) {
        promise(plain.pos == r.pos && again.size == name.size);
        promise(!memcmp(again.wire, name.wire, name.size));
    }
    check_text(&name);
    check_relations(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_name name;

    if (size >= 3) {
        from_wire(data, size);
    }
    if (wr_name_from_text((const char *)data, size, &name) == WR_OK) {
        check_text(&name);
        check_relations(&name);
    }
    return 0;
}
