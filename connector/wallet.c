/* SPDX-License-Identifier: MIT */
/* connector/wallet.c -- who pays for transactions and signs them. */
#include "connector/wallet.h"
#include <stdatomic.h>
#include <stdlib.h>
#include "aws/kms.h"
#include "base/hex.h"
#include "base/pool.h"
#include "delegate/key_file.h"

enum { SERVICE_TRIES = 3 };

struct wallet {
	signer     *key;                             /* ours; NULL: the service's */
	aws        *service;
	char       *name;                            /* of its key               */
	pool       *hands;                           /* that ask it, with us     */
	unsigned    at_once;                         /* how many of them         */
	atomic_uint pauses;                          /* that it made us wait     */
	secp_pk     pk;
	eth_address address;
};

/* ---- a key of ours ---------------------------------------------------------------------------------------------- */

static err read_key(secp_sk *out, connector_config *c)
{
	uint8_t bytes[SECP_SK];

	if (c->sender.private_key_file[0]) {
		const err e = key_file_read(out, c->sender.private_key_file);
		if (e != OK) err_context("private_key_file: ");
		return e == OK || e == ERR_NOMEM ? e : err_at(ERR_REQUEST, __FILE__, __LINE__);      /* what the operator must put right */
	}
	const bool hex = hex_read(bytes, sizeof bytes, slice_str(c->sender.private_key));
	wipe(c->sender.private_key, strlen(c->sender.private_key));
	err e = hex ? secp_sk_read(out, bytes) : err_fail(ERR_REQUEST, "private_key must have 64 hexadecimal digits");
	if (e != OK && hex) err_context("private_key: ");
	wipe(bytes, sizeof bytes);
	return e;
}

static err open_key(wallet *w, connector_config *c, const rng *r)
{
	secp_sk sk = { 0 };

	err e = read_key(&sk, c);
	if (e == OK) e = signer_new(&w->key, &sk, r);
	wipe(&sk, sizeof sk);
	if (e == OK) w->address = *signer_address(w->key);
	return e;
}

/* ---- a key of AWS KMS ------------------------------------------------------------------------------------------- */

/* That of the configuration, of the key's name (arn:aws:kms:REGION:...), or the one that AWS's tools would take. */
static err find_region(char out[static AWS_REGION + 1], const connector_config *c, char *const *environment)
{
	static const char ARN[] = "arn:", VARIABLE[] = "AWS_REGION=";
	const char *from = c->sender.aws.region, *end = from + strlen(from);

	if (from == end && !strncmp(c->sender.aws.key_id, ARN, sizeof ARN - 1)) {
		from = c->sender.aws.key_id;
		for (unsigned colons = 0; colons < 3 && *from; from++) colons += *from == ':';
		end = strchrnul(from, ':');
	}
	for (char *const *v = environment; from == end && v && *v; v++)
		if (!strncmp(*v, VARIABLE, sizeof VARIABLE - 1)) from = *v + sizeof VARIABLE - 1, end = from + strlen(from);
	if (from == end)
		return err_fail(ERR_REQUEST, "aws_kms_config.region is missing: the region of the key, as eu-west-3 (AWS_REGION says it, too)");
	if ((size_t)(end - from) > AWS_REGION) return err_fail(ERR_REQUEST, "aws_kms_config.region has more than %d characters", AWS_REGION);
	memcpy(out, from, (size_t)(end - from));
	out[end - from] = '\0';
	return OK;
}

static err open_service(wallet *w, const connector_config *c, char **environment, const rng *r)
{
	char region[AWS_REGION + 1];
	AUTO(buf) spki = { 0 };

	TRY(find_region(region, c, environment));
	TRY(aws_new(&w->service, &(aws_settings){ .region = region, .s3_endpoint = "", .kms_endpoint = c->sender.aws.endpoint,
		.credentials = { .file = c->sender.aws.credentials_file, .descriptor = -1, .environment = environment },
		.timeout_ms = c->sender.aws.timeout, .tries = SERVICE_TRIES, .random = r, .pauses = &w->pauses }));
	TRY(pool_new(&w->hands, WALLET_AT_ONCE - 1));
	w->at_once = WALLET_AT_ONCE;
	w->name = strdup(c->sender.aws.key_id);
	if (!w->name) return err_fail(ERR_NOMEM, "no memory for a wallet");
	TRY(aws_kms_public_key(&spki, w->service, w->name));
	TRY(secp_pk_read_der(&w->pk, buf_slice(&spki)));
	w->address = address_of(&w->pk);
	return OK;
}

