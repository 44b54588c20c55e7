/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/cookie.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"

/* RFC 9018 section 4.3: an hour old at most, five minutes from the future, a new one after half an hour. */
#define AGE_MAX_S   3600
#define AHEAD_MAX_S 300
#define AGE_RENEW_S 1800
#define VERSION     1
#define HEAD_SIZE   8 /* version, reserved, timestamp */

static uint64_t little(const uint8_t b[8])
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) {
        v = v << 8 | b[i];
    }
    return v;
}

static void hash(const uint8_t secret[WR_COOKIE_SECRET_SIZE],
                 const uint8_t client[WR_COOKIE_CLIENT_SIZE], const uint8_t head[HEAD_SIZE],
                 const struct wr_addr *from, uint8_t ret[8])
{
    struct wr_hash_key key = {{little(secret), little(secret + 8)}};
    uint8_t text[WR_COOKIE_CLIENT_SIZE + HEAD_SIZE + 16];
    size_t ip_size = wr_addr_ip_size(from);
    memcpy(text, client, WR_COOKIE_CLIENT_SIZE);
    memcpy(text + WR_COOKIE_CLIENT_SIZE, head, HEAD_SIZE);
    memcpy(text + WR_COOKIE_CLIENT_SIZE + HEAD_SIZE, from->ip, ip_size);
    uint64_t v = wr_hash_sip24(&key, text, WR_COOKIE_CLIENT_SIZE + HEAD_SIZE + ip_size);
    for (int i = 0; i < 8; i++) {
        ret[i] = (uint8_t)(v >> (8 * i));
    }
}

void wr_cookie_make(const uint8_t secret[WR_COOKIE_SECRET_SIZE],
                    const uint8_t client[WR_COOKIE_CLIENT_SIZE], const struct wr_addr *from,
                    uint32_t now_s, uint8_t ret_server[WR_COOKIE_SERVER_SIZE])
{
    const uint8_t head[HEAD_SIZE] = {VERSION,
                                     0,
                                     0,
                                     0,
                                     (uint8_t)(now_s >> 24),
                                     (uint8_t)(now_s >> 16),
                                     (uint8_t)(now_s >> 8),
                                     (uint8_t)now_s};
    memcpy(ret_server, head, HEAD_SIZE);
    hash(secret, client, head, from, ret_server + HEAD_SIZE);
}

/* All octets are looked at, so that the time taken tells nothing. */
static bool matches(const uint8_t secret[WR_COOKIE_SECRET_SIZE],
                    const uint8_t client[WR_COOKIE_CLIENT_SIZE],
                    const uint8_t server[WR_COOKIE_SERVER_SIZE], const struct wr_addr *from)
{
    uint8_t want[8], differs = 0;
    hash(secret, client, server, from, want);
    for (int i = 0; i < 8; i++) {
        differs |= (uint8_t)(want[i] ^ server[HEAD_SIZE + i]);
    }
    return differs == 0;
}

enum wr_cookie_verdict wr_cookie_check(const uint8_t secret[WR_COOKIE_SECRET_SIZE],
                                       const uint8_t old_secret[WR_COOKIE_SECRET_SIZE],
                                       const uint8_t client[WR_COOKIE_CLIENT_SIZE],
                                       const uint8_t *server, size_t server_size,
                                       const struct wr_addr *from, uint32_t now_s)
{
    if (server_size != WR_COOKIE_SERVER_SIZE || server[0] != VERSION) {
        return WR_COOKIE_BAD;
    }
    uint32_t made_s = (uint32_t)server[4] << 24 | (uint32_t)server[5] << 16 |
                      (uint32_t)server[6] << 8 | server[7];
    int32_t age_s = (int32_t)(now_s - made_s);
    if (age_s > AGE_MAX_S || age_s < -AHEAD_MAX_S) {
        return WR_COOKIE_BAD;
    }
    if (matches(secret, client, server, from)) {
        return age_s > AGE_RENEW_S ? WR_COOKIE_RENEW : WR_COOKIE_GOOD;
    }
    return matches(old_secret, client, server, from) ? WR_COOKIE_RENEW : WR_COOKIE_BAD;
}
