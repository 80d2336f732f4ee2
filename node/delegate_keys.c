/* SPDX-License-Identifier: MIT */
/* node/delegate_keys.c */
#include "node/delegate_keys.h"
#include "base/ct.h"
#include "base/file.h"
#include "base/log.h"
#include "delegate/key_file.h"

enum { MAX_NAME = 40 };

static const char *name_of(char out[static MAX_NAME], const whole_key *k)
{
	if (k->kind == WHOLE_KEY_CHAIN) snprintf(out, MAX_NAME, "the delegation key of chain %u", k->chain_id);
	else snprintf(out, MAX_NAME, "the delegation's wallet");
	return out;
}

static err damaged(err e, const vault *v, const whole_key *k)
{
	char name[MAX_NAME];

	err_context("%s, in %s/%s: ", name_of(name, k), vault_private_folder(v), priv_type_name(PRIV_DELEGATION_PRIVATE_KEY));
	return e == ERR_REQUEST ? ERR_STATE : e;
}

/* found untouched: there is none. */
static err from_vault(whole_key *found, bool *there, vault *v, const whole_key *k)
{
	const id32 place = whole_key_place(k->kind, k->chain_id);
	AUTO(buf) bytes = { 0 };

	TRY(vault_has_private(there, v, PRIV_DELEGATION_PRIVATE_KEY, NULL, &place));
	if (!*there) return OK;
	err e = vault_get_private(&bytes, v, PRIV_DELEGATION_PRIVATE_KEY, NULL, &place, WHOLE_KEY_BYTES);
	if (e == OK) e = whole_key_read(found, buf_slice(&bytes));
	if (e == OK && (found->kind != k->kind || found->chain_id != k->chain_id)) e = err_fail(ERR_STATE, "it is that of something else");
	return e == OK ? OK : damaged(e, v, k);
}

static bool same(const whole_key *a, const whole_key *b) { return ct_bytes_eq(a->sk.b, b->sk.b, sizeof a->sk.b); }

/* What was written is what is read: the operator is going to erase the other copy. */
static err put(vault *v, const whole_key *k)
{
	const id32 place = whole_key_place(k->kind, k->chain_id);
	AUTO(buf) bytes = { 0 };
	whole_key again;
	bool there;

	whole_key_write(&bytes, k);
	TRY(vault_put_private(v, PRIV_DELEGATION_PRIVATE_KEY, NULL, &place, buf_slice(&bytes), &there));
	err e = from_vault(&again, &there, v, k);
	if (e == OK && !(there && same(&again, k))) e = damaged(err_fail(ERR_STATE, "it is not what was written there"), v, k);
	wipe(&again, sizeof again);
	return e;
}

static void ask_to_erase(const whole_key *k, const char *file)
{
	char name[MAX_NAME];

	log_warn("%s is in the private vault, and %s is not needed any more; when the vault is backed up, erase the file: shred -u '%s'",
	         name_of(name, k), file, file);
}

static err take_in(vault *v, const whole_key *k, const char *file)
{
	char name[MAX_NAME];

	TRY(put(v, k));
	log_info("audit: %s was taken into the sealed vault", name_of(name, k));
	ask_to_erase(k, file);
	return OK;
}

static err compare(const whole_key *k, const whole_key *kept, const vault *v, const char *file)
{
	const id32 place = whole_key_place(k->kind, k->chain_id);
	char name[MAX_NAME], id[ID_TEXT];

	if (same(k, kept)) {
		ask_to_erase(k, file);
		return OK;
	}
	id_text(id, &place);
	return err_fail(ERR_STATE, "%s is not %s that the vault has; take the file away, or, to give up the vault's, and what was encrypted to it, "
	                "remove %s/%s/%s and its copies", file, name_of(name, k), vault_private_folder(v),
	                priv_type_name(PRIV_DELEGATION_PRIVATE_KEY), id);
}

static err open_with(whole_key *k, whole_key *kept, vault *v, const char *file)
{
	bool kept_there, file_there = file_exists(file);

	TRY(from_vault(kept, &kept_there, v, k));
	if (file_there || !kept_there) TRY(key_file_read(&k->sk, file));
	if (kept_there && file_there) TRY(compare(k, kept, v, file));
	if (!kept_there && vault_is_sealed(v)) TRY(take_in(v, k, file));
	if (kept_there) *k = *kept;
	return OK;
}

err delegate_key_open(whole_key *k, vault *v, const char *file, const clock_source *clock)
{
	whole_key kept = { 0 }, found = { .kind = k->kind, .chain_id = k->chain_id, .state = KEY_ACTIVE, .taken_ms = clock_unix_ms(clock) };

	const err e = open_with(&found, &kept, v, file);
	if (e == OK) *k = found;
	wipe(&found, sizeof found);
	wipe(&kept, sizeof kept);
	return e;
}

err delegate_key_of_chain(delegate_chain *chain, vault *v, const char *file, const clock_source *clock)
{
	whole_key k = { .kind = WHOLE_KEY_CHAIN, .chain_id = chain->id };

	TRY(delegate_key_open(&k, v, file, clock));
	chain->key = k.sk;
	chain->state = k.state;
	wipe(&k, sizeof k);
	return OK;
}
