/* SPDX-License-Identifier: MIT */
/* aws/credentials.c -- three names and their values, in a file or in variables. */
#include "aws/credentials.h"
#include <limits.h>
#include <stdlib.h>
#include "base/secret_file.h"

static const char WHAT[] = "the credentials for AWS";

static slice trimmed(slice s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) s.n--;
	return s;
}

/* Printable and without blanks: what may stand in a header. */
static err set(char *out, size_t max, slice value, const char *name, const char *where)
{
	bool printable = value.n > 0;

	for (size_t i = 0; i < value.n; i++) printable &= value.p[i] > ' ' && value.p[i] < 0x7f;
	if (!printable || value.n > max)
		return err_fail(ERR_REQUEST, "%s: %s must have 1 to %zu letters, digits and signs, without blanks", where, name, max);
	memcpy(out, value.p, value.n);
	out[value.n] = '\0';
	return OK;
}

static err set_by_name(aws_credentials *c, slice name, slice value, const char *where)
{
	if (slice_eq_var(name, slice_str("aws_access_key_id"))) return set(c->key_id, AWS_KEY_ID, value, "aws_access_key_id", where);
	if (slice_eq_var(name, slice_str("aws_secret_access_key"))) return set(c->secret, AWS_SECRET, value, "aws_secret_access_key", where);
	if (slice_eq_var(name, slice_str("aws_session_token"))) return set(c->token, AWS_TOKEN, value, "aws_session_token", where);
	return OK;                                     /* AWS's tools have more names */
}

static err parse_line(aws_credentials *c, bool *ours, slice line, const char *where)
{
	line = trimmed(line);
	if (!line.n || line.p[0] == '#' || line.p[0] == ';') return OK;
	if (line.p[0] == '[') {
		*ours = slice_eq_var(line, slice_str("[default]"));
		return OK;
	}
	const uint8_t *equals = memchr(line.p, '=', line.n);
	if (!*ours) return OK;
	if (!equals) return err_fail(ERR_REQUEST, "%s: a line is neither [section] nor name = value", where);
	const size_t n = (size_t)(equals - line.p);
	return set_by_name(c, trimmed(slice_of(line.p, n)), trimmed(slice_of(equals + 1, line.n - n - 1)), where);
}

static err complete(const aws_credentials *c, const char *where)
{
	const char *missing = !c->key_id[0] ? "aws_access_key_id" : !c->secret[0] ? "aws_secret_access_key" : NULL;

	return missing ? err_fail(ERR_REQUEST, "%s has no %s under [default]", where, missing) : OK;
}

err aws_credentials_parse(aws_credentials *out, slice text, const char *where)
{
	aws_credentials c = { 0 };
	bool ours = true;                              /* a file of one section needs no name for it */
	err e = OK;

	for (size_t at = 0; e == OK && at < text.n;) {
		const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
		const size_t n = end ? (size_t)(end - text.p) - at : text.n - at;
		e = parse_line(&c, &ours, slice_of(text.p + at, n), where);
		at += n + 1;
	}
	if (e == OK) e = complete(&c, where);
	if (e == OK) *out = c;
	wipe(&c, sizeof c);
	return e;
}

/* ---- the environment ---------------------------------------------------------------------------------------------- */

/* The value is overwritten where it stands, which is what others see of a process, and then taken out. */
static err take_variable(char *out, size_t max, char **environment, const char *name)
{
	const size_t n = strlen(name);
	err e = OK;

	for (char **v = environment; *v; v++) {
		if (strncmp(*v, name, n) || (*v)[n] != '=') continue;
		char *value = *v + n + 1;
		if (*value) e = set(out, max, slice_str(value), name, "the environment");
		wipe(value, strlen(value));
	}
	return e;
}

static err from_environment(aws_credentials *out, char **environment)
{
	aws_credentials c = { 0 };

	err e = take_variable(c.key_id, AWS_KEY_ID, environment, "AWS_ACCESS_KEY_ID");
	if (e == OK) e = take_variable(c.secret, AWS_SECRET, environment, "AWS_SECRET_ACCESS_KEY");
	if (e == OK) e = take_variable(c.token, AWS_TOKEN, environment, "AWS_SESSION_TOKEN");
	if (e == OK && (!c.key_id[0] || !c.secret[0]))
		e = err_fail(ERR_REQUEST, "there are no credentials for AWS: name a file with them in the configuration, or set AWS_ACCESS_KEY_ID "
		             "and AWS_SECRET_ACCESS_KEY");
	if (e == OK) *out = c;
	wipe(&c, sizeof c);
	return e;
}

err aws_credentials_read(aws_credentials *out, const aws_credentials_source *from)
{
	AUTO(buf) text = { 0 };
	char where[PATH_MAX] = "";

	if (from->file && from->file[0]) {
		snprintf(where, sizeof where, "%s", from->file);
		TRY(secret_from_file(&text, from->file, WHAT, AWS_MAX_CREDENTIALS));
	} else if (from->descriptor >= 0) {
		snprintf(where, sizeof where, "descriptor %d", from->descriptor);
		TRY(secret_from_descriptor(&text, from->descriptor, WHAT, AWS_MAX_CREDENTIALS));
	} else if (from->credential && from->credential[0]) {
		TRY(secret_from_credential(&text, where, getenv("CREDENTIALS_DIRECTORY"), from->credential, WHAT, AWS_MAX_CREDENTIALS));
	} else {
		static char *nothing[] = { NULL };
		return from_environment(out, from->environment ? from->environment : nothing);
	}
	return aws_credentials_parse(out, buf_slice(&text), where);
}
