/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askmsg.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "dns/build.h"
#include "dns/present.h"
#include "dns/rdata.h"

enum {
    OPTIONS_SIZE = 4608,
    OPT_FIXED = 11,                           /* root, type, class, TTL, RDLENGTH */
    WIRE_ROOM = WR_MSG_MAX + WR_NAME_MAX * 4, /* expanded names make data longer */
    TEXT_ROOM = 5 * WIRE_ROOM                 /* \DDD, and quotation marks */
};

static const uint8_t root[] = {0};

static uint16_t header_flags(const struct wr_askflags *f)
{
    unsigned v = 0;

    v |= f->aa ? WR_FLAG_AA : 0;
    v |= f->tc ? WR_FLAG_TC : 0;
    v |= f->rd ? WR_FLAG_RD : 0;
    v |= f->ra ? WR_FLAG_RA : 0;
    v |= f->z ? 0x40 : 0;
    v |= f->ad ? WR_FLAG_AD : 0;
    v |= f->cd ? WR_FLAG_CD : 0;
    return (uint16_t)v;
}

static void put_option(struct wr_writer *w, uint16_t code, const void *data, size_t n)
{
    wr_buf_put_u16(w, code);
    wr_buf_put_u16(w, (uint16_t)n);
    wr_buf_put_bytes(w, data, n);
}

static void put_padding(struct wr_writer *w, size_t before, unsigned block)
{
    size_t size = before + OPT_FIXED + w->pos + 4;

    wr_buf_put_u16(w, WR_OPTION_PADDING);
    wr_buf_put_u16(w, (uint16_t)((block - size % block) % block));
    for (size_t n = (block - size % block) % block; n; n--)
        wr_buf_put_u8(w, 0);
}

static void put_opt(const struct wr_askflags *f, const uint8_t *cookie, struct wr_build *b)
{
    uint8_t room[OPTIONS_SIZE];
    struct wr_writer w;
    uint32_t ttl = (uint32_t)f->edns_version << 16 | (f->dnssec_ok ? 0x8000u : 0);

    wr_buf_write_init(&w, room, sizeof(room));
    if (f->nsid)
        put_option(&w, WR_OPTION_NSID, "", 0);
    if (f->ecs)
        wr_build_put_subnet(&w, &f->subnet);
    if (f->cookie)
        put_option(&w, WR_OPTION_COOKIE, f->cookie_size ? f->cookie_bytes : cookie,
                   f->cookie_size ? f->cookie_size : WR_COOKIE_CLIENT_SIZE);
    if (f->padding)
        put_padding(&w, b->w.pos, f->padding);
    wr_assert(!w.err);
    (void)!wr_build_rr(b, WR_SECTION_ADDITIONAL, root, WR_TYPE_OPT, f->bufsize, ttl, room, w.pos);
}

static bool wants_opt(const struct wr_askflags *f)
{
    return f->edns || f->nsid || f->ecs || f->cookie || f->padding || f->dnssec_ok;
}

size_t wr_askmsg_build(const struct wr_askflags *flags, uint16_t id,
                       const uint8_t cookie[WR_COOKIE_CLIENT_SIZE], uint8_t room[WR_ASKMSG_SIZE])
{
    struct wr_build b;

    wr_build_start(&b, room, WR_ASKMSG_SIZE, id, header_flags(flags));
    wr_build_question(&b, flags->name.wire, flags->type, flags->class_);
    if (wants_opt(flags))
        put_opt(flags, cookie, &b);
    return wr_build_finish(&b, 0);
}

/* --- the reply --- */

int wr_askmsg_view(const uint8_t *reply, size_t size, struct wr_askmsg_view *ret_view)
{
    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->wire_room = malloc(WIRE_ROOM);
    ret_view->text_room = malloc(TEXT_ROOM);
    if (!ret_view->wire_room || !ret_view->text_room) {
        wr_askmsg_view_free(ret_view);
        return WR_E_NOMEM;
    }
    ret_view->err = wr_msg_parse(&ret_view->msg, reply, size);
    return WR_OK;
}

void wr_askmsg_view_free(struct wr_askmsg_view *view)
{
    free(view->wire_room);
    free(view->text_room);
    view->wire_room = NULL;
    view->text_room = NULL;
}

static void generic_text(const uint8_t *data, size_t n, struct wr_str *text)
{
    wr_str_text(text, "\\# ");
    wr_str_u64(text, n);
    wr_str_text(text, n ? " " : "");
    wr_str_hex(text, data, n);
}

bool wr_askmsg_next(struct wr_askmsg_view *view, struct wr_msg_walk *walk,
                    struct wr_askmsg_record *ret_record)
{
    struct wr_reader r;
    struct wr_writer w;
    struct wr_str text;
    uint32_t form;

    do {
        if (!wr_msg_next(walk, &ret_record->rr))
            return false;
    } while (ret_record->rr.type == WR_TYPE_OPT);
    form = wr_rdata_form(ret_record->rr.class_, ret_record->rr.type);
    r = wr_msg_reader(&view->msg, ret_record->rr.rdata);
    wr_buf_write_init(&w, view->wire_room, WIRE_ROOM);
    wr_str_init(&text, view->text_room, TEXT_ROOM);
    if (wr_rdata_expand(&r, form, ret_record->rr.rdlength, &w) == WR_OK)
        wr_present_rdata(&text, form, view->wire_room, w.pos);
    else
        generic_text(view->msg.wire + ret_record->rr.rdata, ret_record->rr.rdlength, &text);
    ret_record->rdata = view->text_room;
    return true;
}

bool wr_askmsg_opt(const struct wr_askmsg_view *view, struct wr_reader *ret_options)
{
    struct wr_msg_walk walk = wr_msg_walk(&view->msg, WR_SECTION_ADDITIONAL);
    struct wr_msg_rr rr;

    if (!view->msg.edns.present)
        return false;
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type != WR_TYPE_OPT)
            continue;
        wr_buf_read_init(ret_options, view->msg.wire + rr.rdata, rr.rdlength);
        return true;
    }
    return false;
}

bool wr_askmsg_option(struct wr_reader *options, uint16_t *ret_code, const uint8_t **ret_data,
                      uint16_t *ret_size)
{
    if (wr_buf_left(options) == 0)
        return false;
    *ret_code = wr_buf_get_u16(options);
    *ret_size = wr_buf_get_u16(options);
    *ret_data = wr_buf_get_bytes(options, *ret_size);
    return options->err == 0;
}

bool wr_askmsg_subnet(const uint8_t *data, uint16_t size, char *ret_text, size_t cap)
{
    struct wr_addr addr;
    struct wr_str s;
    char text[WR_ADDR_TEXT_SIZE];

    memset(&addr, 0, sizeof(addr));
    if (size < 4 || data[0] != 0 || (data[1] != 1 && data[1] != 2))
        return false;
    addr.family = data[1] == 1 ? WR_AF_V4 : WR_AF_V6;
    if (size - 4u > wr_addr_ip_size(&addr))
        return false;
    memcpy(addr.ip, data + 4, size - 4u);
    wr_addr_to_text(&addr, text, sizeof(text));
    wr_str_init(&s, ret_text, cap);
    wr_str_text(&s, text);
    wr_str_char(&s, '/');
    wr_str_u64(&s, data[2]);
    wr_str_char(&s, '/');
    wr_str_u64(&s, data[3]);
    return true;
}
