/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/feedname.h"

#include <idn2.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "conf/hostsfile.h"

static bool is_ascii(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* The first label of `text`: its length. */
static size_t label_size(const char *text)
{
    return strcspn(text, ".");
}

/* Has each label that was in people's letters become an A-label, and no other come to be? */
static bool is_faithful(const char *from, const char *to)
{
    for (;;) {
        size_t n = label_size(from), m = label_size(to);
        if (!is_ascii(from, n) && strncmp(to, "xn--", 4) != 0) {
            return false;
        }
        if (from[n] != to[m]) {
            return false;
        }
        if (from[n] == 0) {
            return true;
        }
        from += n + 1;
        to += m + 1;
    }
}

static int read_letters(const char *text, size_t n, struct wr_name *ret_name, const char **ret_why)
{
    char whole[WR_NAME_TEXT_SIZE];
    char *ascii = NULL;
    *ret_why = "is no name in the letters of IDNA2008";
    if (n >= sizeof(whole) || memchr(text, 0, n) != NULL) {
        return WR_E_FORMAT;
    }
    memcpy(whole, text, n);
    whole[n] = 0;
    if (idn2_to_ascii_8z(whole, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
        return WR_E_FORMAT;
    }
    int err = wr_hostsfile_name(ascii, strlen(ascii), ret_name);
    if (err == WR_OK && !is_faithful(whole, ascii)) {
        *ret_why = "turns into another name when its letters are made ASCII";
        err = WR_E_FORMAT;
    }
    idn2_free(ascii);
    return err == WR_OK ? WR_OK : WR_E_FORMAT;
}

static bool has_number_last(const struct wr_name *name)
{
    const uint8_t *label = name->wire;
    while (label[label[0] + 1] != 0) {
        label += label[0] + 1;
    }
    for (unsigned i = 1; i <= label[0]; i++) {
        if (label[i] < '0' || label[i] > '9') {
            return false;
        }
    }
    return true;
}

int wr_feedname_read(const char *text, size_t n, struct wr_name *ret_name, const char **ret_why)
{
    struct wr_name name;
    if (memmem(text, n, "://", 3) != NULL) {
        *ret_why = "is a URL; lists of names have the name alone";
        return WR_E_FORMAT;
    }
    int err = WR_OK;
    if (is_ascii(text, n)) {
        err = wr_hostsfile_name(text, n, &name);
        *ret_why = err == WR_E_RANGE ? "is longer than a name may be" : "is no host name";
    } else {
        err = read_letters(text, n, &name, ret_why);
    }
    if (err != WR_OK) {
        return WR_E_FORMAT;
    }
    if (has_number_last(&name)) {
        *ret_why = "is no name: its last part is a number";
        return WR_E_FORMAT;
    }
    *ret_name = name;
    return WR_OK;
}
