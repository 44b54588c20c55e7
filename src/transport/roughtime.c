/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/roughtime.h"

#include <string.h>

#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/verify.h"

#define TAG WR_ROUGHTIME_TAG

enum {
    HEAD = 12, /* "ROUGHTIM" and the size of the message */
    MESSAGE = WR_ROUGHTIME_ASK_SIZE - HEAD,
    HASH = 32, /* of SHA-512 that many octets are used */
    SIGNATURE = 64,
    ED25519 = 15,
    VERSIONS = 2,
    CONTEXT_MAX = 40,
};

/* The last moment that is not plainly nonsense: the year 9999. */
#define LATEST_S UINT64_C(253402300799)

static const uint8_t magic[8] = {'R', 'O', 'U', 'G', 'H', 'T', 'I', 'M'};
static const uint32_t versions[VERSIONS] = {1, 0x8000000c};
static const char for_delegation[] = "RoughTime v1 delegation signature";
static const char for_response[] = "RoughTime v1 response signature";

/* --- numbers and messages ----------------------------------------------------------------------- */

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static void put32(uint8_t *at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

int wr_roughtime_map_read(const uint8_t *message, size_t size, struct wr_roughtime_map *ret_map)
{
    uint32_t n = size >= 4 ? get32(message) : 0;
    size_t head = (size_t)8 * n, values;

    if (n == 0 || size % 4 != 0) {
        return WR_E_FORMAT;
    }
    if (n > WR_ROUGHTIME_TAGS_MAX) {
        return WR_E_LIMIT;
    }
    if (head > size) {
        return WR_E_FORMAT;
    }
    values = size - head;
    ret_map->tags = n;
    for (uint32_t i = 0; i < n; i++) {
        size_t begin = i == 0 ? 0 : get32(message + (size_t)4 * i);
        size_t end = i + 1 == n ? values : get32(message + (size_t)4 * (i + 1));
        uint32_t tag = get32(message + (size_t)4 * (n + i));
        if (begin % 4 != 0 || end < begin || end > values ||
            (i > 0 && tag <= ret_map->entry[i - 1].tag)) {
            return WR_E_FORMAT;
        }
        ret_map->entry[i].tag = tag;
        ret_map->entry[i].value = message + head + begin;
        ret_map->entry[i].size = (uint32_t)(end - begin);
    }
    return WR_OK;
}

static const uint8_t *find_any(const struct wr_roughtime_map *map, uint32_t tag, size_t *ret_size)
{
    for (unsigned i = 0; i < map->tags; i++) {
        if (map->entry[i].tag == tag) {
            *ret_size = map->entry[i].size;
            return map->entry[i].value;
        }
    }
    return NULL;
}

const uint8_t *wr_roughtime_map_find(const struct wr_roughtime_map *map, uint32_t tag, size_t size)
{
    size_t n = 0;
    const uint8_t *value = find_any(map, tag, &n);
    return n == size ? value : NULL;
}

/* The message that is the value of a tag. */
static bool find_map(const struct wr_roughtime_map *map, uint32_t tag,
                     struct wr_roughtime_map *ret_map)
{
    size_t n = 0;
    const uint8_t *value = find_any(map, tag, &n);
    return value != NULL && wr_roughtime_map_read(value, n, ret_map) == WR_OK;
}

/* --- hashes ------------------------------------------------------------------------------------- */

struct piece {
    const void *bytes;
    size_t size;
};

/* Of the pieces, one behind the other. */
static int hash(const struct piece *piece, unsigned pieces, uint8_t ret[HASH])
{
    struct wr_digest d;
    uint8_t whole[WR_DIGEST_MAX];
    int err = wr_digest_open(&d, WR_HASH_SHA512);

    if (err != WR_OK) {
        return err;
    }
    for (unsigned i = 0; i < pieces; i++) {
        wr_digest_add(&d, piece[i].bytes, piece[i].size);
    }
    err = wr_digest_end(&d, whole);
    wr_digest_close(&d);
    if (err == WR_OK) {
        memcpy(ret, whole, HASH);
    }
    return err;
}

int wr_roughtime_link(const uint8_t *bytes, size_t size,
                      const uint8_t blind[WR_ROUGHTIME_NONCE_SIZE],
                      uint8_t ret_nonce[WR_ROUGHTIME_NONCE_SIZE])
{
    const struct piece piece[] = {{bytes, size}, {blind, WR_ROUGHTIME_NONCE_SIZE}};
    return hash(piece, 2, ret_nonce);
}

/* --- the question ------------------------------------------------------------------------------- */

int wr_roughtime_ask(const uint8_t key[WR_ROUGHTIME_KEY_SIZE],
                     const uint8_t nonce[WR_ROUGHTIME_NONCE_SIZE],
                     uint8_t ret_bytes[WR_ROUGHTIME_ASK_SIZE])
{
    enum { TAGS = 5, VALUES = 8 * TAGS };
    static const uint32_t tag[TAGS] = {TAG('V', 'E', 'R', 0), TAG('S', 'R', 'V', 0),
                                       TAG('N', 'O', 'N', 'C'), TAG('T', 'Y', 'P', 'E'),
                                       TAG('Z', 'Z', 'Z', 'Z')};
    static const uint32_t offset[TAGS] = {0, 8, 40, 72, 76};
    uint8_t *m = ret_bytes + HEAD;

    memset(ret_bytes, 0, WR_ROUGHTIME_ASK_SIZE);
    memcpy(ret_bytes, magic, sizeof(magic));
    put32(ret_bytes + sizeof(magic), MESSAGE);
    put32(m, TAGS);
    for (unsigned i = 0; i < TAGS; i++) {
        if (i > 0) {
            put32(m + (size_t)4 * i, offset[i]);
        }
        put32(m + (size_t)4 * (TAGS + i), tag[i]);
    }
    put32(m + VALUES, versions[0]);
    put32(m + VALUES + 4, versions[1]);
    memcpy(m + VALUES + offset[2], nonce, WR_ROUGHTIME_NONCE_SIZE);
    const struct piece which[] = {{"\xff", 1}, {key, WR_ROUGHTIME_KEY_SIZE}};
    return hash(which, 2, m + VALUES + offset[1]); /* SRV */
}

/* --- the reply ---------------------------------------------------------------------------------- */

/* Everything of a reply, taken apart. */
struct parts {
    const uint8_t *sig, *cert_sig, *path, *root, *online;
    const uint8_t *signed_, *certified; /* SREP and DELE as they are */
    size_t signed_size, certified_size, path_size;
    uint32_t index;
    uint64_t midpoint_s, from_s, to_s;
    uint32_t radius_s, version;
};

static bool is_ours(uint32_t version)
{
    return version == versions[0] || version == versions[1];
}

/* What the online key signs. */
static bool read_signed(struct parts *p)
{
    struct wr_roughtime_map m;
    size_t listed = 0;

    if (wr_roughtime_map_read(p->signed_, p->signed_size, &m) != WR_OK) {
        return false;
    }
    const uint8_t *version = wr_roughtime_map_find(&m, TAG('V', 'E', 'R', 0), 4);
    const uint8_t *radius = wr_roughtime_map_find(&m, TAG('R', 'A', 'D', 'I'), 4);
    const uint8_t *midpoint = wr_roughtime_map_find(&m, TAG('M', 'I', 'D', 'P'), 8);
    const uint8_t *list = find_any(&m, TAG('V', 'E', 'R', 'S'), &listed);
    bool has = false;
    p->root = wr_roughtime_map_find(&m, TAG('R', 'O', 'O', 'T'), HASH);
    if (!version || !radius || !midpoint || !list || !p->root ||
        listed > (size_t)4 * WR_ROUGHTIME_VERSIONS_MAX) {
        return false;
    }
    p->version = get32(version);
    p->radius_s = get32(radius);
    p->midpoint_s = get64(midpoint);
    for (size_t at = 0; at + 4 <= listed; at += 4) {
        has = has || get32(list + at) == p->version;
    }
    return has && is_ours(p->version) && p->radius_s > 0 && p->midpoint_s <= LATEST_S;
}

/* What the long-term key signs. */
static bool read_certified(struct parts *p)
{
    struct wr_roughtime_map m;

    if (wr_roughtime_map_read(p->certified, p->certified_size, &m) != WR_OK) {
        return false;
    }
    const uint8_t *from = wr_roughtime_map_find(&m, TAG('M', 'I', 'N', 'T'), 8);
    const uint8_t *to = wr_roughtime_map_find(&m, TAG('M', 'A', 'X', 'T'), 8);
    p->online = wr_roughtime_map_find(&m, TAG('P', 'U', 'B', 'K'), WR_ROUGHTIME_KEY_SIZE);
    if (!from || !to || !p->online) {
        return false;
    }
    p->from_s = get64(from);
    p->to_s = get64(to);
    return true;
}

/* Whether it is a reply to the question with that nonce, by its form. */
static bool take_apart(const uint8_t *bytes, size_t size, const uint8_t *nonce, struct parts *p)
{
    struct wr_roughtime_map m, cert;
    const uint8_t *said, *index, *type;
    size_t type_size = 0;

    if (size < HEAD || memcmp(bytes, magic, sizeof(magic)) != 0 ||
        get32(bytes + sizeof(magic)) != size - HEAD ||
        wr_roughtime_map_read(bytes + HEAD, size - HEAD, &m) != WR_OK) {
        return false;
    }
    said = wr_roughtime_map_find(&m, TAG('N', 'O', 'N', 'C'), WR_ROUGHTIME_NONCE_SIZE);
    index = wr_roughtime_map_find(&m, TAG('I', 'N', 'D', 'X'), 4);
    type = find_any(&m, TAG('T', 'Y', 'P', 'E'), &type_size);
    p->sig = wr_roughtime_map_find(&m, TAG('S', 'I', 'G', 0), SIGNATURE);
    p->path = find_any(&m, TAG('P', 'A', 'T', 'H'), &p->path_size);
    p->signed_ = find_any(&m, TAG('S', 'R', 'E', 'P'), &p->signed_size);
    if (!said || memcmp(said, nonce, WR_ROUGHTIME_NONCE_SIZE) != 0 || !index || !p->sig ||
        !p->path || !p->signed_ || !find_map(&m, TAG('C', 'E', 'R', 'T'), &cert) ||
        (type && (type_size != 4 || get32(type) != 1))) {
        return false;
    }
    p->index = get32(index);
    p->cert_sig = wr_roughtime_map_find(&cert, TAG('S', 'I', 'G', 0), SIGNATURE);
    p->certified = find_any(&cert, TAG('D', 'E', 'L', 'E'), &p->certified_size);
    return p->cert_sig && p->certified && p->path_size % HASH == 0 &&
           p->path_size / HASH <= WR_ROUGHTIME_PATH_MAX && read_signed(p) && read_certified(p);
}

/* The question leads to the root by the path, and the index is used up by it. */
static bool is_in_tree(const struct parts *p, const uint8_t *key, const uint8_t *nonce)
{
    uint8_t question[WR_ROUGHTIME_ASK_SIZE], node[HASH];
    const struct piece leaf[] = {{"\0", 1}, {question, sizeof(question)}};
    uint32_t index = p->index;

    if (wr_roughtime_ask(key, nonce, question) != WR_OK || hash(leaf, 2, node) != WR_OK) {
        return false;
    }
    for (size_t at = 0; at < p->path_size; at += HASH, index >>= 1) {
        const uint8_t *other = p->path + at;
        bool right = (index & 1) != 0;
        const struct piece both[] = {
            {"\1", 1}, {right ? other : node, HASH}, {right ? node : other, HASH}};
        if (hash(both, 3, node) != WR_OK) {
            return false;
        }
    }
    return index == 0 && memcmp(node, p->root, HASH) == 0;
}

/* A signature is over a context with its final zero, and the value. */
static bool is_signed(const uint8_t *key, const char *context, const uint8_t *value, size_t size,
                      const uint8_t *sig)
{
    uint8_t text[CONTEXT_MAX + WR_ROUGHTIME_SIGNED_MAX];
    size_t before = strlen(context) + 1;
    struct wr_verify v;

    if (size > WR_ROUGHTIME_SIGNED_MAX ||
        wr_verify_open(&v, ED25519, key, WR_ROUGHTIME_KEY_SIZE) != WR_OK) {
        return false;
    }
    memcpy(text, context, before);
    memcpy(text + before, value, size);
    int err = wr_verify_check(&v, text, before + size, sig, SIGNATURE);
    wr_verify_close(&v);
    return err == WR_OK;
}

enum wr_roughtime_verdict wr_roughtime_read(const uint8_t *bytes, size_t size,
                                            const uint8_t key[WR_ROUGHTIME_KEY_SIZE],
                                            const uint8_t nonce[WR_ROUGHTIME_NONCE_SIZE],
                                            struct wr_roughtime_reply *ret_reply)
{
    struct parts p = {.index = 0};

    if (!take_apart(bytes, size, nonce, &p)) {
        return WR_ROUGHTIME_FOREIGN;
    }
    if (p.midpoint_s < p.from_s || p.midpoint_s > p.to_s || !is_in_tree(&p, key, nonce) ||
        !is_signed(key, for_delegation, p.certified, p.certified_size, p.cert_sig) ||
        !is_signed(p.online, for_response, p.signed_, p.signed_size, p.sig)) {
        return WR_ROUGHTIME_FORGED;
    }
    *ret_reply = (struct wr_roughtime_reply){
        .midpoint_s = (int64_t)p.midpoint_s, .radius_s = p.radius_s, .version = p.version};
    return WR_ROUGHTIME_TIME;
}
