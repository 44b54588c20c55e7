/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/devicehears.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "net/dhcpear.h"
#include "policy/dhcp.h"
#include "serve/devices.h"
#include "serve/muds.h"
#include "serve/say.h"
#include "serve/serve.h"

struct hear {
    struct wr_serve *serve;
    const char *interface; /* in the first configuration, which stays */
    struct wr_dhcpear *ear;
    uint64_t messages, others; /* that were understood, and all that came else */
    int fd;                    /* until there is an ear */
    bool heard;                /* its interface is there */
};

struct wr_devicehears {
    struct hear hear[WR_DHCP_EARS_MAX];
    unsigned count;
};

int wr_devicehears_open(struct wr_serve *s, struct wr_devicehears **ret_hears)
{
    struct wr_devicehears *d = calloc(1, sizeof(*d));
    const struct wr_conf *conf = s->first_conf;
    if (d == NULL) {
        return WR_E_NOMEM;
    }
    for (size_t i = 0; i < conf->registry.hear_dhcp.count && i < WR_DHCP_EARS_MAX; i++) {
        struct hear *h = &d->hear[d->count];
        struct wr_sock_error error = {0};
        *h = (struct hear){.serve = s, .interface = conf->registry.hear_dhcp.items[i], .fd = -1};
        if (wr_dhcpear_open(&h->fd, &error) != WR_OK) {
            wr_say(WR_LOG_WARN, "registry.hear_dhcp: %s", error.text);
            break; /* and for the others it is the same */
        }
        d->count++;
    }
    *ret_hears = d;
    return WR_OK;
}

static void on_packet(void *user, uint32_t ifindex, const uint8_t from[6], const uint8_t *packet,
                      size_t n)
{
    struct hear *h = user;
    struct wr_dhcp_heard heard;
    if (!wr_dhcp_read(packet, n, from, &heard)) {
        h->others++;
        return;
    }
    h->messages++;
    wr_census_heard(wr_devices_machine(h->serve->devices), ifindex, &heard,
                    wr_devices_now_s(h->serve));
    if (heard.mud_size > 0) {
        wr_mudoffers_note(wr_muds_offers(h->serve->muds), heard.mac, heard.mud, heard.mud_size,
                          wr_devices_now_s(h->serve));
    }
}

int wr_devicehears_run(struct wr_serve *s, struct wr_devicehears *d)
{
    for (unsigned i = 0; i < d->count; i++) {
        struct hear *h = &d->hear[i];
        int fd = h->fd;
        h->fd = -1;
        int err = wr_dhcpear_hear(&s->loop, fd, h->interface, on_packet, h, &h->ear);
        if (err != WR_OK) {
            return err;
        }
        h->heard = wr_dhcpear_look(h->ear);
        if (!h->heard) {
            wr_say(WR_LOG_WARN, "registry.hear_dhcp: there is no interface %s yet", h->interface);
        }
    }
    return WR_OK;
}

void wr_devicehears_tick(struct wr_devicehears *d)
{
    for (unsigned i = 0; i < d->count; i++) {
        d->hear[i].heard = d->hear[i].ear != NULL && wr_dhcpear_look(d->hear[i].ear);
    }
}

void wr_devicehears_put(const struct wr_devicehears *d, struct wr_json *j, const char *key)
{
    wr_json_array(j, key);
    for (unsigned i = 0; i < d->count; i++) {
        const struct hear *h = &d->hear[i];
        wr_json_object(j, NULL);
        wr_json_text(j, "interface", h->interface);
        wr_json_bool(j, "heard", h->heard);
        wr_json_u64(j, "messages", h->messages);
        wr_json_u64(j, "others", h->others);
        wr_json_end(j);
    }
    wr_json_end(j);
}

void wr_devicehears_close(struct wr_devicehears *d)
{
    for (unsigned i = 0; d != NULL && i < d->count; i++) {
        if (d->hear[i].fd >= 0) {
            close(d->hear[i].fd);
            d->hear[i].fd = -1;
        }
        wr_dhcpear_close(d->hear[i].ear);
        d->hear[i].ear = NULL;
    }
}

void wr_devicehears_free(struct wr_devicehears *d)
{
    free(d);
}
