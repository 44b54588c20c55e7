/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askjson.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "dns/codes.h"

enum { TEXT_SIZE = 2048 };

/* Any octets as a JSON string. */
static json_t *safe(const void *bytes, size_t n)
{
    char text[TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_utf8_safe(&s, bytes, n < TEXT_SIZE / 4 - 1 ? n : TEXT_SIZE / 4 - 1);
    return json_string(text);
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
    char text[TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_str_hex(&s, bytes, n < TEXT_SIZE / 2 - 1 ? n : TEXT_SIZE / 2 - 1);
    return json_string(text);
}

static json_t *flags_json(uint16_t bits)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } names[] = {{WR_FLAG_QR, "qr"}, {WR_FLAG_AA, "aa"}, {WR_FLAG_TC, "tc"}, {WR_FLAG_RD, "rd"},
                 {WR_FLAG_RA, "ra"}, {0x40, "z"},        {WR_FLAG_AD, "ad"}, {WR_FLAG_CD, "cd"}};
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bits & names[i].bit)
            json_array_append_new(list, json_string(names[i].name));
    return list;
}

static json_t *question_json(const uint8_t *name, uint16_t type, uint16_t class_)
{
    char text[WR_NAME_TEXT_SIZE], t[WR_CODE_TEXT_SIZE], c[WR_CODE_TEXT_SIZE];

    wr_name_to_text(name, text, sizeof(text));
    wr_codes_type_text(type, t, sizeof(t));
    wr_codes_class_text(class_, c, sizeof(c));
    return json_pack("{s:s, s:s, s:s}", "name", text, "type", t, "class", c);
}

static json_t *record_json(const struct wr_askmsg_record *record)
{
    json_t *one = question_json(record->rr.owner.wire, record->rr.type, record->rr.class_);

    json_object_set_new(one, "ttl", json_integer(record->rr.ttl));
    json_object_set_new(one, "rdata", json_string(record->rdata));
    return one;
}

static json_t *section_json(struct wr_askmsg_view *view, enum wr_section section)
{
    struct wr_msg_walk walk = wr_msg_walk(&view->msg, section);
    struct wr_askmsg_record record;
    json_t *list = json_array();

    while (view->err == 0 && wr_askmsg_next(view, &walk, &record))
        json_array_append_new(list, record_json(&record));
    return list;
}

static json_t *ede_json(const uint8_t *data, uint16_t n)
{
    unsigned code = (unsigned)data[0] << 8 | data[1];

    return json_pack("{s:i, s:s, s:o}", "code", (int)code, "name", wr_codes_ede_text((int)code),
                     "text", safe(data + 2, n - 2u));
}

static void add_option(json_t *all, json_t *ede, uint16_t code, const uint8_t *data, uint16_t n)
{
    char text[WR_ADDR_TEXT_SIZE + 8];

    if (code == WR_OPTION_EDE && n >= 2)
        json_array_append_new(ede, ede_json(data, n));
    else if (code == WR_OPTION_COOKIE)
        json_object_set_new(all, "cookie", hex(data, n));
    else if (code == WR_OPTION_NSID)
        json_object_set_new(all, "nsid", safe(data, n));
    else if (code == WR_OPTION_ECS && wr_askmsg_subnet(data, n, text, sizeof(text)))
        json_object_set_new(all, "subnet", json_string(text));
}

static void add_edns(json_t *all, const struct wr_askmsg_view *view)
{
    const struct wr_edns *edns = &view->msg.edns;
    json_t *ede = json_array();
    struct wr_reader options;
    const uint8_t *data;
    uint16_t code, n;

    if (view->err == 0 && wr_askmsg_opt(view, &options)) {
        json_object_set_new(all, "edns",
                            json_pack("{s:i, s:i, s:b}", "version", (int)edns->version, "udp_size",
                                      (int)edns->udp_size, "dnssec_ok", (int)edns->dnssec_ok));
        while (wr_askmsg_option(&options, &code, &data, &n))
            add_option(all, ede, code, data, n);
    }
    json_object_set_new(all, "ede", ede);
}

