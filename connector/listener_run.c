/* SPDX-License-Identifier: MIT */
/* connector/listener_run.c -- the thread of a listener, and what others may see of it. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/log.h"
#include "base/wait.h"
#include "connector/listener_internal.h"

void listener_threads_init(listener *l)
{
	pthread_mutex_init(&l->lock, NULL);
	wait_init(&l->wake);
}

/* ---- what happened ---------------------------------------------------------------------------------------------- */

void listener_count(listener *l, const intake *in)
{
	pthread_mutex_lock(&l->lock);
	for (unsigned k = 0; k < N_KMS_EVENT_KINDS; k++) l->view.received[k] += in->received[k];
	l->view.set_aside += in->set_aside;
	pthread_mutex_unlock(&l->lock);
}

void listener_count_reorg(listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->view.reorgs++;
	pthread_mutex_unlock(&l->lock);
}

void listener_worked(listener *l, uint64_t head)
{
	pthread_mutex_lock(&l->lock);
	const bool was_stalled = l->view.stalled;
	l->view.stalled = l->view.gone = false;
	l->view.errors_in_row = 0;
	l->view.reason[0] = '\0';
	l->view.next = l->follow.next;
	l->view.head = head;
	l->view.worked_ms = clock_now_ms(l->config.clock);
	pthread_mutex_unlock(&l->lock);
	if (was_stalled) log_info("%s: goes on at block %" PRIu64, l->config.name, l->follow.next);
}

/* What the operator has of either chain. */
static const struct { const char *providers, *from; } KEYS[QUEUE_CHAINS] = {
	[QUEUE_GATEWAY] = { "gateway_url", "decryption_from_block_number" }, [QUEUE_ETHEREUM] = { "ethereum_url", "kms_operation_from_block_number" },
};

void listener_pruned(listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->view.pruned++;
	pthread_mutex_unlock(&l->lock);
	if (!l->told) log_warn("%s: %s: block %" PRIu64 " or what stands in it is not kept there any more; others of %s are asked until it is read",
	                       l->config.name, err_text(), l->follow.next, KEYS[l->config.chain.chain].providers);
	l->told = true;
}

void listener_gone(listener *l)
{
	char why[MAX_LISTENER_REASON / 4];
	const queue_chain chain = l->config.chain.chain;

	snprintf(why, sizeof why, "%s", err_text());
	err_clear();
	const err e = err_fail(ERR_BUSY, "no provider keeps block %" PRIu64 " any more: name one that does in %s, or begin behind it with %s, and what was "
	                       "asked up to there is not answered (%s)", l->follow.next, KEYS[chain].providers, KEYS[chain].from, why);
	pthread_mutex_lock(&l->lock);
	const bool known = l->view.gone;
	snprintf(l->view.reason, sizeof l->view.reason, "%s", err_text());
	l->view.gone = l->view.stalled = true;
	l->view.errors++;
	l->view.errors_in_row++;
	l->view.next = l->follow.next;
	pthread_mutex_unlock(&l->lock);
	if (known) err_clear();
	else log_err(LOG_ERROR, l->config.name, e);
}

void listener_failed(listener *l, err e)
{
	pthread_mutex_lock(&l->lock);
	l->view.gone = false;
	const bool known = l->view.errors_in_row && strncmp(l->view.reason, err_text(), sizeof l->view.reason - 1) == 0;
	snprintf(l->view.reason, sizeof l->view.reason, "%s", err_text());
	l->view.errors++;
	l->view.errors_in_row++;
	l->view.next = l->follow.next;
	const bool stalls = !l->view.stalled && l->view.errors_in_row >= l->config.max_errors;
	l->view.stalled |= stalls;
	const unsigned in_row = l->view.errors_in_row;
	pthread_mutex_unlock(&l->lock);
	if (known) err_clear();
	else log_err(LOG_WARN, l->config.name, e);
	if (stalls) log_error("%s: stalled after %u failures in a row at block %" PRIu64 "; tries every %d s", l->config.name, in_row,
	                      l->follow.next, LISTENER_STALLED_MS / 1000);
}

void listener_look(listener *l, listener_view *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->view;
	pthread_mutex_unlock(&l->lock);
}

