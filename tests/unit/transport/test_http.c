/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP: words of heads, and memory that is counted. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/http.h"
#include "unit/transport/httpmem.h"

static void words(void **state)
{
    static const struct {
        const char *text;
        uint8_t type;
    } types[] = {
        {"application/dns-message", WR_HTTP_TYPE_DNS},
        {"Application/DNS-Message", WR_HTTP_TYPE_DNS},
        {"application/dns-message; charset=utf-8", WR_HTTP_TYPE_DNS},
        {"application/dns-message \t;x", WR_HTTP_TYPE_DNS},
        {"application/oblivious-dns-message", WR_HTTP_TYPE_ODOH},
        {"application/octet-stream", WR_HTTP_TYPE_OCTETS},
        {"application/dns-messages", WR_HTTP_TYPE_OTHER},
        {"application/dns-json", WR_HTTP_TYPE_OTHER},
        {"", WR_HTTP_TYPE_OTHER},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        assert_int_equal(wr_http_type(types[i].text, strlen(types[i].text)), types[i].type);
    }
    assert_int_equal(wr_http_method("GET", 3), WR_HTTP_GET);
    assert_int_equal(wr_http_method("get", 3),
                     WR_HTTP_UNKNOWN); /* RFC 9110 section 9.1: they have case */
    assert_int_equal(wr_http_method("DELETE", 6), WR_HTTP_OTHER);
    assert_int_equal(wr_http_method("GETS", 4), WR_HTTP_UNKNOWN);
    assert_string_equal(wr_http_method_name(WR_HTTP_POST), "POST");
    assert_string_equal(wr_http_reason(415), "Unsupported Media Type");
    assert_string_equal(wr_http_reason(299), "");
    assert_null(wr_http_type_name(WR_HTTP_TYPE_OTHER));
}

static int field(struct wr_http_head *head, const char *name, const char *value)
{
    return wr_http_field(head, name, strlen(name), value, strlen(value));
}

static void fields(void **state)
{
    struct wr_http_head head = {0};

    assert_int_equal(field(&head, "Content-Length", "17"), WR_OK);
    assert_true(head.has_length);
    assert_int_equal(head.length, 17);
    assert_int_equal(field(&head, "content-length", "17"),
                     WR_E_FORMAT); /* a second one, though equal */
    head = (struct wr_http_head){0};
    assert_int_equal(field(&head, "content-length", "+17"), WR_E_FORMAT);
    assert_int_equal(field(&head, "content-length", "17, 17"), WR_E_FORMAT);
    assert_int_equal(field(&head, "content-length", ""), WR_E_FORMAT);
    assert_int_equal(field(&head, "content-length", "99999999999999999999"), WR_E_FORMAT);
    assert_int_equal(field(&head, "AGE", "60"), WR_OK);
    assert_int_equal(head.age_s, 60);
    assert_int_equal(field(&head, "age", "soon"), WR_OK);
    assert_int_equal(head.age_s, 60);
    assert_int_equal(field(&head, "early-data", "1"), WR_OK);
    assert_true(head.early);
    assert_int_equal(field(&head, "expect", "100-Continue"), WR_OK);
    assert_true(head.expect && !head.expect_other);
    assert_int_equal(field(&head, "content-encoding", "gzip"), WR_OK);
    assert_true(head.encoded);
    assert_int_equal(field(&head, "content-type", "application/dns-message"), WR_OK);
    assert_int_equal(head.type, WR_HTTP_TYPE_DNS);
    assert_int_equal(field(&head, "content-type", "text/html"), WR_OK);
    assert_int_equal(head.type, WR_HTTP_TYPE_OTHER);
    assert_int_equal(field(&head, "cookie", "secret=1"), WR_OK);
}

static void cache_control(void **state)
{
    char text[WR_HTTP_CACHE_SIZE];

    wr_http_cache_control(&(struct wr_http_reply){.max_age_s = 4294967295}, text);
    assert_string_equal(text, "max-age=4294967295");
    wr_http_cache_control(&(struct wr_http_reply){.max_age_s = -1}, text);
    assert_string_equal(text, "");
    wr_http_cache_control(&(struct wr_http_reply){.no_store = true}, text);
    assert_string_equal(text, "no-store");
}

static void memory_is_counted(void **state)
{
    struct httpmem m;
    struct wr_http_heap heap;
    uint8_t *a, *b;

    httpmem_heap(&m, &heap, 1000);
    a = wr_http_take(&heap, 100);
    assert_non_null(a);
    assert_int_equal(heap.used, 132);
    memset(a, 7, 100);
    a = wr_http_resize(&heap, a, 800);
    assert_non_null(a);
    assert_int_equal(a[99], 7);
    assert_int_equal(heap.used, 832);
    assert_null(wr_http_take(&heap, 137)); /* 832 + 137 + 32 > 1000 */
    b = wr_http_take(&heap, 136);
    assert_non_null(b);
    assert_null(wr_http_take(&heap, SIZE_MAX));
    assert_null(wr_http_resize(&heap, b, SIZE_MAX - 8));
    b = wr_http_force(&heap, b, 2000);
    assert_non_null(b);
    assert_int_equal(heap.used, 832 + 2032);
    m.left = 0;
    assert_null(wr_http_force(&heap, b, 3000));
    assert_true(heap.failed);
    wr_http_give(&heap, a);
    wr_http_heap_drop(&heap);
    wr_http_give(&heap, NULL);
    assert_int_equal(heap.used, 0);
    assert_int_equal(m.pieces, 0);
}

static void octets_grow(void **state)
{
    struct httpmem m;
    struct wr_http_heap heap;
    struct wr_http_octets o = {0};
    uint8_t bytes[100];

    httpmem_heap(&m, &heap, 100000);
    memset(bytes, 1, sizeof(bytes));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(wr_http_octets_add(&heap, &o, bytes, 100, 1050), WR_OK);
    }
    assert_int_equal(o.size, 1000);
    assert_true(o.cap <= 1050);
    assert_int_equal(wr_http_octets_add(&heap, &o, bytes, 100, 1050), WR_E_LIMIT);
    assert_int_equal(o.size, 1000);
    m.left = 0;
    assert_int_equal(wr_http_octets_add(&heap, &o, bytes, 100, 5000), WR_E_NOMEM);
    assert_int_equal(o.size, 1000);
    wr_http_octets_free(&heap, &o);
    assert_int_equal(heap.used, 0);
    assert_int_equal(m.pieces, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),         cmocka_unit_test(fields),
        cmocka_unit_test(cache_control), cmocka_unit_test(memory_is_counted),
        cmocka_unit_test(octets_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
