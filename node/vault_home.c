/* SPDX-License-Identifier: MIT */
/* node/vault_home.c -- the glue of vault/ and aws/. */
#include "node/vault_home.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "aws/kms.h"
#include "base/log.h"
#include "node/far_s3.h"
#include "vault/lease.h"
#include "vault/vault_key.h"
#include "vault/wrapped_key.h"

enum { WAIT_S = 3 };

struct vault_home {
	aws      *client;                                  /* NULL: nothing of AWS is named */
	far_s3    bucket[2];
	far_store published, private;
	const char *root_key;
};

/* ---- the key ----------------------------------------------------------------------------------------------------------- */

/* It stands in the service's log, and a wrapped key of something else is not taken for one of a vault. */
static const aws_kms_context PURPOSE = { "arca", "private-vault" };

static err new_key(void *ctx, vault_key *out, buf *wrapped)
{
	const vault_home *h = ctx;
	_Static_assert(sizeof out->b == KMS_DATA_KEY, "a data key is a key of a vault");

	return aws_kms_new_data_key(out->b, wrapped, h->client, h->root_key, &PURPOSE);
}

static err open_key(void *ctx, vault_key *out, slice name, slice wrapped)
{
	const vault_home *h = ctx;
	AUTO(buf) root = { 0 };
	AUTO(buf) plain = { 0 };

	buf_put_slice(&root, name);
	buf_reserve(&plain, KMS_PLAIN);
	TRY(aws_kms_decrypt(&plain, h->client, buf_str(&root), &PURPOSE, wrapped));
	if (plain.n != sizeof out->b) return err_fail(ERR_STATE, "KMS unwrapped %zu bytes, which are no key of a vault", plain.n);
	if (strcmp(buf_str(&root), h->root_key))
		log_warn("the vault's key is wrapped by %s, which unwrapped it; root_key_id, %s, counts for a vault that has no key yet", buf_str(&root),
		         h->root_key);
	memcpy(out->b, plain.p, sizeof out->b);
	return OK;
}

/* Likewise, of the key before. */
static err read_former(vault_key *out, bool *have, const node_config *c)
{
	*have = true;
	if (c->former.file[0]) return vault_key_from_file(out, c->former.file);
	if (c->former.descriptor >= 0) return vault_key_from_descriptor(out, (int)c->former.descriptor);
	if (c->former.credential[0]) return vault_key_from_credential(out, getenv("CREDENTIALS_DIRECTORY"), c->former.credential);
	*have = false;
	return OK;
}

/* *have: there is one.  The caller wipes it. */
static err read_key(vault_key *out, bool *have, bool *made, vault_home *h, const node_config *c, const vault_folders *folders)
{
	const key_service service = { h, c->keychain.root_key_id, new_key, open_key };
	const far_store *far = h->private.ctx ? &h->private : NULL;

	*have = true;
	if (c->keychain.root_key_id[0]) return wrapped_key_open(out, made, folders->private, far, &service);
	if (c->keychain.file[0]) return vault_key_from_file(out, c->keychain.file);
	if (c->keychain.descriptor >= 0) return vault_key_from_descriptor(out, (int)c->keychain.descriptor);
	if (c->keychain.credential[0]) return vault_key_from_credential(out, getenv("CREDENTIALS_DIRECTORY"), c->keychain.credential);
	*have = false;
	return OK;
}

/* ---- the client ---------------------------------------------------------------------------------------------------------- */

static err connect(vault_home *h, const node_config *c, char **environment)
{
	const bool published = c->public_vault.bucket[0], private = c->private_vault.bucket[0];
	const aws_settings s = { .region = c->aws.region, .s3_endpoint = c->aws.s3_endpoint, .kms_endpoint = c->aws.awskms_endpoint,
		.credentials = { .file = c->aws.file, .credential = c->aws.credential, .descriptor = (int)c->aws.descriptor,
		                 .environment = environment },
		.random = rng_os() };

	h->root_key = c->keychain.root_key_id;
	if (!published && !private && !h->root_key[0]) return OK;
	TRY(aws_new(&h->client, &s));
	if (published) far_s3_setup(&h->published, &h->bucket[0], h->client, c->public_vault.bucket, c->public_vault.s3_prefix);
	if (private) far_s3_setup(&h->private, &h->bucket[1], h->client, c->private_vault.bucket, c->private_vault.s3_prefix);
	return OK;
}

/* On the lease's thread. */
static void lease_changed(void *ctx, err e)
{
	(void)ctx;
	if (e == OK) log_info("vault: the lease was renewed; writes go on");
	else log_err(LOG_ERROR, "vault", e);
}

/* Signals are blocked while a node starts (process.c): they stay for who takes them when this has ended. */
static err wait_unless_asked_to_stop(unsigned s)
{
	for (sigset_t pending; s--; sleep(1))
		if (sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1))
			return err_fail(ERR_CANCELLED, "asked to stop while it waited for the lease");
	return OK;
}

/* Another node that was stopped, or died, lets go in time; one that lives does not. */
static err open_patiently(vault **v, vault_opened *what, const vault_opening *how, int64_t wait_s)
{
	const int64_t until_ms = clock_now_ms(how->far->clock) + wait_s * 1000;
	err e;

	for (bool said = false;; said = true) {
		e = vault_open_with(v, what, how);
		if (e != ERR_BUSY || clock_now_ms(how->far->clock) >= until_ms) return e;
		if (!said) log_warn("vault: waiting, %jd s at most: %s", (intmax_t)wait_s, err_text());
		err_clear();
		TRY(wait_unless_asked_to_stop(WAIT_S));
	}
}

static err open_vault(vault **v, vault_opened *what, bool *made, vault_home *h, const node_config *c, const vault_folders *folders)
{
	char host[LEASE_HOST + 1] = "";
	vault_far far = { .clock = clock_system(), .changed = lease_changed, .host = host };
	vault_key key, former;
	bool have, had = false;

	(void)gethostname(host, sizeof host - 1);
	if (h->published.ctx) far.public_store = &h->published;
	if (h->private.ctx) far.private_store = &h->private;
	err e = read_key(&key, &have, made, h, c, folders);
	if (e == OK) e = read_former(&former, &had, c);
	if (e == OK)
		e = open_patiently(v, what, &(vault_opening){ folders->published, folders->private, have ? &key : NULL, had ? &former : NULL,
		                                              rng_os(), &far }, c->lease.wait_secs);
	wipe(&key, sizeof key);
	wipe(&former, sizeof former);
	if (e == OK && had && !what->changed)
		log_warn("private_vault.keychain.former is not needed any more: take it out of the configuration");
	return e;
}

err vault_home_open(vault_home **out, vault **v, vault_opened *what, bool *made, const node_config *c, const vault_folders *folders,
                    char **environment)
{
	vault_home *h = calloc(1, sizeof *h);

	*made = false;
	if (!h) return err_fail(ERR_NOMEM, "no memory for the vault");
	err e = connect(h, c, environment);
	if (e == OK) e = open_vault(v, what, made, h, c, folders);
	if (e != OK) {
		vault_home_free(&h);
		return e;
	}
	*out = h;
	return OK;
}

void vault_home_free(vault_home **hp)
{
	vault_home *h = *hp;
	if (!h) return;
	aws_free(&h->client);
	free(h);
	*hp = NULL;
}
