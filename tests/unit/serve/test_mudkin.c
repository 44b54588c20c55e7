/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "serve/mudkin.h"

/* By a signature, by the host that it came from, or by the owner, who had it on his disk. */
static void test_stranger(void **state)
{
    static const struct {
        const char *from, *host, *signer;
        bool is_stranger, is_model;
    } rows[] = {
        {"", "", "", false, true},
        {"https://things.example/cam", "things.example", "", false, true},
        {"https://things.example/cam", "evil.example", "", true, false}, /* a redirect */
        {"https://things.example/cam", "", "", true, false},
        {"https://evil.example/cam", "things.example", "", true, false}, /* the other way round */
        {"https://things.example/cam.json", "things.example", "", false, false},
        {"https://THINGS.example:443/cam.json", "Things.example", "", false, false},
        {"https://evil.example/things.example", "evil.example", "", true, false},
        {"https://things.example:8443/cam", "things.example:8443", "", true, false},
        {"https://evil.example/cam.json", "evil.example", "CN=Things", false, true},
    };
    char texts[64];
    struct wr_mud_ace ace[1];
    struct wr_mud m;
    wr_mud_init(&m, ace, 1, texts, sizeof(texts));
    assert_int_equal(wr_mud_text(&m, "https://things.example/cam", 26, &m.url), WR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_mudstore_entry e = {.mud = &m};
        snprintf(e.about.from, sizeof(e.about.from), "%s", rows[i].from);
        snprintf(e.about.host, sizeof(e.about.host), "%s", rows[i].host);
        snprintf(e.about.signer, sizeof(e.about.signer), "%s", rows[i].signer);
        if (wr_mudkin_is_stranger(&e) != rows[i].is_stranger ||
            wr_mudkin_is_model(&e) != rows[i].is_model) {
            fail_msg("from \"%s\", by \"%s\", signed by \"%s\"", rows[i].from, rows[i].host,
                     rows[i].signer);
        }
    }
    const struct wr_mudstore_entry lost = {.mud = NULL};
    assert_false(wr_mudkin_is_stranger(&lost));
    assert_false(wr_mudkin_is_model(&lost));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stranger)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
