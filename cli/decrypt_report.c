/* SPDX-License-Identifier: MIT */
/* cli/decrypt_report.c -- a value and who signed it, or why there is none. */
#include "cli/decrypt.h"
#include "base/hex.h"
#include "evm/address.h"

/* ---- the parties ----------------------------------------------------------------------------------------------- */

/* A line for each party that failed.  A slow one that was not waited for has done nothing wrong. */
static void name_failed(const job *j, unsigned but)
{
	for (unsigned i = 1; i <= j->net.parties; i++) {
		const heard *h = &j->heard.of[i];
		if (h->as != STANDING_GOOD && h->as != STANDING_SILENT && i != but)
			fprintf(stderr, "party %u: %s: %s\n", i, standing_name(h->as), h->why);
	}
}

static json_t *parties_json(const job *j)
{
	json_t *list = json_array();

	for (unsigned i = 1; i <= j->net.parties; i++) {
		const heard *h = &j->heard.of[i];
		json_array_append_new(list, json_pack("{s:i, s:s, s:s?}", "party_id", (int)i, "standing", standing_name(h->as),
		                      "why", h->as == STANDING_GOOD || h->as == STANDING_SILENT ? NULL : h->why));
	}
	return list;
}

static json_t *signatures_json(const job *j)
{
	json_t *list = json_array();

	FOR_EACH_IN(i, j->signers) {
		char address[ADDRESS_TEXT], signature[2 + 2 * SECP_RSIG + 1] = "0x";
		address_text(address, &j->net.party[i - 1].signer);
		hex_write(signature + 2, slice_of(j->heard.of[i].signature.b, SECP_RSIG));
		json_array_append_new(list, json_pack("{s:i, s:s, s:s}", "party_id", (int)i, "signer", address,
		                      "signature", signature));
	}
	return list;
}

/* What every answer that counts was signed under besides. */
static json_t *schemes_json(const job *j)
{
	json_t *list = json_array();

	for (size_t i = 0; i < j->asked.schemes; i++) json_array_append_new(list, json_string(scheme_name(j->asked.scheme[i])));
	return list;
}

/* ---- a value --------------------------------------------------------------------------------------------------- */

static void print_value_json(const job *j, const char *value)
{
	AUTO(buf) handle = { 0 };
	char request[ID_TEXT], key[ID_TEXT], address[ADDRESS_TEXT];

	id_text(request, &j->asked.request);
	id_text(key, &j->key);
	buf_put_hex(&handle, j->asked.handle);
	if (j->user) address_text(address, &j->me.address);
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:f, s:i, s:i, s:o}", "type", j->value.type->name,
		"value", value, "request_id", request, "key_id", key, "handle", buf_str(&handle), "format", ct_format_name(j->format),
		"address", j->user ? address : NULL, "seconds", ticker_seconds(&j->shown), "signed", (int)size_of_set(j->signers),
		"quorum", (int)cluster_quorum(&j->net), "parties", parties_json(j));
	if (!j->user) json_object_set_new(object, "signatures", signatures_json(j));
	if (j->asked.schemes) json_object_set_new(object, "schemes", schemes_json(j));
	print_json(object);
}

err report_value(const job *j)
{
	AUTO(buf) text = { 0 };

	value_print(&text, &j->value);
	name_failed(j, 0);
	if (args_has(&j->c->args, "json")) print_value_json(j, buf_str(&text));
	else puts(buf_str(&text));
	return OK;
}

/* ---- no value -------------------------------------------------------------------------------------------------- */

/* The party whose failure says most: one that has no value, then one that is not to be believed, then one that is absent. */
static unsigned most_telling(const job *j)
{
	static const standing ORDER[] = { STANDING_REFUSED, STANDING_WRONG, STANDING_ABSENT };

	for (size_t i = 0; i < COUNT(ORDER); i++)
		if (tally_who(&j->heard, ORDER[i])) return first_of(tally_who(&j->heard, ORDER[i]));
	return 0;
}

err report_failure(const job *j, err e)
{
	const unsigned worst = most_telling(j), good = size_of_set(tally_who(&j->heard, STANDING_GOOD)),
		absent = size_of_set(tally_who(&j->heard, STANDING_ABSENT));
	const size_t need = j->user ? cluster_quorum(&j->net) : cluster_believed(&j->net);

	if (e != ERR_BUSY || !worst) return e;
	if (good >= need) {                              /* enough answers, but they do not make a value */
		name_failed(j, 0);
		return e;
	}
	if (good + absent >= need) j->c->code = EXIT_UNAVAILABLE;
	if (j->net.parties == 1) return err_fail(ERR_REQUEST, "%s", j->heard.of[worst].why);
	name_failed(j, worst);
	return err_fail(ERR_REQUEST, "%u of %zu parties gave an answer to be believed, and %zu must agree; party %u: %s", good,
	                j->net.parties, need, worst, j->heard.of[worst].why);
}