/* The label that the counter of errors had in either generation. */
static void put_errors(buf *out, const listener *l, const listener_view *v)
{
	if (l->config.chain.profile == KMS_V015) {
		buf_printf(out, "kms_connector_gw_listener_event_listening_errors{contract=\"%s\"} %" PRIu64 "\n",
		           l->config.chain.chain == QUEUE_GATEWAY ? "decryption" : "ethereum", v->errors);
		return;
	}
	const uint32_t kinds = intake_kinds(&l->config.chain);
	for (unsigned k = 0; k < N_KMS_EVENT_KINDS; k++)
		if (kinds >> k & 1)
			buf_printf(out, "kms_connector_gw_listener_event_received_errors{event_type=\"%s\"} %" PRIu64 "\n",
			           kms_event_name((kms_event_kind)k), v->errors);
}

void listener_metrics(buf *out, listener *l)
{
	const char *chain = queue_chain_name(l->config.chain.chain);
	listener_view v;

	listener_look(l, &v);
	for (unsigned k = 0; k < N_KMS_EVENT_KINDS; k++) {
		bool watched = v.received[k] > 0;
		for (size_t i = 0; i < N_KMS_EVENTS; i++)
			watched |= KMS_EVENTS[i].kind == k && KMS_EVENTS[i].profile == l->config.chain.profile &&
			           l->config.chain.watched[KMS_EVENTS[i].contract];
		if (watched)
			buf_printf(out, "kms_connector_gw_listener_event_received_counter{event_type=\"%s\"} %" PRIu64 "\n",
			           kms_event_name((kms_event_kind)k), v.received[k]);
	}
	put_errors(out, l, &v);
	buf_printf(out, "kms_connector_gw_listener_logs_set_aside{chain=\"%s\"} %" PRIu64 "\n", chain, v.set_aside);
	buf_printf(out, "kms_connector_gw_listener_pruned_answers{chain=\"%s\"} %" PRIu64 "\n", chain, v.pruned);
	buf_printf(out, "kms_connector_gw_listener_reorganisations{chain=\"%s\"} %" PRIu64 "\n", chain, v.reorgs);
	buf_printf(out, "kms_connector_gw_listener_head{chain=\"%s\"} %" PRIu64 "\n", chain, v.head);
	buf_printf(out, "kms_connector_gw_listener_next_block{chain=\"%s\"} %" PRIu64 "\n", chain, v.next);
	buf_printf(out, "kms_connector_gw_listener_stalled{chain=\"%s\"} %d\n", chain, v.stalled);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

int64_t listener_pause_ms(const listener *l, listener_step s)
{
	if (s == LISTENER_AGAIN) return 0;
	if (s == LISTENER_FAILED && l->view.gone) return LISTENER_GONE_MS;
	if (s == LISTENER_FAILED && l->view.stalled && l->config.poll_ms < LISTENER_STALLED_MS) return LISTENER_STALLED_MS;
	return l->config.poll_ms;
}

/* False: it was told to stop. */
static bool pause_ms(listener *l, int64_t ms)
{
	const int64_t until_ms = clock_now_ms(clock_system()) + ms;

	pthread_mutex_lock(&l->lock);
	while (!l->stop && ms > 0 && wait_until(&l->wake, &l->lock, until_ms)) {}
	const bool go_on = !l->stop;
	pthread_mutex_unlock(&l->lock);
	return go_on;
}

static void *run(void *arg)
{
	listener *l = arg;
	while (pause_ms(l, listener_pause_ms(l, listener_tick(l)))) {}
	return NULL;
}

err listener_start(listener *l)
{
	if (pthread_create(&l->thread, NULL, run, l) != 0) return err_fail(ERR_NOMEM, "no thread for the listener of %s", l->config.name);
	l->running = true;
	return OK;
}

void listener_free(listener **l)
{
	if (!*l) return;
	pthread_mutex_lock(&(*l)->lock);
	(*l)->stop = true;
	pthread_cond_signal(&(*l)->wake);
	pthread_mutex_unlock(&(*l)->lock);
	if ((*l)->running) pthread_join((*l)->thread, NULL);
	providers_free(&(*l)->config.providers);
	pthread_cond_destroy(&(*l)->wake);
	pthread_mutex_destroy(&(*l)->lock);
	free(*l);
	*l = NULL;
}
