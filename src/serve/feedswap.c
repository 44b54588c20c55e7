/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedswap.h"

#include "base/err.h"
#include "serve/firewall.h"
#include "serve/reload.h"
#include "serve/say.h"
#include "serve/serve.h"

/* From the thread. */
static void wake(void *user)
{
    struct wr_feedswap *f = user;
    uv_async_send(&f->woken);
}

static void swap(struct wr_serve *s)
{
    struct wr_feedswap *f = &s->feedswap;
    if (!wr_reload_is_idle(s)) {
        f->again = true;
        return;
    }
    f->again = false;
    if (wr_feeds_take(f->feeds, &f->next) != WR_OK) {
        wr_say(WR_LOG_ERROR, "no memory for new lists of feeds; those before stay");
        return;
    }
    wr_reload_feeds(s, &f->next->set);
}

static void on_woken(uv_async_t *handle)
{
    struct wr_serve *s = handle->data;
    if (s->feedswap.feeds == NULL) {
        return;
    }
    if (wr_feeds_changed(s->feedswap.feeds)) {
        swap(s);
    }
    wr_serve_look(s);
}

bool wr_feedswap_tick(struct wr_serve *s)
{
    return wr_feeds_tick(s->feedswap.feeds, s);
}

static int give(struct wr_serve *s)
{
    struct wr_feeds_plan *plan;
    int err = wr_feeds_plan(s->conf, s->labels, &plan);
    if (err == WR_OK) {
        wr_feeds_plan_trust(plan, s->authorities.creds, &s->gate->settings.prove);
        wr_feeds_give(s->feedswap.feeds, plan);
    }
    return err;
}

int wr_feedswap_begin(struct wr_serve *s)
{
    struct wr_feedswap *f = &s->feedswap;
    const struct wr_feeds_setup setup = {s->conf, &s->clock, wake, f};
    int err = wr_feeds_create(&setup, &f->feeds);
    uv_async_init(&s->loop, &f->woken, on_woken);
    f->woken.data = s;
    if (err == WR_OK) {
        err = give(s);
    }
    return err == WR_OK ? wr_feeds_take(f->feeds, &f->set) : err;
}

int wr_feedswap_run(struct wr_serve *s)
{
    return wr_feeds_run(s->feedswap.feeds);
}

void wr_feedswap_plan(struct wr_serve *s)
{
    if (give(s) != WR_OK) {
        wr_say(WR_LOG_ERROR, "no memory for the feeds of the new configuration");
    }
}

void wr_feedswap_settled(struct wr_serve *s)
{
    struct wr_feedswap *f = &s->feedswap;
    if (f->next != NULL) {
        wr_feeds_set_free(f->set);
        f->set = f->next;
        f->next = NULL;
        f->swaps++;
        wr_firewall_configure(s);
    }
    if (f->again) {
        swap(s);
    }
}

void wr_feedswap_put(const struct wr_serve *s, const uint8_t *name, struct wr_json *j,
                     const char *key)
{
    const struct wr_feedset *set = &s->feedswap.set->set;
    wr_json_array(j, key);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct wr_feedset_item *item = &set->item[i];
        struct wr_nametree_hit hit = {.line = 0};
        bool listed = item->names != NULL && wr_nametree_find(item->names, name, &hit);
        if (hit.line != 0) {
            wr_json_object(j, NULL);
            wr_json_text(j, "feed", wr_labels_text(s->labels, item->label));
            wr_json_u64(j, "line", hit.line);
            wr_json_bool(j, "listed", listed);
            wr_json_end(j);
        }
    }
    wr_json_end(j);
}

void wr_feedswap_stop(struct wr_serve *s)
{
    wr_feeds_close(s->feedswap.feeds);
    s->feedswap.feeds = NULL;
}

void wr_feedswap_close(struct wr_serve *s)
{
    if (s->feedswap.woken.data != NULL) {
        uv_close((uv_handle_t *)&s->feedswap.woken, NULL);
    }
}

void wr_feedswap_free(struct wr_serve *s)
{
    wr_feeds_set_free(s->feedswap.set);
    wr_feeds_set_free(s->feedswap.next);
}