static json_t *secure_json(const struct wr_asktext_secure *secure)
{
    json_t *tls = json_pack(
        "{s:s, s:s, s:b, s:b, s:o, s:f, s:f, s:f}", "version", secure->version, "cipher",
        secure->cipher, "resumed", (int)secure->resumed, "proven", (int)secure->proven, "proof",
        safe(secure->proof, strlen(secure->proof)), "connect_ms", secure->connect_us / 1000.0,
        "handshake_ms", secure->handshake_us / 1000.0, "answer_ms", secure->answer_us / 1000.0);
    char pin[WR_PIN_TEXT_SIZE];
    struct wr_str s;

    if (secure->http[0])
        json_object_set_new(tls, "http", json_string(secure->http));
    if (secure->key) {
        wr_str_init(&s, pin, sizeof(pin));
        wr_pin_text(secure->key, &s);
        json_object_set_new(tls, "pin", json_string(pin));
    }
    return tls;
}

static json_t *odoh_json(const struct wr_askodoh *odoh)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "target", odoh->target, "path", odoh->uri->path,
                     "configuration", odoh->from, "config", odoh->config);
}

static json_t *transport_json(const char *transport)
{
    char text[8] = "";

    for (size_t i = 0; transport[i] && i + 1 < sizeof(text); i++)
        text[i] = (char)wr_name_fold((uint8_t)transport[i]);
    return json_string(text);
}

static int dump(json_t *all, FILE *out)
{
    int failed = !all || json_dumpf(all, out, JSON_COMPACT | JSON_REAL_PRECISION(7)) != 0;

    if (!failed)
        fputc('\n', out);
    json_decref(all);
    return failed ? WR_E_NOMEM : WR_OK;
}

int wr_askjson_print(struct wr_askmsg_view *view, const struct wr_asktext_facts *facts, FILE *out)
{
    const struct wr_msg *msg = &view->msg;
    char opcode[WR_CODE_TEXT_SIZE], rcode[WR_CODE_TEXT_SIZE];
    json_t *all;

    wr_codes_opcode_text(wr_msg_opcode(msg), opcode, sizeof(opcode));
    wr_codes_rcode_text(wr_msg_rcode(msg), rcode, sizeof(rcode));
    all = json_pack("{s:s, s:o, s:f, s:i, s:i, s:i, s:s, s:s, s:o, s:b}", "server", facts->server,
                    "transport", transport_json(facts->transport), "time_ms",
                    facts->took_us / 1000.0, "size", (int)facts->size, "wrong_replies",
                    (int)facts->wrong, "id", (int)msg->id, "opcode", opcode, "rcode", rcode,
                    "flags", flags_json(msg->flags), "malformed", view->err != 0);
    if (facts->secure)
        json_object_set_new(all, "tls", secure_json(facts->secure));
    if (facts->secure && facts->secure->odoh)
        json_object_set_new(all, "odoh", odoh_json(facts->secure->odoh));
    if (msg->qtype)
        json_object_set_new(all, "question",
                            question_json(msg->qname.wire, msg->qtype, msg->qclass));
    json_object_set_new(all, "answer", section_json(view, WR_SECTION_ANSWER));
    json_object_set_new(all, "authority", section_json(view, WR_SECTION_AUTHORITY));
    json_object_set_new(all, "additional", section_json(view, WR_SECTION_ADDITIONAL));
    add_edns(all, view);
    return dump(all, out);
}

int wr_askjson_failed(const struct wr_askflags *flags, const char *server, const char *error,
                      FILE *out)
{
    return dump(json_pack("{s:o, s:s, s:s}", "question",
                          question_json(flags->name.wire, flags->type, flags->class_), "server",
                          server, "error", error),
                out);
}
