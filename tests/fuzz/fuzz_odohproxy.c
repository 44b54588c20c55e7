/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind "?" in a request to an oblivious proxy. What is carried is on the list; what is on it, written anew, is carried. */
#include "base/err.h"
#include "fuzz.h"
#include "transport/odohproxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_odohproxy p;
    const char *path = NULL;
    char text[256];
    unsigned index = 99, again = 99;
    uint16_t status;

    wr_odohproxy_init(&p);
    promise(wr_odohproxy_refuse(&p, "proxy.example") == WR_OK);
    promise(wr_odohproxy_allow(&p, "dns.example", 443, "/dns-query") == WR_OK);
    promise(wr_odohproxy_allow(&p, "other.example", 443, "/q") == WR_OK);
    status = wr_odohproxy_judge(&p, (const char *)data, size, size % 2, &index, &path);
    promise(status == 0 || status == 400 || status == 403 || status == 405);
    if (status == 0) {
        promise(index < 2 && path[0] == '/');
        promise(wr_odohproxy_write(p.target[index].host, path, text, sizeof(text)));
        promise(wr_odohproxy_judge(&p, text, strlen(text), size % 2, &again, &path) == 0);
        promise(again == index);
    }
    return 0;
}
