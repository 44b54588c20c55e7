/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address or prefix that is read, written and read again is the same; and inet_pton agrees about plain
 * addresses.
 */
#include "fuzz.h"

#include <arpa/inet.h>

#include "base/addr.h"
#include "base/err.h"

static void check_addr(const char *text)
{
    struct wr_addr addr, again;
    char written[WR_ADDR_TEXT_SIZE];
    uint8_t theirs[16] = {0};
    int v4 = inet_pton(AF_INET, text, theirs) == 1;
    int v6 = !v4 && inet_pton(AF_INET6, text, theirs) == 1;
    size_t n;

    if (wr_addr_from_text(text, &addr) != WR_OK) {
        promise(!v4 && !v6);
        return;
    }
    promise(!(v4 || v6) || !memcmp(addr.ip, theirs, 16));
    n = wr_addr_to_text(&addr, written, sizeof(written));
    promise(n < sizeof(written) - 1 && strlen(written) == n);
    promise(wr_addr_from_text(written, &again) == WR_OK && !memcmp(&addr, &again, sizeof(addr)));
}

static void check_prefix(const char *text)
{
    struct wr_prefix prefix, again;
    char written[WR_ADDR_TEXT_SIZE + 8];

    if (wr_addr_prefix_from_text(text, &prefix) != WR_OK) {
        return;
    }
    promise(prefix.len <= 8 * wr_addr_ip_size(&prefix.addr));
    promise(wr_addr_in_prefix(&prefix.addr, &prefix));
    wr_addr_to_text(&prefix.addr, written, WR_ADDR_TEXT_SIZE);
    snprintf(written + strlen(written), 8, "/%u", prefix.len);
    promise(wr_addr_prefix_from_text(written, &again) == WR_OK);
    promise(again.len == prefix.len && wr_addr_equal(&again.addr, &prefix.addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    promise(text);
    memcpy(text, data, size);
    text[size] = 0;
    check_addr(text);
    check_prefix(text);
    free(text);
    return 0;
}
