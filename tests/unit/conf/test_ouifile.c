/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/ouifile.h"

static void check(const struct wr_ouifile *file, const uint8_t mac[6], const char *want)
{
    char text[64];
    assert_int_equal(wr_ouifile_find(file, mac, text, sizeof(text)), strlen(want));
    assert_string_equal(text, want);
}

static void test_found(void **state)
{
    static const char text[] =
        "OUI/MA-L                                                    Organization\r\n"
        "company_id\t\t\tOrganization\r\n\r\n"
        "28-6F-B9   (hex)\t\tNokia Shanghai Bell Co., Ltd.\r\n"
        "286FB9     (base 16)\t\tNokia Shanghai Bell Co., Ltd.\r\n"
        "\t\t\t\tNo.388 Ning Qiao Road\r\n\r\n"
        "00-00-0c   (hex)\t\tCisco \x1b[1mSystems\r\n"
        "02-00-00   (hex)\t\tNobody\n"
        "00-11-22   (hex)\n"
        "00-11-2\n"
        "FC-FF-AA (hex) Last";
    struct wr_ouifile file;
    assert_int_equal(wr_ouifile_read(text, sizeof(text) - 1, &file), WR_OK);
    assert_int_equal(file.count, 4);
    check(&file, (const uint8_t[6]){0x28, 0x6f, 0xb9, 1}, "Nokia Shanghai Bell Co., Ltd.");
    check(&file, (const uint8_t[6]){0, 0, 0x0c}, "Cisco "); /* no escapes for a terminal */
    check(&file, (const uint8_t[6]){0xfc, 0xff, 0xaa}, "Last");
    check(&file, (const uint8_t[6]){2, 0, 0}, ""); /* it made that up itself */
    check(&file, (const uint8_t[6]){0, 0x11, 0x22}, "");
    wr_ouifile_free(&file);
    check(&file, (const uint8_t[6]){0, 0, 0x0c}, "");
}

static void test_nothing(void **state)
{
    struct wr_ouifile file;
    assert_int_equal(wr_ouifile_read("", 0, &file), WR_OK);
    check(&file, (const uint8_t[6]){0}, "");
    wr_ouifile_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
