/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A detached signature over a text, as whoever gives out a MUD file writes it. Promised: nothing that was made up is good, for the anchor has signed nothing; what
 * is refused has its reason, and what weir signs itself is good.
 */
#include "fuzz.h"

#include "base/err.h"
#include "transport/cms.h"
#include "unit/transport/certs.h"

static const char text[] = "{}";
static struct certs_one root, signer;
static uint8_t own[8192];
static size_t own_n;

static void make_all(void)
{
    struct wr_verdict_text why;

    certs_make(&root, &(struct certs_want){.cn = "fuzz CA", .ca = true}, NULL);
    certs_make(&signer, &(struct certs_want){.cn = "fuzz", .purpose = GNUTLS_KP_CODE_SIGNING},
               &root);
    promise(wr_cms_sign((const char *)signer.pem.data, (const char *)signer.key_pem.data, text, 2,
                        CERTS_NOW_S, own, sizeof(own), &own_n, &why) == WR_OK);
}

static int verify(const void *sig, size_t n)
{
    struct wr_verdict_text why;
    char who[WR_CMS_SIGNER_SIZE] = "";
    const struct wr_cms_proof p = {.text = text,
                                   .n = 2,
                                   .sig = sig,
                                   .sig_n = n,
                                   .anchors = root.pem.data,
                                   .anchors_n = root.pem.size,
                                   .now_s = CERTS_NOW_S};
    int err = wr_cms_verify(&p, who, &why);

    promise((err == WR_OK) == (why.text[0] == 0) && (err == WR_OK) == (who[0] != 0));
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (own_n == 0) {
        make_all();
        promise(verify(own, own_n) == WR_OK);
    }
    promise(verify(data, size) != WR_OK);
    return 0;
}
