/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tlspeer.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "base/err.h"
#include "crypto/wipe.h"
#include "transport/tls.h"

int wr_tlspeer_serve(void *session, bool ask, const uint8_t *ticket_key)
{
    uint8_t own[WR_TLS_TICKET_KEY];
    gnutls_datum_t key = {own, sizeof(own)};
    int said;

    gnutls_certificate_server_set_request(session, ask ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
    if (ticket_key == NULL) {
        return 0;
    }
    memcpy(own, ticket_key, sizeof(own));
    own[0] ^= ask; /* the library copies it */
    said = gnutls_session_ticket_enable_server(session, &key);
    wr_wipe(own, sizeof(own));
    return said;
}

bool wr_tlspeer_has_certificate(void *session)
{
    unsigned count = 0;

    return gnutls_certificate_get_peers(session, &count) != NULL;
}

bool wr_tlspeer_borrowed(void *session, bool signed_by_peer)
{
    return !signed_by_peer && gnutls_session_is_resumed(session) == 0 &&
           wr_tlspeer_has_certificate(session);
}

int wr_tlspeer_chain(void *session, struct wr_certs *ret_chain)
{
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);

    if (list == NULL || count == 0) {
        return WR_E_NOTFOUND;
    }
    if (count > WR_TLS_CERTS_MAX) {
        return WR_E_LIMIT;
    }
    for (unsigned i = 0; i < count; i++) {
        ret_chain->cert[i] = (struct wr_certs_one){list[i].data, list[i].size};
    }
    ret_chain->count = count;
    return WR_OK;
}

int wr_tlspeer_sni(void *session, char *room, size_t cap)
{
    size_t n = cap;
    unsigned type = 0;
    int said = gnutls_server_name_get(session, room, &n, &type, 0);

    if (said == GNUTLS_E_SHORT_MEMORY_BUFFER) {
        return WR_E_FULL;
    }
    if (said != 0 || type != GNUTLS_NAME_DNS) {
        return WR_E_NOTFOUND;
    }
    for (size_t i = 0; i < n && room[i] != '\0'; i++) {
        room[i] = (char)(room[i] >= 'A' && room[i] <= 'Z' ? room[i] + 32 : room[i]);
    }
    return WR_OK;
}
