/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/listen.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"

/* What interface names are made of. */
static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";

static bool ends_in_port_0(const char *text)
{
    size_t n = strlen(text);
    size_t at = n;

    while (at > 0 && text[at - 1] == '0')
        at--;
    return at < n && at > 0 && text[at - 1] == ':' &&
           (text[0] == '[' || strchr(text, ':') == text + at - 1);
}

/* Digits, dots, colons: somebody meant an address. */
static bool looks_like_address(const char *text)
{
    size_t colons = 0;

    for (size_t i = 0; text[i]; i++)
        colons += text[i] == ':';
    return colons > 1 || text[0] == '[' || strspn(text, "0123456789.:") == strlen(text);
}

/* "br-iot" or "br-iot:5353". */
static bool read_interface(const char *text, uint16_t usual, struct wr_conf_listen *listen)
{
    size_t n = strspn(text, allowed);
    uint64_t port = usual;

    if (n == 0 || n >= sizeof(listen->interface) || (text[n] && text[n] != ':'))
        return false;
    if (text[n] && (wr_str_to_u64(text + n + 1, strlen(text + n + 1), UINT16_MAX, &port) != WR_OK ||
                    port == 0))
        return false;
    memcpy(listen->interface, text, n);
    listen->addr.port = (uint16_t)port;
    return true;
}

/* Moves "%zone" out of the text, unless it is a number, which the address reads itself. */
static bool take_zone(char *text, struct wr_conf_listen *listen)
{
    char *percent = strchr(text, '%');
    size_t n;

    if (!percent || strspn(percent + 1, "0123456789]:") == strlen(percent + 1))
        return true;
    n = strspn(percent + 1, allowed);
    if (n == 0 || n >= sizeof(listen->interface) || (percent[1 + n] && percent[1 + n] != ']'))
        return false;
    memcpy(listen->interface, percent + 1, n);
    memmove(percent, percent + 1 + n, strlen(percent + 1 + n) + 1);
    return true;
}

int wr_listen_from_text(const char *text, uint16_t port, struct wr_conf_listen *ret_listen)
{
    char copy[WR_ADDR_TEXT_SIZE];
    struct wr_conf_listen listen;
    size_t n = strlen(text);

    memset(&listen, 0, sizeof(listen));
    if (n >= sizeof(copy))
        return WR_E_FORMAT;
    memcpy(copy, text, n + 1);
    if (!looks_like_address(copy)) {
        if (!read_interface(copy, port, &listen))
            return WR_E_FORMAT;
    } else {
        if (ends_in_port_0(copy) || !take_zone(copy, &listen) ||
            wr_addr_from_text(copy, &listen.addr) != WR_OK)
            return WR_E_FORMAT;
        if (listen.addr.port == 0)
            listen.addr.port = port;
    }
    *ret_listen = listen;
    return WR_OK;
}

void wr_listen_to_text(const struct wr_conf_listen *listen, struct wr_str *out)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr bare = listen->addr;

    if (bare.family == WR_AF_NONE) {
        wr_str_text(out, listen->interface);
    } else if (bare.family == WR_AF_V6) {
        bare.port = 0;
        wr_addr_to_text(&bare, text, sizeof(text));
        wr_str_char(out, '[');
        wr_str_text(out, text);
        wr_str_text(out, listen->interface[0] ? "%" : "");
        wr_str_text(out, listen->interface);
        wr_str_char(out, ']');
    } else {
        bare.port = 0;
        wr_addr_to_text(&bare, text, sizeof(text));
        wr_str_text(out, text);
    }
    wr_str_char(out, ':');
    wr_str_u64(out, listen->addr.port);
}
