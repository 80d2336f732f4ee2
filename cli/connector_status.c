/* SPDX-License-Identifier: MIT */
/* cli/connector_status.c -- arca connector status: what waits, for how long, and what went wrong last. */
#include "cli/connector.h"

typedef struct standing {
	queue_count    count[QUEUE_KINDS];
	queue_tx_count tx;
	queue_trouble  trouble[QUEUE_KINDS * QUEUE_TROUBLES];
	size_t         troubles;
	uint64_t       aside, block[QUEUE_CHAINS];
	bool           read[QUEUE_CHAINS];               /* that chain, ever */
} standing;

static err look(standing *s, queue *q)
{
	TRY(queue_counts(s->count, q));
	TRY(queue_troubles(s->trouble, &s->troubles, q));
	TRY(queue_tx_counts(&s->tx, q));
	TRY(queue_set_aside_count(&s->aside, q));
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) TRY(queue_cursor(&s->read[k], &s->block[k], q, k));
	return OK;
}

/* ---- for people --------------------------------------------------------------------------------------------------- */

static const char *age_text(char out[static 24], int64_t ms)
{
	if (ms < 0) return "-";
	if (ms < 120000) snprintf(out, 24, "%.1f s", (double)ms / 1000);
	else if (ms < 7200000) snprintf(out, 24, "%lld min", (long long)(ms / 60000));
	else snprintf(out, 24, "%lld h", (long long)(ms / 3600000));
	return out;
}

static bool is_empty(const queue_count *c)
{
	uint64_t rows = 0;

	for (queue_status s = 0; s < QUEUE_STATUSES; s++) rows += c->rows[s];
	return rows == 0;
}

static void print_queues(const standing *s)
{
	char waits[24], worked[24];
	bool any = false;

	for (queue_kind k = 0; k < QUEUE_KINDS; k++) {
		const queue_count *c = &s->count[k];
		if (is_empty(c)) continue;
		if (!any) printf("%-28s %8s %9s %9s %9s %9s %8s %8s\n", "", "pending", "oldest", "in work", "oldest", "done", "failed", "aborted");
		any = true;
		printf("%-28s %8llu %9s %9llu %9s %9llu %8llu %8llu\n", queue_label(k), (unsigned long long)c->rows[QUEUE_PENDING],
		       age_text(waits, c->oldest_pending_ms), (unsigned long long)c->rows[QUEUE_UNDER_PROCESS],
		       age_text(worked, c->oldest_under_process_ms), (unsigned long long)c->rows[QUEUE_COMPLETED],
		       (unsigned long long)c->rows[QUEUE_FAILED], (unsigned long long)c->rows[QUEUE_ABORTED]);
	}
	if (!any) puts("every queue is empty");
}

/* A reason comes from chains and nodes: what would move a terminal's cursor is not printed. */
static void print_reason(const char *reason)
{
	for (; *reason; reason++) putchar((unsigned char)*reason < 0x20 || *reason == 0x7f ? ' ' : *reason);
	putchar('\n');
}

static void print_troubles(const standing *s)
{
	char id[CONNECTOR_ID_TEXT], age[24], next[24];

	for (const queue_trouble *t = s->trouble; t < s->trouble + s->troubles; t++) {
		connector_id_text(id, &t->oldest);
		printf("waiting after an error: %llu %s, %s %s, for %s; ", (unsigned long long)t->rows, queue_label(t->kind),
		       t->rows > 1 ? "the oldest" : "which is", id, age_text(age, t->age_ms));
		if (t->errors) printf("%u attempt%s failed; ", t->errors, t->errors > 1 ? "s" : "");
		if (t->next_ms > 0) printf("tried again in %s\n  ", age_text(next, t->next_ms));
		else printf("tried again %s\n  ", t->next_ms ? "now" : "as soon as the connector has time");
		print_reason(t->reason);
	}
}

static void print_errors(const standing *s)
{
	char id[CONNECTOR_ID_TEXT];

	for (queue_kind k = 0; k < QUEUE_KINDS; k++) {
		if (!s->count[k].rows[QUEUE_FAILED]) continue;
		connector_id_text(id, &s->count[k].last_failed);
		printf("last failure: %s %s\n  ", queue_label(k), id);
		print_reason(s->count[k].last_reason);
	}
}

