/* SPDX-License-Identifier: MIT */
/*
 * store/postgres.c -- a server, through libpq.
 *
 * Statements are prepared once a connection.  A batch is one pipeline: every statement is sent before the first answer is read, so
 * that it costs one round trip, and one commit.  A peer that says nothing is given up by TCP: see DEFAULTS.
 */
#include "store/postgres_value.h"
#include "store/store_internal.h"

#include <stdlib.h>

typedef struct statement { char name[16]; unsigned n; Oid type[MAX_STORE_PARAMS]; } statement;

typedef struct pg {
	PGconn *c;
	store_cache cache;                   /* of statement */
	unsigned named;
	pg_params params;                    /* scratch      */
	bell_cord *cord;
} pg;

/* What the url does not say. */
static const char *const DEFAULTS[][2] = {
	{ "connect_timeout", "5" }, { "keepalives_idle", "10" }, { "keepalives_interval", "5" }, { "keepalives_count", "3" },
	{ "tcp_user_timeout", "20000" }, { "application_name", "arca" }, { "client_encoding", "UTF8" },
};

/* ---- failures ----------------------------------------------------------------------------------------------------- */

/* libpq ends its sentences with new lines, and says HINT and LINE on further ones. */
static int first_line(const char *text) { return (int)strcspn(text, "\n"); }

static err failed(pg *p, const PGresult *r, const char *what)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL, *text = r ? PQresultErrorMessage(r) : "";
	err e = ERR_INTERNAL;

	if (PQstatus(p->c) == CONNECTION_BAD)
		return err_fail(ERR_IO, "%s: the connection to the database broke: %.*s", what, first_line(PQerrorMessage(p->c)), PQerrorMessage(p->c));
	if (!*text) text = PQerrorMessage(p->c);
	if (!state) e = ERR_IO;
	else if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 || strncmp(state, "54", 2) == 0) e = ERR_REQUEST;
	else if (strncmp(state, "08", 2) == 0 || strncmp(state, "53", 2) == 0 || strncmp(state, "57", 2) == 0 || strncmp(state, "40", 2) == 0 ||
	         strncmp(state, "58", 2) == 0 || strcmp(state, "55P03") == 0 || strcmp(state, "25006") == 0) e = ERR_IO;
	return err_fail(e, "%s: %.*s", what, first_line(text), text);
}

static bool good(const PGresult *r)
{
	const ExecStatusType s = PQresultStatus(r);
	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY;
}

