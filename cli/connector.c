/* SPDX-License-Identifier: MIT */
/* cli/connector.c -- arca connector retry, fail: one request, as its operator decides. */
#include "cli/connector.h"
#include <sys/stat.h>
#include <unistd.h>
#include "base/hex.h"
#include "connector/config.h"

/* ---- the database ------------------------------------------------------------------------------------------------- */

static const char SQLITE[] = "sqlite:";

static bool has_password(const char *url)
{
	const char *at = strstr(url, "://"), *end = at ? strchr(at + 3, '@') : NULL, *colon = at ? strchr(at + 3, ':') : NULL;

	return strstr(url, "password=") || (end && colon && colon < end);
}

/* What is said of a file that is not there is not about disks. */
static err must_be_there(cli *c, const char *url)
{
	if (strncmp(url, SQLITE, strlen(SQLITE)) != 0 || access(url + strlen(SQLITE), F_OK) == 0) return OK;
	c->code = EXIT_IO;
	return err_fail(ERR_NOT_FOUND, "%s: there is no such database; the connector makes it when it first starts", url);
}

static err open_it(queue **out, buf *place, cli *c, const char *url)
{
	TRY(store_place(place, url));
	TRY(must_be_there(c, url));
	const err e = queue_open(out, &(queue_config){ .store = { .url = url, .as_is = true } });
	if (e == ERR_NOT_FOUND) c->code = EXIT_IO;
	if (e == ERR_NOT_FOUND || e == ERR_STATE) err_context("%s: ", buf_str(place));
	return connector_told(c, e);
}

err connector_open(queue **out, buf *place, cli *c)
{
	const char *file = args_text(&c->args, "config"), *url = args_text(&c->args, "database");
	connector_config config;
	struct stat s;

	if (url && has_password(url))
		return cli_usage(c, "--database: a password does not belong on a command line, which everybody on this machine can read; "
		                 "use --config, or PGPASSWORD");
	if (url) return open_it(out, place, c, url);
	if (access(file, R_OK) != 0) {
		c->code = EXIT_IO;
		return err_fail(ERR_IO, "%s cannot be read; --config names the connector's configuration", file);
	}
	if (stat(file, &s) == 0 && !S_ISREG(s.st_mode)) {
		c->code = EXIT_IO;
		return err_fail(ERR_IO, "%s is not a regular file; --config names the connector's configuration", file);
	}
	TRY(connector_config_load(&config, 0, file, environ));
	err e = open_it(out, place, c, config.database_url);
	connector_config_free(&config);
	return e;
}

err connector_told(cli *c, err e)
{
	if (e == ERR_IO) c->code = EXIT_UNAVAILABLE;
	return e;
}

/* ---- ids ---------------------------------------------------------------------------------------------------------- */

void connector_id_text(char out[static CONNECTOR_ID_TEXT], const id32 *id)
{
	memcpy(out, "0x", 2);
	id_text(out + 2, id);
}

/* Decimal digits, as explorers of chains show ids; false: something else, or more than 256 bits. */
static bool read_decimal(id32 *out, const char *text)
{
	if (!*text) return false;
	*out = (id32){ 0 };
	for (; *text; text++) {
		unsigned carry = (unsigned)(*text - '0');
		if (*text < '0' || *text > '9') return false;
		for (size_t i = sizeof out->b; i-- > 0; carry >>= 8) {
			carry += 10u * out->b[i];
			out->b[i] = (uint8_t)carry;
		}
		if (carry) return false;
	}
	return true;
}

/* As everything here prints it: 64 hexadecimal digits, with 0x or without; or a decimal number. */
static err read_id(id32 *out, cli *c, const char *text)
{
	if (hex_read(out->b, sizeof out->b, slice_str(text)) || read_decimal(out, text)) return OK;
	return cli_usage(c, "%s is no id of a request: 64 hexadecimal digits, or a decimal number", text);
}

/* ---- retry, fail -------------------------------------------------------------------------------------------------- */

typedef struct verdict {
	queue_verb  verb;
	const char *reason;
	const char *becomes;             /* "is pending again" */
	const char *unless;              /* why nothing was to be done */
} verdict;

