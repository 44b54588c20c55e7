/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease files: the first octet picks the format, the rest is read in two parts, cut in the middle, as it is while
 * somebody writes. Promised: no address twice, every word lies inside its text, a name made from a client's
 * word is one label of host octets below the zone, every lease is of some client, and what is said for people is printable.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/leasefile.h"
#include "conf/leaseid.h"

static const uint8_t zone[] = "\4home\4arpa";

static void wrong(void *user, uint8_t part, uint32_t line, const char *text)
{
    (void)user;
    (void)line;
    promise(part < 2);
    for (; *text; text++) {
        promise((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
}

static void check_word(const struct wr_lease_word *w, const uint8_t *data, size_t size)
{
    const char *base = (const char *)data;
    promise(w->n == 0 || (w->at >= base && w->n <= size && w->at - base <= (long)(size - w->n)));
}

static void check_name(const struct wr_lease *lease)
{
    struct wr_name name;
    const char *why = NULL;
    int err = wr_lease_name(&lease->host, zone, &name, &why);
    promise(err == WR_OK || err == WR_E_NOTFOUND || (err == WR_E_DENIED && why != NULL));
    if (err != WR_OK) {
        return;
    }
    promise(wr_name_in(name.wire, zone) && wr_name_labels(name.wire) == 3);
    for (unsigned i = 1; i <= name.wire[0]; i++) {
        uint8_t c = name.wire[i];
        promise((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
    }
}

static void check_id(const struct wr_lease *lease, const struct wr_hash_key *key)
{
    struct wr_leaseid id;
    wr_leaseid_of(lease, key, &id);
    promise(!wr_leaseid_is_none(&id) && wr_leaseid_same(&id, &id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wr_hash_key key = {{1, 2}};
    const struct wr_lease_hooks hooks = {.wrong = wrong};
    struct wr_leases leases;
    if (size == 0 || wr_leases_create(&key, &leases) != WR_OK) {
        return 0;
    }
    enum wr_lease_format format = (enum wr_lease_format)(data[0] & 3);
    size_t half = (size - 1) / 2;
    (void)wr_leases_read(&leases, format, 0, (const char *)data + 1, half, &hooks);
    (void)wr_leases_read(&leases, format, 1, (const char *)data + 1 + half, size - 1 - half,
                         &hooks);
    for (uint32_t i = 0; i < leases.count && i < 64; i++) {
        check_word(&leases.item[i].host, data, size);
        check_word(&leases.item[i].client, data, size);
        check_word(&leases.item[i].mac, data, size);
        check_word(&leases.item[i].id, data, size);
        check_name(&leases.item[i]);
        check_id(&leases.item[i], &key);
        for (uint32_t k = 0; k < i; k++) {
            promise(!wr_addr_same_ip(&leases.item[i].addr, &leases.item[k].addr));
        }
    }
    wr_leases_free(&leases);
    return 0;
}
