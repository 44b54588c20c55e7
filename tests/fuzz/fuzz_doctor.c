/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `weir check name` makes of a world whose every answer is the fuzzer's: the octets are messages, each behind two octets of
 * length, given in turn to whatever is asked; a message that is too short is silence. The exam must end within its bounds, want
 * nothing twice, and say nothing that is not text.
 *
 * The first octet says which name is looked at, whether the resolver is all that may be asked, and whether it is near.
 */
#include <stdint.h>
#include <string.h>

#include "doctor/exam.h"
#include "fuzz.h"

static struct wr_facts facts;
static struct wr_findings findings;
static struct wr_exam exam;
static struct wr_exam_options options;

static const uint8_t *const names[] = {
    (const uint8_t *)"\1d",
    (const uint8_t *)"\5_turn\4_udp\1d",
    (const uint8_t *)"\1p\4_ipp\4_tcp\1d",
    (const uint8_t *)"\11_services\7_dns-sd\4_udp\1d",
    (const uint8_t *)"\2lb\7_dns-sd\4_udp\1d",
    (const uint8_t *)"\2_u\4_sub\4_ipp\4_tcp\1d",
    (const uint8_t *)"",
    (const uint8_t *)"\5_8443\6_https\1d",
};

static unsigned sent_to(const struct wr_addr *addr)
{
    unsigned n = 0;

    for (unsigned i = 0; i < facts.count; i++)
        n += facts.fact[i].want.kind >= WR_FACTS_ASK_AT &&
             wr_addr_same_ip(&facts.fact[i].want.to, addr);
    return n;
}

static void find_out(const struct wr_facts_want *want, const uint8_t *data, size_t size, size_t *at)
{
    size_t n = 0;

    promise(!wr_facts_find(&facts, want));
    if (want->kind >=
        WR_FACTS_ASK_AT) { /* nothing goes where a stranger's packets must not be sent */
        enum wr_addr_kind kind = wr_addr_kind(&want->to);

        promise(sent_to(&want->to) < WR_DOCTOR_ADDRESS_MAX);
        promise(kind <= WR_ADDR_PRIVATE || (options.near && kind <= WR_ADDR_LINK_LOCAL));
    }
    if (*at + 2 > size)
        *at = 0;
    if (*at + 2 <= size) {
        n = (size_t)data[*at] << 8 | data[*at + 1];
        *at += 2;
    }
    if (n > size - *at)
        n = size - *at;
    if (n >= WR_MSG_HEADER_SIZE && want->kind <= WR_FACTS_ASK_AT)
        promise(wr_facts_reply(&facts, want, data + *at, n) == WR_OK);
    else
        promise(wr_facts_failed(&facts, want, 1 + n % WR_FACTS_HURRIED, (uint32_t)n) == WR_OK);
    *at += n;
}

static void check_text(const char *text)
{
    for (; *text; text++)
        promise((uint8_t)*text >= 0x20 && *text != 0x7f);
}

/* Nothing that was found is lost, and what is not kept is not worse than what is. */
static void check_counts(void)
{
    unsigned kept[WR_SEVERITY_ERROR + 1] = {0}, all = 0;

    for (unsigned i = 0; i < findings.count; i++)
        kept[wr_finding_row(findings.item[i].code)->severity]++;
    for (int s = WR_SEVERITY_ERROR; s >= WR_SEVERITY_NOTE; s--) {
        promise(kept[s] <= wr_findings_count(&findings, s));
        all += wr_findings_count(&findings, s);
        promise(kept[s] == wr_findings_count(&findings, s) || all > WR_DOCTOR_FINDINGS_MAX);
        if (s > WR_SEVERITY_NOTE && kept[s] < wr_findings_count(&findings, s))
            promise(kept[s - 1] == 0);
    }
    promise(findings.count + findings.beyond == all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *name;
    size_t at = 0;
    unsigned rounds = 0;

    if (size < 1)
        return 0;
    name = names[data[0] % (sizeof(names) / sizeof(names[0]))];
    options = (struct wr_exam_options){.ports = {443}, .port_count = 1};
    options.resolver_only = data[0] & 0x80;
    options.near = data[0] & 0x40;
    data++;
    size--;
    wr_facts_start(&facts);
    do {
        wr_exam_run(&exam, &options, name, &facts, &findings);
        promise(rounds++ <= WR_DOCTOR_FACTS_MAX);
        for (unsigned i = 0; i < exam.wants; i++)
            find_out(&exam.want[i], data, size, &at);
    } while (exam.wants);
    promise(facts.count <= WR_DOCTOR_FACTS_MAX && facts.used <= WR_DOCTOR_OCTETS_MAX);
    check_counts();
    for (unsigned i = 0; i < findings.count; i++) {
        check_text(findings.item[i].what);
        check_text(findings.item[i].record);
    }
    return 0;
}
