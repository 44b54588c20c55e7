/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asktext.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "dns/codes.h"

enum { OPTION_TEXT_SIZE = 1024 };

static void print_bits(uint16_t bits, FILE *out)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } names[] = {{WR_FLAG_QR, "qr"}, {WR_FLAG_AA, "aa"}, {WR_FLAG_TC, "tc"}, {WR_FLAG_RD, "rd"},
                 {WR_FLAG_RA, "ra"}, {0x40, "z"},        {WR_FLAG_AD, "ad"}, {WR_FLAG_CD, "cd"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bits & names[i].bit)
            fprintf(out, " %s", names[i].name);
}

static void print_header(const struct wr_msg *msg, FILE *out)
{
    char opcode[WR_CODE_TEXT_SIZE], rcode[WR_CODE_TEXT_SIZE];

    wr_codes_opcode_text(wr_msg_opcode(msg), opcode, sizeof(opcode));
    wr_codes_rcode_text(wr_msg_rcode(msg), rcode, sizeof(rcode));
    fprintf(out, ";; ->>HEADER<<- opcode: %s; status: %s; id: %u\n;; Flags:", opcode, rcode,
            msg->id);
    print_bits(msg->flags, out);
    fprintf(out, "; QUERY: %u; ANSWER: %u; AUTHORITY: %u; ADDITIONAL: %u\n\n", msg->qdcount,
            msg->counts[0], msg->counts[1], msg->counts[2]);
}