static err sign_by_service(secp_rsig *out, wallet *w, const hash32 *digest)
{
	AUTO(buf) der = { 0 };
	secp_sig sig;

	TRY(aws_kms_sign(&der, w->service, w->name, digest->b));
	TRY(secp_sig_read_der(&sig, buf_slice(&der)));
	if (secp_sig_complete_var(out, &sig, &w->pk, digest->b)) return OK;
	return err_fail(ERR_STATE, "the signature is not of the key whose address this wallet has: if the alias names another key now, start "
	                           "the connector again, and have that wallet registered");
}

/* ---- many ------------------------------------------------------------------------------------------------------- */

typedef struct signing {
	wallet       *w;
	secp_rsig    *out;
	const hash32 *digest;
	bool         *is_signed;
	size_t        n;
	const clock_source *clock;
	int64_t       until_ms;
	atomic_size_t next;
	atomic_bool   over;                          /* one failed, or time is up: those that follow would leave a gap */
} signing;

/* One hand's work: the next that nobody has begun. */
static err sign_some(void *ctx, size_t hand)
{
	signing *s = ctx;

	(void)hand;
	for (size_t i; !atomic_load(&s->over) && (i = atomic_fetch_add(&s->next, 1)) < s->n; ) {
		const err e = wallet_sign(&s->out[i], s->w, &s->digest[i]);
		s->is_signed[i] = e == OK;
		if (e != OK || clock_now_ms(s->clock) >= s->until_ms) atomic_store(&s->over, true);
		TRY(e);
	}
	return OK;
}

static void adapt(wallet *w)
{
	const bool busy = atomic_exchange(&w->pauses, 0) > 0;

	if (busy) w->at_once = w->at_once > 1 ? w->at_once / 2 : 1;
	else if (w->at_once < WALLET_AT_ONCE) w->at_once++;
}

err wallet_sign_all(secp_rsig *out, size_t *n, wallet *w, const hash32 *digest, const clock_source *clock, int64_t until_ms)
{
	signing s = { .w = w, .out = out, .digest = digest, .n = *n, .clock = clock, .until_ms = until_ms };

	*n = 0;
	if (s.n == 0) return OK;
	s.is_signed = calloc(s.n, sizeof *s.is_signed);
	if (!s.is_signed) return err_fail(ERR_NOMEM, "no memory for signatures");
	const err e = pool_try(w->hands, w->hands ? size_min(w->at_once, s.n) : 1, sign_some, &s);
	while (*n < s.n && s.is_signed[*n]) ++*n;
	if (w->service) adapt(w);
	free(s.is_signed);
	return e;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

err wallet_new(wallet **out, connector_config *c, char **environment, const rng *r)
{
	wallet *w = calloc(1, sizeof *w);

	if (!w) return err_fail(ERR_NOMEM, "no memory for a wallet");
	err e = c->sender.aws.present ? open_service(w, c, environment, r) : open_key(w, c, r);
	if (e == OK) {
		*out = w;
		return OK;
	}
	wallet_free(&w);
	if (!c->sender.aws.present) return e;
	err_context("aws_kms_config: ");
	return e == ERR_NOMEM || e == ERR_IO ? e : err_at(ERR_REQUEST, __FILE__, __LINE__);         /* as above */
}

void wallet_free(wallet **w)
{
	if (!*w) return;
	signer_free(&(*w)->key);
	pool_free(&(*w)->hands);
	aws_free(&(*w)->service);
	free((*w)->name);
	free(*w);
	*w = NULL;
}

const eth_address *wallet_address(const wallet *w)
{
	return &w->address;
}

err wallet_sign(secp_rsig *out, wallet *w, const hash32 *digest)
{
	if (w->key) {
		*out = sign_external(w->key, digest);
		return OK;
	}
	const err e = sign_by_service(out, w, digest);
	if (e != OK) err_context("the wallet's key %.80s did not sign: ", w->name);
	return e;
}
