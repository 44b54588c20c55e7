/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/errorreport.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

static void put_label(struct wr_writer *w, const char *text, size_t n)
{
    wr_buf_put_u8(w, (uint8_t)n);
    wr_buf_put_bytes(w, text, n);
}

static void put_number(struct wr_writer *w, uint16_t v)
{
    char text[8];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_str_u64(&s, v);
    put_label(w, text, s.len);
}

static bool is_report(const uint8_t *qname)
{
    return qname[0] == 3 && wr_str_same_n((const char *)qname + 1, 3, "_er");
}

int wr_errorreport_name(const uint8_t *qname, uint16_t qtype, uint16_t ede, const uint8_t *agent,
                        struct wr_name *ret_name)
{
    struct wr_writer w;
    struct wr_name name;

    if (is_report(qname) || agent[0] == 0) {
        return WR_E_DENIED;
    }
    wr_buf_write_init(&w, name.wire, WR_NAME_MAX);
    put_label(&w, "_er", 3);
    put_number(&w, qtype);
    wr_buf_put_bytes(&w, qname, wr_name_size(qname) - 1);
    put_number(&w, ede);
    put_label(&w, "_er", 3);
    wr_buf_put_bytes(&w, agent, wr_name_size(agent));
    if (w.err) {
        return WR_E_RANGE;
    }
    name.size = (uint8_t)w.pos;
    *ret_name = name;
    return WR_OK;
}
