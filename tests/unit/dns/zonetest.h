/* SPDX-License-Identifier: Apache-2.0 */
/* Zone files in memory for the tests of dns/zonefile and dns/zonecheck: a text is fed in pieces, $INCLUDE finds what
 * stands in `files`, and each event goes to the test. */
#ifndef WEIR_TESTS_ZONETEST_H
#define WEIR_TESTS_ZONETEST_H

#include <stdlib.h>
#include <string.h>

#include "dns/zonefile.h"

struct zonetest_file {
    const char *name, *text;
};

static inline void zonetest_read(const struct wr_zonefile_options *options, const char *text,
                                 const struct zonetest_file *files, size_t piece,
                                 void (*take)(void *data, enum wr_zonefile_what what,
                                              const struct wr_zonefile_event *event),
                                 void *data)
{
    struct wr_zonefile *z = malloc(sizeof(*z));
    const char *at[WR_ZONEFILE_DEPTH_MAX] = {text};
    uint32_t depth = 0;
    struct wr_zonefile_event event;
    enum wr_zonefile_what what;

    assert_non_null(z);
    wr_zonefile_start(z, options);
    while ((what = wr_zonefile_next(z, &event)) != WR_ZONEFILE_END) {
        const struct zonetest_file *file = files;
        size_t n;

        switch (what) {
        case WR_ZONEFILE_MORE:
            depth = event.place.file;
            n = strnlen(at[depth], piece);
            wr_zonefile_feed(z, at[depth], n);
            at[depth] += n;
            break;
        case WR_ZONEFILE_INCLUDE:
            while (file && file->name && strcmp(file->name, event.path)) {
                file++;
            }
            if (file && file->name) {
                depth = event.place.file + 1;
                at[depth] = file->text;
                wr_zonefile_include(z, depth);
            } else if (strcmp(event.path, "silent")) {
                wr_zonefile_refuse(z, "no such file");
            }
            break;
        default: take(data, what, &event);
        }
    }
    assert_int_equal(wr_zonefile_next(z, &event), WR_ZONEFILE_END);
    free(z);
}

#endif