/* Octets as text between marks when all can be seen, else as hexadecimal digits. */
static void print_octets(const uint8_t *data, size_t n, FILE *out)
{
    char text[OPTION_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_str_hex(&s, data, n < 256 ? n : 256);
    fprintf(out, "%s%s\n", text, n < 256 ? "" : "...");
}

static void print_safe(const uint8_t *data, size_t n, FILE *out)
{
    char text[OPTION_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_utf8_safe(&s, (const char *)data, n);
    fprintf(out, "'%s'%s\n", text, s.cut ? "..." : "");
}

/* What a stranger may have had a part in, as one line. */
static void print_safe_words(const char *words, FILE *out)
{
    char text[OPTION_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_utf8_safe(&s, words, strlen(words));
    fprintf(out, "%s\n", text);
}

static void print_ede(const uint8_t *data, uint16_t n, FILE *out)
{
    unsigned code;
    const char *words;

    if (n < 2) {
        print_octets(data, n, out);
        return;
    }
    code = (unsigned)data[0] << 8 | data[1];
    words = wr_codes_ede_text((int)code);
    fprintf(out, "%u%s%s%s", code, *words ? " (" : "", words, *words ? ")" : "");
    if (n > 2) {
        fputs(": ", out);
        print_safe(data + 2, n - 2u, out);
    } else {
        fputc('\n', out);
    }
}

static void print_option(uint16_t code, const uint8_t *data, uint16_t n, FILE *out)
{
    const char *name = wr_codes_option_text(code);
    char text[OPTION_TEXT_SIZE];

    if (name)
        fprintf(out, ";; %s: ", name);
    else
        fprintf(out, ";; OPTION%u: ", code);
    if (code == WR_OPTION_EDE) {
        print_ede(data, n, out);
    } else if (code == WR_OPTION_NSID) {
        print_safe(data, n, out);
    } else if (code == WR_OPTION_ECS && wr_askmsg_subnet(data, n, text, sizeof(text))) {
        fprintf(out, "%s\n", text);
    } else if (code == WR_OPTION_PADDING) {
        fprintf(out, "%u B\n", n);
    } else if (code == WR_OPTION_KEEPALIVE && n == 2) {
        unsigned tenths = (unsigned)data[0] << 8 | data[1];

        fprintf(out, "%u.%u s\n", tenths / 10, tenths % 10);
    } else {
        print_octets(data, n, out);
    }
}

static void print_opt(const struct wr_askflags *flags, const struct wr_askmsg_view *view, FILE *out)
{
    const struct wr_edns *edns = &view->msg.edns;
    char rcode[WR_CODE_TEXT_SIZE];
    struct wr_reader options;
    const uint8_t *data;
    uint16_t code, n;

    if (!wr_askmsg_opt(view, &options))
        return;
    wr_codes_rcode_text(wr_msg_rcode(&view->msg), rcode, sizeof(rcode));
    if (flags->comments)
        fputs(";; EDNS PSEUDOSECTION:\n", out);
    fprintf(out, ";; Version: %u; flags:%s; UDP size: %u B; ext-rcode: %s\n", edns->version,
            edns->dnssec_ok ? " do" : "", edns->udp_size, rcode);
    while (wr_askmsg_option(&options, &code, &data, &n))
        print_option(code, data, n, out);
    fputc('\n', out);
}

static void print_question(const struct wr_askflags *flags, const struct wr_msg *msg, FILE *out)
{
    char name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE], class_[WR_CODE_TEXT_SIZE];

    if (msg->qtype == 0)
        return;
    wr_name_to_text(msg->qname.wire, name, sizeof(name));
    wr_codes_type_text(msg->qtype, type, sizeof(type));
    wr_codes_class_text(msg->qclass, class_, sizeof(class_));
    if (flags->comments)
        fputs(";; QUESTION SECTION:\n", out);
    fprintf(out, ";; %-20s\t\t%s\t%s\n\n", name, class_, type);
}

static void print_record(const struct wr_askflags *flags, const struct wr_askmsg_record *record,
                         FILE *out)
{
    char name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE], class_[WR_CODE_TEXT_SIZE];

    wr_name_to_text(record->rr.owner.wire, name, sizeof(name));
    wr_codes_type_text(record->rr.type, type, sizeof(type));
    wr_codes_class_text(record->rr.class_, class_, sizeof(class_));
    fprintf(out, "%-20s\t", name);
    if (flags->show_ttl)
        fprintf(out, "%u\t", (unsigned)record->rr.ttl);
    if (flags->show_class)
        fprintf(out, "%s\t", class_);
    fprintf(out, "%s\t%s\n", type, record->rdata);
}

static void print_section(const struct wr_askflags *flags, struct wr_askmsg_view *view,
                          enum wr_section section, FILE *out)
{
    static const char *const names[] = {"ANSWER", "AUTHORITY", "ADDITIONAL"};
    struct wr_msg_walk walk = wr_msg_walk(&view->msg, section);
    struct wr_askmsg_record record;
    bool any = false;

    while (wr_askmsg_next(view, &walk, &record)) {
        if (!any && flags->comments)
            fprintf(out, ";; %s SECTION:\n", names[section]);
        any = true;
        print_record(flags, &record, out);
    }
    if (any)
        fputc('\n', out);
}

static void print_ms(const char *before, uint32_t us, FILE *out)
{
    fprintf(out, "%s%u.%u ms", before, us / 1000, us / 100 % 10);
}

static void print_odoh(const struct wr_askodoh *odoh, FILE *out)
{
    fprintf(out, ";; Carried to %s%s, which alone can open it; configuration %s:\n", odoh->target,
            odoh->uri->path, odoh->from);
    fprintf(out, ";; +odoh-config=%s\n", odoh->config);
}

static void print_secure(const struct wr_asktext_secure *secure, FILE *out)
{
    char pin[WR_PIN_TEXT_SIZE];
    struct wr_str s;

    fprintf(out, ";; %s %s, %s%s%s%s session: ", secure->version, secure->cipher,
            secure->http[0] ? "HTTP/" : "", secure->http, secure->http[0] ? ", " : "",
            secure->resumed ? "resumed" : "new");
    print_safe_words(secure->proof, out);
    if (secure->key) {
        wr_str_init(&s, pin, sizeof(pin));
        wr_pin_text(secure->key, &s);
        fprintf(out, ";; Key of the server: +pin=%s\n", pin);
    }
    if (secure->odoh)
        print_odoh(secure->odoh, out);
    if (secure->connect_us)
        print_ms(";; Connected in ", secure->connect_us, out);
    print_ms(secure->connect_us ? ", handshake in " : ";; Handshake in ", secure->handshake_us,
             out);
    print_ms(", answered in ", secure->answer_us, out);
    fputc('\n', out);
}

static void print_stats(const struct wr_asktext_facts *facts, FILE *out)
{
    time_t wall = (time_t)facts->wall_s;
    char when[40] = "";
    struct tm tm;

    if (gmtime_r(&wall, &tm))
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
    fprintf(out, ";; %s %zu B\n;; Time %s\n", facts->query ? "Sent" : "Received", facts->size,
            when);
    if (facts->wrong)
        fprintf(out, ";; Passed over %u replies that were not the answer\n", facts->wrong);
    if (facts->secure)
        print_secure(facts->secure, out);
    fprintf(out, ";; %s %s(%s)", facts->query ? "To" : "From", facts->server, facts->transport);
    if (!facts->query)
        print_ms(" in ", facts->took_us, out);
    fputs("\n\n", out);
}

static void print_brief(struct wr_askmsg_view *view, FILE *out)
{
    struct wr_msg_walk walk = wr_msg_walk(&view->msg, WR_SECTION_ANSWER);
    struct wr_askmsg_record record;

    while (wr_askmsg_next(view, &walk, &record))
        fprintf(out, "%s\n", record.rdata);
}

void wr_asktext_print(const struct wr_askflags *flags, struct wr_askmsg_view *view,
                      const struct wr_asktext_facts *facts, FILE *out)
{
    bool whole = view->err == 0;

    if (flags->brief) {
        if (whole)
            print_brief(view, out);
        return;
    }
    if (flags->header)
        print_header(&view->msg, out);
    if (!whole)
        fputs(";; WARNING: the message is malformed; its records are not shown\n\n", out);
    if (whole && flags->opt)
        print_opt(flags, view, out);
    if (flags->question)
        print_question(flags, &view->msg, out);
    if (whole && flags->answer)
        print_section(flags, view, WR_SECTION_ANSWER, out);
    if (whole && flags->authority)
        print_section(flags, view, WR_SECTION_AUTHORITY, out);
    if (whole && flags->additional)
        print_section(flags, view, WR_SECTION_ADDITIONAL, out);
    if (flags->stats)
        print_stats(facts, out);
}