static err script(void *db, const char *text)
{
	pg *p = db;
	PGresult *r = PQexec(p->c, text);
	err e = good(r) ? OK : failed(p, r, "postgres");

	PQclear(r);
	return e;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static void quiet(void *ctx, const char *message) { (void)ctx, (void)message; }

static void close_pg(void *db)
{
	pg *p = db;

	for (size_t i = 0; i < STORE_STATEMENTS; i++) free(p->cache.prepared[i]);
	PQfinish(p->c);
	buf_free(&p->params.bytes);
	free(p);
}

static err open_pg(const store_driver *self, void **db, const char *url, unsigned how)
{
	const char *key[COUNT(DEFAULTS) + 2] = { 0 }, *value[COUNT(DEFAULTS) + 2] = { 0 };
	pg *p = calloc(1, sizeof *p);

	(void)self;
	if (!p) return err_fail(ERR_NOMEM, "no memory for a connection");
	for (size_t i = 0; i < COUNT(DEFAULTS); i++) key[i] = DEFAULTS[i][0], value[i] = DEFAULTS[i][1];
	key[COUNT(DEFAULTS)] = "dbname", value[COUNT(DEFAULTS)] = url;
	p->c = PQconnectdbParams(key, value, 1);
	if (!p->c || PQstatus(p->c) != CONNECTION_OK) {
		err no = err_fail(ERR_IO, "postgres: %.*s", p->c ? first_line(PQerrorMessage(p->c)) : 0, p->c ? PQerrorMessage(p->c) : "");
		close_pg(p);
		return no;
	}
	PQsetNoticeProcessor(p->c, quiet, NULL);
	err e = how & STORE_LAZY ? script(p, "SET synchronous_commit = off") : OK;
	if (e == OK) *db = p;
	else close_pg(p);
	return e;
}

static bool broken(void *db)
{
	pg *p = db;
	return PQstatus(p->c) != CONNECTION_OK || PQtransactionStatus(p->c) != PQTRANS_IDLE || PQpipelineStatus(p->c) != PQ_PIPELINE_OFF;
}

/* The server tells what it takes the parameters for. */
static err prepared(statement **out, pg *p, const store_sql *sql)
{
	void **at = store_cache_at(&p->cache, sql);
	err e = OK;

	if (*at) {
		*out = *at;
		return OK;
	}
	statement *s = calloc(1, sizeof *s);
	if (!s) return err_fail(ERR_NOMEM, "no memory for a statement");
	snprintf(s->name, sizeof s->name, "s%u", p->named++);
	PGresult *r = PQprepare(p->c, s->name, sql->text, 0, NULL);
	if (good(r)) {
		PQclear(r);
		r = PQdescribePrepared(p->c, s->name);
	}
	if (!good(r)) e = failed(p, r, sql->name);
	else if ((s->n = (unsigned)PQnparams(r)) > MAX_STORE_PARAMS) e = err_fail(ERR_INTERNAL, "%s: %u parameters", sql->name, s->n);
	for (unsigned i = 0; e == OK && i < s->n; i++) s->type[i] = PQparamtype(r, (int)i);
	PQclear(r);
	if (e == OK) *at = *out = s;
	else free(s);
	return e;
}

/* Parameters behind the last one that the statement has are left out. */
static err encode(pg *p, const statement *s, const store_sql *sql, const store_value *param, unsigned n)
{
	if (n < s->n) return err_fail(ERR_INTERNAL, "%s: %u values for %u parameters", sql->name, n, s->n);
	return pg_encode(&p->params, sql, s->type, param, s->n);
}

/* ---- queries ------------------------------------------------------------------------------------------------------ */

static err query(void *db, store_rows *out, const store_sql *sql, const store_value *param, unsigned n)
{
	pg *p = db;
	statement *s = NULL;

	TRY(prepared(&s, p, sql));
	TRY(encode(p, s, sql, param, n));
	PGresult *r = PQexecPrepared(p->c, s->name, (int)s->n, p->params.value, p->params.length, p->params.format, 1);
	err e = good(r) ? pg_decode(out, r) : failed(p, r, sql->name);
	PQclear(r);
	return e;
}

static err now_ms(void *db, int64_t *out)
{
	static const store_sql NOW = { "now", "SELECT clock_timestamp()" };
	store_rows rows = { .memory = arena_with_limit(1 << 12) };

	TRY(query(db, &rows, &NOW, NULL, 0));
	store_row row = store_row_of(&rows, 0);
	*out = row_int(&row);
	store_rows_free(&rows);
	return OK;
}

/* ---- batches ------------------------------------------------------------------------------------------------------ */

static err send_op(pg *p, const store_op *op)
{
	statement *s = NULL;

	TRY(prepared(&s, p, op->sql));                       /* it was prepared before */
	TRY(encode(p, s, op->sql, op->param, op->params));
	if (PQsendQueryPrepared(p->c, s->name, (int)s->n, p->params.value, p->params.length, p->params.format, 1)) return OK;
	return failed(p, NULL, op->sql->name);
}

static err send_text(pg *p, const char *text)
{
	return PQsendQueryParams(p->c, text, 0, NULL, NULL, NULL, NULL, 1) ? OK : failed(p, NULL, text);
}

static err send_all(pg *p, const store_op *ops, size_t n, size_t *bad)
{
	TRY(send_text(p, "BEGIN"));
	for (size_t i = 0; i < n; i++) {
		*bad = i;
		TRY(send_op(p, &ops[i]));
	}
	return send_text(p, "COMMIT");
}

/* The answer to one statement, and the NULL that ends it. */
static err answer(pg *p, const char *what, int64_t *changed)
{
	PGresult *r = PQgetResult(p->c);
	err e = good(r) ? OK : failed(p, r, what);

	if (e == OK && changed) *changed = strtoll(PQcmdTuples(r), NULL, 10);
	PQclear(r);
	while (PQstatus(p->c) == CONNECTION_OK && (r = PQgetResult(p->c))) PQclear(r);
	return e;
}

/* The first failure counts: what stands behind it in the pipeline is skipped by the server. */
static err read_all(pg *p, store_op *ops, size_t n, size_t *bad)
{
	err e = answer(p, "BEGIN", NULL);

	for (size_t i = 0; i < n && e == OK; i++) e = answer(p, ops[*bad = i].sql->name, &ops[i].changed);
	if (e == OK && (e = answer(p, "COMMIT", NULL)) == ERR_IO) err_context("whether it was done is not known: ");
	return e;
}

/* Reads what is left up to the end of the pipeline. */
static void drain(pg *p)
{
	unsigned nothing = 0;

	while (PQstatus(p->c) == CONNECTION_OK && nothing < 2) {
		PGresult *r = PQgetResult(p->c);
		const bool end = r && PQresultStatus(r) == PGRES_PIPELINE_SYNC;
		nothing = r ? 0 : nothing + 1;
		PQclear(r);
		if (end) break;
	}
	PQexitPipelineMode(p->c);
}

static err batch(void *db, store_op *ops, size_t n, size_t *bad)
{
	pg *p = db;
	statement *s;

	for (size_t i = 0; i < n; i++) {
		*bad = i;
		TRY(prepared(&s, p, ops[i].sql));
	}
	if (!PQenterPipelineMode(p->c)) return failed(p, NULL, "pipeline");
	err e = send_all(p, ops, n, bad);
	const bool sent = e == OK;
	if (!PQpipelineSync(p->c) && sent) e = failed(p, NULL, "pipeline");
	if (e == OK) e = read_all(p, ops, n, bad);
	drain(p);
	/* A failure inside, or before everything was sent: the transaction is still open. */
	if (e != OK && PQtransactionStatus(p->c) != PQTRANS_IDLE) PQclear(PQexec(p->c, "ROLLBACK"));
	return e;
}

/* ---- bells -------------------------------------------------------------------------------------------------------- */

static err listen_pg(void *db, const char *const *channel, unsigned n, bell_cord *cord)
{
	pg *p = db;

	for (unsigned i = 0; i < n; i++) {
		char text[128];
		snprintf(text, sizeof text, "LISTEN \"%s\"", channel[i]);
		TRY(script(p, text));
	}
	p->cord = cord;
	return OK;
}

static err hear(void *db, int64_t wait_ms)
{
	pg *p = db;
	PGnotify *heard;

	if (bell_poll(p->cord, PQsocket(p->c), wait_ms) && !PQconsumeInput(p->c)) return failed(p, NULL, "LISTEN");
	while ((heard = PQnotifies(p->c))) {
		bell_pull_channel(p->cord, heard->relname);
		PQfreemem(heard);
	}
	return OK;
}

const store_driver STORE_DRIVER_POSTGRES = {
	.dialect = STORE_POSTGRES, .begin_alone = "BEGIN; SELECT pg_advisory_xact_lock(4702394921427289928)",      /* "ARCA" and then some */
	.open = open_pg, .close = close_pg, .broken = broken, .query = query, .batch = batch, .script = script, .now_ms = now_ms,
	.listen = listen_pg, .hear = hear,
};
