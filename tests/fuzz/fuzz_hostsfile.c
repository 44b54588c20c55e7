/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hosts file from anywhere. Promised: a name that is given out is well formed, is made of the octets that host names have,
 * and reads back from its text; what is said for people is printable.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/hostsfile.h"

static void each(void *user, uint32_t line, const struct wr_addr *addr, const struct wr_name *name,
                 bool alias)
{
    char text[WR_NAME_TEXT_SIZE];
    struct wr_name again;
    size_t *given = user;
    size_t n = wr_name_to_text(name->wire, text, sizeof(text));
    promise(line > 0 && (addr->family == WR_AF_V4 || addr->family == WR_AF_V6));
    promise(wr_name_size(name->wire) == name->size && name->size > 1);
    promise(wr_hostsfile_name(text, n, &again) == WR_OK && wr_name_equal(again.wire, name->wire));
    (void)alias;
    ++*given;
}

static void wrong(void *user, uint32_t line, const char *text)
{
    (void)user;
    promise(line > 0);
    for (; *text; text++) {
        promise((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t given = 0;
    const struct wr_hostsfile_hooks hooks = {.each = each, .wrong = wrong, .user = &given};
    promise(wr_hostsfile_read((const char *)data, size, &hooks) == given);
    return 0;
}
