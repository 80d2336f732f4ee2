/* SPDX-License-Identifier: MIT */
/* connector/statements.c -- the statements of sql/queue.sql, with tables and columns of each kind put in. */
#include "connector/queue_internal.h"

#include <stdlib.h>

static const char *const KIND_NAME[KIND_SQLS] = {
	"add", "answer", "pick", "renew", "release", "mark_sent", "retry", "give_up", "done", "kill", "revive", "count", "ages", "troubles", "find",
	"collect", "expire", "erase",
};
static const char *const PLAIN_NAME[PLAIN_SQLS] = {
	"cursor", "cursor_of_kind", "cursor_back", "cursor_of_kind_back", "cursor_read", "block", "blocks_forget_old", "blocks_forget_above",
	"blocks_read", "set_aside", "set_aside_erase", "set_aside_count", "tx", "tx_state", "outbox", "tx_count", "tx_collect", "reshares_left", "hold", "let_go",
	"still_held", "notify", "bind", "bound", "reached",
};

static void put_own(buf *out, const queue_kind_info *k, long first)
{
	for (unsigned i = 0; i < k->columns; i++)
		if (first) buf_printf(out, ", $%ld", first + i);
		else buf_printf(out, ", %s", k->own[i].name);
}

/* word: what stands between braces, which end behind it. */
static void put_word(buf *out, queue_kind kind, const char *word, size_t n)
{
	const queue_kind_info *k = &QUEUE_INFO[kind];
	const bool response = queue_is_response(kind);
	const slice w = slice_of(word, n);

	if (slice_eq_var(w, slice_str("table"))) buf_put_str(out, k->table);
	else if (slice_eq_var(w, slice_str("key"))) buf_put_str(out, k->key);
	else if (slice_eq_var(w, slice_str("requests"))) buf_put_str(out, QUEUE_INFO[k->other].table);
	else if (slice_eq_var(w, slice_str("own"))) put_own(out, k, 0);
	else if (n > 4 && memcmp(word, "own:", 4) == 0) put_own(out, k, strtol(word + 4, NULL, 10));
	else if (slice_eq_var(w, slice_str("place")))
		buf_put_str(out, response ? "" : ", already_sent, tx_hash, chain_name, block_number, block_hash, log_index");
	else if (slice_eq_var(w, slice_str("sent:7"))) buf_put_str(out, response ? "" : ", already_sent = $7");
	else if (slice_eq_var(w, slice_str("unsent"))) buf_put_str(out, response ? "" : ", already_sent = false");
	else ASSERT(slice_eq_var(w, slice_str("a word that is known")));
}

static void fill_in(buf *out, queue_kind kind, const char *text)
{
	for (const char *open; (open = strchr(text, '{')); text = strchr(open, '}') + 1) {
		buf_put(out, text, (size_t)(open - text));
		put_word(out, kind, open + 1, strcspn(open + 1, "}"));
	}
	buf_put_str(out, text);
}

/* Requests are added, responses answer. */
static bool fits(queue_kind kind, kind_sql what)
{
	const bool response = queue_is_response(kind);
	if (what == SQL_ANSWER) return response;
	return !response || (what != SQL_ADD && what != SQL_MARK_SENT && what != SQL_ERASE);
}

err queue_sql_new(queue_sql **out, store_dialect d)
{
	queue_sql *s = calloc(1, sizeof *s);

	if (!s) return err_fail(ERR_NOMEM, "no memory for statements");
	for (queue_kind k = 0; k < QUEUE_KINDS; k++)
		for (kind_sql i = 0; i < KIND_SQLS; i++) {
			if (!fits(k, i)) continue;
			fill_in(&s->texts[k][i], k, store_source_find(QUEUE_SQL, QUEUE_SQL_N, KIND_NAME[i], d));
			s->of_kind[k][i] = (store_sql){ KIND_NAME[i], buf_str(&s->texts[k][i]) };
		}
	for (plain_sql i = 0; i < PLAIN_SQLS; i++)
		s->plain[i] = (store_sql){ PLAIN_NAME[i], store_source_find(QUEUE_SQL, QUEUE_SQL_N, PLAIN_NAME[i], d) };
	*out = s;
	return OK;
}

void queue_sql_free(queue_sql **s)
{
	if (!s || !*s) return;
	for (queue_kind k = 0; k < QUEUE_KINDS; k++)
		for (kind_sql i = 0; i < KIND_SQLS; i++) buf_free(&(*s)->texts[k][i]);
	free(*s);
	*s = NULL;
}