static void print(const standing *s, const char *place)
{
	char age[24];

	printf("%s\n", place);
	print_queues(s);
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++)
		if (s->read[k]) printf("%s chain read up to block %llu\n", queue_chain_name(k), (unsigned long long)s->block[k]);
		else if (k == QUEUE_GATEWAY) puts("gateway chain not read yet");
	printf("transactions under way: %llu", (unsigned long long)(s->tx.made + s->tx.sent));
	if (s->tx.oldest_ms >= 0) printf(", the oldest for %s", age_text(age, s->tx.oldest_ms));
	printf("\nlogs set aside: %llu\n", (unsigned long long)s->aside);
	print_troubles(s);
	print_errors(s);
}

/* ---- for programs ------------------------------------------------------------------------------------------------- */

static json_t *seconds(int64_t ms) { return ms < 0 ? json_null() : json_real((double)ms / 1000); }

static json_t *failure_json(const queue_count *c)
{
	char id[CONNECTOR_ID_TEXT];

	if (!c->rows[QUEUE_FAILED]) return json_null();
	connector_id_text(id, &c->last_failed);
	return json_pack("{s:s, s:s}", "id", id, "reason", c->last_reason);
}

static json_t *troubles_json(const standing *s, queue_kind kind)
{
	json_t *list = json_array();
	char id[CONNECTOR_ID_TEXT];

	for (const queue_trouble *t = s->trouble; t < s->trouble + s->troubles; t++) {
		if (t->kind != kind) continue;
		connector_id_text(id, &t->oldest);
		json_array_append_new(list, json_pack("{s:I, s:s, s:o, s:i, s:o, s:s}", "rows", (json_int_t)t->rows, "oldest_id", id, "oldest_s",
		                                      seconds(t->age_ms), "failed_attempts", (int)t->errors, "next_attempt_s", seconds(t->next_ms), "reason", t->reason));
	}
	return list;
}

static json_t *queues_json(const standing *s)
{
	json_t *list = json_array();

	for (queue_kind k = 0; k < QUEUE_KINDS; k++) {
		const queue_count *c = &s->count[k];
		json_t *row = json_pack("{s:s}", "queue", queue_label(k));
		for (queue_status i = 0; i < QUEUE_STATUSES; i++)
			json_object_set_new(row, queue_status_name(i), json_integer((json_int_t)c->rows[i]));
		json_object_set_new(row, "oldest_pending_s", seconds(c->oldest_pending_ms));
		json_object_set_new(row, "oldest_under_process_s", seconds(c->oldest_under_process_ms));
		json_object_set_new(row, "last_failure", failure_json(c));
		json_object_set_new(row, "waiting_after_errors", troubles_json(s, k));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *to_json(const standing *s, const char *place)
{
	json_t *cursors = json_object();

	for (queue_chain k = 0; k < QUEUE_CHAINS; k++)
		json_object_set_new(cursors, queue_chain_name(k), s->read[k] ? json_integer((json_int_t)s->block[k]) : json_null());
	return json_pack("{s:s, s:o, s:o, s:{s:I, s:I, s:o}, s:I}", "database", place, "queues", queues_json(s), "cursors", cursors,
	                 "transactions", "signed", (json_int_t)s->tx.made, "sent", (json_int_t)s->tx.sent, "oldest_s", seconds(s->tx.oldest_ms),
	                 "logs_set_aside", (json_int_t)s->aside);
}

static err run(cli *c)
{
	AUTO(buf) place = { 0 };
	queue *q = NULL;
	static standing s;

	TRY(connector_open(&q, &place, c));
	err e = connector_told(c, look(&s, q));
	queue_close(&q);
	TRY(e);
	if (args_has(&c->args, "json")) print_json(to_json(&s, buf_str(&place)));
	else print(&s, buf_str(&place));
	return OK;
}

static const option OPTIONS[] = {
	CONNECTOR_DATABASE_OPTIONS,
	{ "json", NULL, OPTIONAL, "every queue, as JSON" },
	OPTIONS_END
};

const command COMMAND_CONNECTOR_STATUS = {
	.noun = "connector", .verb = "status", .run = run, .options = OPTIONS,
	.line = "show what a connector has to do: requests, answers, ages, and what failed last",
	.help =
	"Reads the connector's database, whether or not it runs: how many requests and answers\n"
	"of each kind wait, are in work, are done, failed or were aborted; how far the chains\n"
	"were read; transactions that are not mined yet; logs that could not be decoded; what\n"
	"waits after errors: which, since when, after how many attempts that count (while a\n"
	"chain, a bucket or a node is away none does), and when it is tried again; and of each\n"
	"kind what failed last, and why. Queues in which nothing ever was are left out. A\n"
	"database that no connector has used yet is not made one by looking.\n",
	.examples =
	"  arca connector status --config /etc/arca/connector.toml\n"
	"  arca connector status --database sqlite:/var/lib/arca/connector.db --json\n",
};
