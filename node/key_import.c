/* SPDX-License-Identifier: MIT */
/* node/key_import.c */
#include "node/key_import.h"
#include <stdlib.h>
#include "base/log.h"
#include "node/delegate_keys.h"
#include "node/group_store.h"

static err neither(const delegate_chain *chain, const char *path)
{
	return err_fail(ERR_STATE, "chain %u: %s is empty or gone, and this node knows of no key that nodes share; restore the file from a copy, "
	                "or, if the others share the key already, take key_file and import_from out: the next refresh brings a share",
	                chain->id, path);
}

static err another(const delegate_chain *chain, const char *path)
{
	return err_fail(ERR_STATE, "chain %u: the nodes share another key than the one of %s, and a chain has one; take import_from and "
	                "key_file out to go on with the former", chain->id, path);
}

/* Both are there. */
static err compare(key_import *x, delegate_chain *chain, const char *path, const group_key *shared, const secp *curve)
{
	const secp_pk P = secp_pk_of(curve, &chain->key);

	wipe(&chain->key, sizeof chain->key);
	if (memcmp(P.b, shared->P.b, sizeof P.b) != 0) return another(chain, path);
	key_import_end(x);
	return OK;
}

static err look(key_import *x, delegate_chain *chain, const char *path, const group_holding *have, const secp *curve)
{
	const id32 place = whole_key_place(WHOLE_KEY_CHAIN, chain->id);
	const bool in_file = !key_file_is_gone(path);
	bool kept;

	TRY(vault_has_private(&kept, x->vault, PRIV_DELEGATION_PRIVATE_KEY, NULL, &place));
	chain->shared = have->certified;
	if (!in_file && !kept) {
		x->vault = NULL;
		return have->certified ? key_eraser_go_on(path) : neither(chain, path);
	}
	TRY(delegate_key_of_chain(chain, x->vault, path, clock_system()));
	if (in_file) TRY(key_eraser_open(&x->file, path));
	return have->certified ? compare(x, chain, path, &have->newest.key, curve) : OK;
}

err key_import_open(key_import *out, delegate_chain *chain, const char *path, vault *v, const rng *random)
{
	group_holding *have = calloc(1, sizeof *have);
	AUTO(secp) *curve = NULL;

	*out = (key_import){ .vault = v, .chain_id = chain->id };
	err e = have ? secp_new(&curve, random) : err_fail(ERR_NOMEM, "no memory for delegation keys");
	const group_store g = { .vault = v, .curve = curve, .chain_id = chain->id };
	if (e == OK) e = group_store_look(have, &g);
	if (e == OK) e = look(out, chain, path, have, curve);
	free(have);
	if (e != OK) key_import_close(out);
	return e;
}

/* The file last: after a stop in between it is there to be compared. */
static err erase(key_import *x)
{
	const id32 place = whole_key_place(WHOLE_KEY_CHAIN, x->chain_id);
	bool kept;

	TRY(vault_has_private(&kept, x->vault, PRIV_DELEGATION_PRIVATE_KEY, NULL, &place));
	if (kept) TRY(vault_remove_private(x->vault, PRIV_DELEGATION_PRIVATE_KEY, NULL, &place));
	return key_eraser_erase(&x->file);
}

void key_import_end(key_import *x)
{
	if (!x->vault) return;
	const char *path = x->file.path;
	const err e = erase(x);
	if (e == OK)
		log_info("audit: delegation key of chain %u is shared by the nodes; this node's copy of the whole key, in %s, is erased", x->chain_id,
		         path ? path : "the vault");
	else log_err(LOG_ERROR, "this node's copy of a whole delegation key, which nodes share by now, is not erased; do it by hand", e);
	err_clear();
	key_import_close(x);
}

void key_import_close(key_import *x)
{
	key_eraser_close(&x->file);
	*x = (key_import){ 0 };
}
