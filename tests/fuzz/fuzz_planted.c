/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bug planted on purpose: make fuzz fails when it is not found. Behind the real message reader, an A
 * record's address is taken without a look at RDLENGTH, so an A record of fewer than four octets
 * at the end of a message is read past its end. To get there a fuzzer must keep a message whole
 * while it changes one length, which is what it must be able to do to the real parsers.
 * Built only with -Dfuzz=true, and no part of the corpus that make test replays.
 */
#include "base/err.h"
#include "dns/codes.h"
#include "dns/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_msg m;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;

    if (wr_msg_parse(&m, data, size) != WR_OK)
        return 0;
    walk = wr_msg_walk(&m, WR_SECTION_ANSWER);
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type != WR_TYPE_A)
            continue;
        for (size_t i = 0; i < 4; i++)
            sink += data[rr.rdata + i];
    }
    return 0;
}
