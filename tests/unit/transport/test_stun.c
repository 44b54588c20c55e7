/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/stun.h"

/* RFC 5769 sections 2.2 and 2.3: the sample responses (their integrity and fingerprint are passed over). */
static const uint8_t id[WR_STUN_ID_SIZE] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                            0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
static const uint8_t v4[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
static const uint8_t v6[] = {0x01, 0x01, 0x00, 0x18, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7,
                             0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x00, 0x20,
                             0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5,
                             0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9};

static void test_request(void **state)
{
    uint8_t request[WR_STUN_HEADER_SIZE];
    struct wr_stun_response response;

    wr_stun_request(id, request);
    assert_memory_equal(request, "\0\1\0\0\x21\x12\xa4\x42", 8);
    assert_memory_equal(request + 8, id, sizeof(id));
    assert_int_equal(wr_stun_read(request, sizeof(request), id, &response),
                     WR_E_NOTFOUND); /* our own, come back */
}

static void test_samples(void **state)
{
    struct wr_stun_response response;
    char text[WR_ADDR_TEXT_SIZE];

    assert_int_equal(wr_stun_read(v4, sizeof(v4), id, &response), WR_OK);
    wr_addr_to_text(&response.mapped, text, sizeof(text));
    assert_string_equal(text, "192.0.2.1:32853");
    assert_int_equal(wr_stun_read(v6, sizeof(v6), id, &response), WR_OK);
    wr_addr_to_text(&response.mapped, text, sizeof(text));
    assert_string_equal(text, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
    assert_int_equal(response.error, 0);
}

/* A response with what stands behind the header. */
static int read_with(uint16_t type, const char *attributes, size_t n, struct wr_stun_response *ret)
{
    uint8_t message[1024];

    memcpy(message, v6, WR_STUN_HEADER_SIZE);
    message[0] = (uint8_t)(type >> 8);
    message[1] = (uint8_t)type;
    message[2] = (uint8_t)(n >> 8);
    message[3] = (uint8_t)n;
    memcpy(message + WR_STUN_HEADER_SIZE, attributes, n);
    return wr_stun_read(message, WR_STUN_HEADER_SIZE + n, id, ret);
}

static void test_attributes(void **state)
{
    static const struct {
        uint16_t type;
        const char *attributes;
        size_t n;
        int err;
        uint16_t error;
    } rows[] = {
        {0x0101, "", 0, WR_OK, 0},
        {0x0101, "\0\1\0\10\0\1\1\2\3\4\5\6", 12, WR_OK, 0}, /* MAPPED-ADDRESS, as old servers */
        {0x0111, "\0\11\0\4\0\0\4\1", 8, WR_OK, 401},        /* an error is an answer */
        {0x0111, "", 0, WR_E_FORMAT, 0},                     /* without its number */
        {0x0101, "\0\11\0\4\0\0\4\1", 8, WR_E_FORMAT, 0},    /* success with an error */
        {0x0111, "\0\11\0\4\0\0\2\1", 8, WR_E_FORMAT, 0},    /* class 2 */
        {0x0101, "\0\x20\0\10\0\3\1\2\3\4\5\6", 12, WR_E_FORMAT, 0}, /* no family */
        {0x0101, "\0\x20\0\4\0\1\1\2", 8, WR_E_FORMAT, 0},           /* no address */
        {0x0101, "\x80\x22\0\5test\0", 8, WR_E_FORMAT, 0},           /* past the end */
        {0x0011, "", 0, WR_E_NOTFOUND, 0},                           /* an indication */
        {0x4101, "", 0, WR_E_FORMAT, 0},                             /* not STUN: the first bits */
    };
    struct wr_stun_response response;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(read_with(rows[i].type, rows[i].attributes, rows[i].n, &response),
                         rows[i].err);
        if (!rows[i].err)
            assert_int_equal(response.error, rows[i].error);
    }
}

static void test_broken(void **state)
{
    struct wr_stun_response response;
    uint8_t message[sizeof(v4)];
    char many[70 * 4] = {0};

    for (size_t n = 0; n < sizeof(v4); n++)
        assert_int_equal(wr_stun_read(v4, n, id, &response), WR_E_FORMAT);
    memcpy(message, v4, sizeof(v4));
    message[4] ^= 1;
    assert_int_equal(wr_stun_read(message, sizeof(message), id, &response), WR_E_FORMAT);
    memcpy(message, v4, sizeof(v4));
    message[8] ^= 1;
    assert_int_equal(wr_stun_read(message, sizeof(message), id, &response), WR_E_NOTFOUND);
    for (size_t i = 0; i < sizeof(many); i += 4)
        many[i] = (char)0x80;
    assert_int_equal(read_with(0x0101, many, sizeof(many), &response), WR_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