static bool may(queue_verb verb, queue_status s)
{
	if (verb == QUEUE_REVIVE) return s == QUEUE_FAILED || s == QUEUE_ABORTED;
	return s == QUEUE_PENDING || s == QUEUE_UNDER_PROCESS;
}

static err change_one(bool *done, queue *q, const queue_found *f, const verdict *v)
{
	queue_change change = { .verb = v->verb, .kind = f->ref.kind, .seq = f->ref.seq, .reason = v->reason };

	*done = false;
	if (!may(v->verb, f->status)) return OK;
	TRY(queue_apply(q, &change, 1, NULL));
	*done = change.done;
	return OK;
}

/* A request and its answer have one id: whichever of them the verdict fits. */
static err change_all(queue *q, const id32 *id, const verdict *v)
{
	queue_found found[QUEUE_KINDS];
	char text[CONNECTOR_ID_TEXT];
	size_t n, changed = 0;

	connector_id_text(text, id);
	TRY(queue_find(found, &n, q, id));
	if (!n) return err_fail(ERR_NOT_FOUND, "%s: no request has this id; 'arca connector status' shows what is there", text);
	for (size_t i = 0; i < n; i++) {
		bool done;
		TRY(change_one(&done, q, &found[i], v));
		changed += done;
		if (done) printf("%s %s %s\n", queue_label(found[i].ref.kind), text, v->becomes);
	}
	if (changed) return OK;
	return err_fail(ERR_STATE, "%s is %s: %s", text, queue_status_name(found[n - 1].status), v->unless);
}

static err decide(cli *c, const verdict *v)
{
	AUTO(buf) place = { 0 };
	queue *q = NULL;
	id32 id;

	TRY(read_id(&id, c, c->args.plain[0]));
	TRY(connector_open(&q, &place, c));
	err e = connector_told(c, change_all(q, &id, v));
	queue_close(&q);
	return e;
}

static err run_retry(cli *c)
{
	return decide(c, &(verdict){ QUEUE_REVIVE, NULL, "is pending again", "only what failed or was aborted is tried again" });
}

static err run_fail(cli *c)
{
	const char *reason = args_text(&c->args, "reason");

	if (!*reason) return cli_usage(c, "--reason is empty: say why, for those who look later");
	return decide(c, &(verdict){ QUEUE_KILL, reason, "has failed, as you say", "only what waits or is under way can be failed" });
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static const option RETRY_OPTIONS[] = {
	CONNECTOR_DATABASE_OPTIONS,
	OPTIONS_END
};

static const option FAIL_OPTIONS[] = {
	CONNECTOR_DATABASE_OPTIONS,
	{ "reason", "TEXT", REQUIRED, "why, as it will stand in the database" },
	OPTIONS_END
};

const command COMMAND_CONNECTOR_RETRY = {
	.noun = "connector", .verb = "retry", .run = run_retry, .options = RETRY_OPTIONS, .plain = "ID", .plains = 1,
	.line = "try a failed or aborted request, or the sending of its answer, again",
	.help =
	"ID is that of the request on chain: 64 hexadecimal digits, or a decimal number. What\n"
	"failed or was aborted under it waits again, as if it had just come, with no failed\n"
	"attempts counted; the connector takes it up by itself. Exits 1 if nothing had failed.\n",
	.examples =
	"  arca connector retry --config /etc/arca/connector.toml 7\n"
	"  arca connector retry --database sqlite:connector.db \\\n"
	"      0x0100000000000000000000000000000000000000000000000000000000000007\n",
};

const command COMMAND_CONNECTOR_FAIL = {
	.noun = "connector", .verb = "fail", .run = run_fail, .options = FAIL_OPTIONS, .plain = "ID", .plains = 1,
	.line = "give up a request that waits or is under way, or the sending of its answer",
	.help =
	"ID as for 'arca connector retry', which takes it back. A worker that has the request\n"
	"in hand finishes in vain; a transaction that was sent already is not called back.\n"
	"Exits 1 if nothing waits under this id.\n",
	.examples =
	"  arca connector fail --config /etc/arca/connector.toml 7 --reason 'its contract is gone'\n",
};
