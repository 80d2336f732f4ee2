/* SPDX-License-Identifier: MIT */
/*
 * evm/jrpc_error.c -- codes are shared by unlike errors, so most are known by their words.
 *
 * The data of a refusal come in three shapes: as error.data (with or without a word before it), as error.data.data, or only
 * within the message.
 */
#include "evm/jrpc_error.h"
#include <jansson.h>
#include <stdlib.h>
#include <strings.h>
#include "base/hex.h"

enum { SELECTOR = 4, HASH = 32, CODE_REVERTED = 3, CODE_TIMED_OUT = 4 };

/* The first row that fits; a code of 0 fits every code, words of NULL every message.  Refusals by contracts come first: their
 * messages may quote any words. */
static const struct { int64_t code; const char *words; jrpc_kind kind; } KNOWN[] = {
	{ CODE_REVERTED, NULL,                         JRPC_REVERTED },
	{ 0,      "execution reverted",                JRPC_REVERTED },
	{ 0,      "reverted with",                     JRPC_REVERTED },
	{ 0,      "custom error",                      JRPC_REVERTED },
	{ 0,      "nonce too low",                     JRPC_NONCE_USED },
	{ 0,      "nonce is too low",                  JRPC_NONCE_USED },
	{ 0,      "already known",                     JRPC_KNOWN },
	{ 0,      "known transaction",                 JRPC_KNOWN },
	{ 0,      "already imported",                  JRPC_KNOWN },
	{ 0,      "already exists",                    JRPC_KNOWN },
	{ 0,      "underpriced",                       JRPC_UNDERPRICED },
	{ 0,      "less than block base fee",          JRPC_UNDERPRICED },
	{ 0,      "fee cap less than",                 JRPC_UNDERPRICED },
	{ 0,      "fee too low",                       JRPC_UNDERPRICED },
	{ 0,      "in-flight transaction limit",       JRPC_CROWDED },
	{ 0,      "insufficient funds",                JRPC_NO_FUNDS },
	{ 0,      "doesn't have enough funds",         JRPC_NO_FUNDS },
	{ 4444,   NULL,                                JRPC_PRUNED },      /* geth, reth, Nethermind, Besu: EIP-4444 */
	{ 0,      "prun",                              JRPC_PRUNED },      /* Erigon: "due to pruning"                */
	{ 0,      "data before txnum",                 JRPC_PRUNED },      /* its older versions                      */
	{ 0,      "receipt not available",             JRPC_PRUNED },      /* older Nethermind                        */
	{ 0,      "beyond current head",               JRPC_BEHIND },
	{ 0,      "query returned more than",          JRPC_TOO_MUCH },
	{ 0,      "block range",                       JRPC_TOO_MUCH },
	{ 0,      "range is too",                      JRPC_TOO_MUCH },
	{ 0,      "range too",                         JRPC_TOO_MUCH },
	{ 0,      "too many results",                  JRPC_TOO_MUCH },
	{ 0,      "too many logs",                     JRPC_TOO_MUCH },
	{ 0,      "response size",                     JRPC_TOO_MUCH },
	{ 0,      "response is too",                   JRPC_TOO_MUCH },
	{ 0,      "exceeds limit",                     JRPC_TOO_MUCH },
	{ 0,      "query timeout",                     JRPC_TOO_MUCH },
	{ 429,    NULL,                                JRPC_LIMITED },
	{ -32005, NULL,                                JRPC_LIMITED },
	{ -32029, NULL,                                JRPC_LIMITED },
	{ 0,      "rate limit",                        JRPC_LIMITED },
	{ 0,      "too many requests",                 JRPC_LIMITED },
	{ 0,      "request rate",                      JRPC_LIMITED },
	{ 0,      "requests per second",               JRPC_LIMITED },
	{ 0,      "capacity",                          JRPC_LIMITED },
	{ 0,      "quota",                             JRPC_LIMITED },
	{ -32601, NULL,                                JRPC_UNSUPPORTED },
	{ -32004, NULL,                                JRPC_UNSUPPORTED },
	{ 0,      "not supported",                     JRPC_UNSUPPORTED },
	{ 0,      "header not found",                  JRPC_BEHIND },
	{ 0,      "unknown block",                     JRPC_BEHIND },
	{ 0,      "block not found",                   JRPC_BEHIND },
	{ 0,      "missing trie node",                 JRPC_BEHIND },
};

static jrpc_kind kind_of(int64_t code, const char *message)
{
	for (size_t i = 0; i < COUNT(KNOWN); i++)
		if ((KNOWN[i].code == 0 || KNOWN[i].code == code) && (!KNOWN[i].words || strcasestr(message, KNOWN[i].words)))
			return KNOWN[i].kind;
	return JRPC_REFUSED;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes of the digits that text begins with; more than there is room for are cut. */
static size_t read_digits(uint8_t *out, size_t most, const char **text)
{
	size_t n = 0;
	for (; digit((*text)[0]) >= 0 && digit((*text)[1]) >= 0; *text += 2)
		if (n < most) out[n++] = (uint8_t)(digit((*text)[0]) << 4 | digit((*text)[1]));
	return n;
}

/* The first number 0x... in the text with at least a selector: "Reverted 0x...", "custom error 0x01020304: 0011...". */
static bool find_data(jrpc_error *out, const char *text)
{
	for (const char *p = strstr(text, "0x"); p; p = strstr(p, "0x")) {
		p += 2;
		size_t n = read_digits(out->data, sizeof out->data, &p);
		if (n < SELECTOR) continue;
		if (n == SELECTOR && strncmp(p, ": ", 2) == 0) {
			p += 2;
			n += read_digits(out->data + n, sizeof out->data - n, &p);
		}
		out->n = n;
		return true;
	}
	return false;
}

static bool has_data(jrpc_error *out, const json_t *error, const char *message, bool refusal)
{
	const json_t *data = json_object_get(error, "data");

	if (json_is_object(data)) data = json_object_get(data, "data");
	if (json_is_string(data) && find_data(out, json_string_value(data))) return true;
	return refusal && find_data(out, message);
}

static void copy_printable(char *out, size_t room, const char *text)
{
	size_t n = 0;
	for (; text[n] && n + 1 < room; n++) out[n] = text[n] >= ' ' && text[n] < 127 ? text[n] : '?';
	out[n] = '\0';
}

void jrpc_error_set(jrpc_error *out, jrpc_kind kind, const char *message)
{
	*out = (jrpc_error){ .kind = kind };
	copy_printable(out->message, sizeof out->message, message);
}

void jrpc_error_read(jrpc_error *out, const json_t *error)
{
	const char *message = json_string_value(json_object_get(error, "message"));
	const json_t *code = json_object_get(error, "code");

	if (!message) message = json_is_string(error) ? json_string_value(error) : "an error without a message";
	jrpc_error_set(out, JRPC_REFUSED, message);
	out->code = json_is_integer(code) ? json_integer_value(code) : 0;
	out->kind = kind_of(out->code, message);
	const bool data = has_data(out, error, message, out->kind == JRPC_REVERTED);
	if (!data) out->n = 0;
	else if (out->code == CODE_TIMED_OUT && out->n == HASH) out->kind = JRPC_ACCEPTED;
	else if (out->kind == JRPC_REFUSED) out->kind = JRPC_REVERTED;
}
