/* SPDX-License-Identifier: MIT */
/* node/used_sids.c -- names of empty files that are written once: a crash leaves one or none, never half a record. */
#include "node/used_sids.h"
#include <stdlib.h>

static id32 name_of_sid(const session_id *sid)
{
	id32 id = { 0 };
	memcpy(id.b, sid->b, sizeof sid->b);
	return id;
}

err used_sids_use(void *used, const session_id *sid)
{
	const used_sids *u = used;
	const id32 id = name_of_sid(sid);
	bool existed = false;

	TRY(vault_put_private(u->vault, PRIV_USED_SESSION, &u->epoch, &id, (slice){ 0 }, &existed));
	return existed ? err_fail(ERR_EXISTS, "a session of this id has been before; it must not run again") : OK;
}

static err erase_folder(vault *v, priv_type t, const id32 *folder)
{
	id32 *id = NULL;
	size_t ids = 0;

	err e = vault_list_private(&id, &ids, v, t, folder);
	for (size_t i = 0; e == OK && i < ids; i++) e = vault_remove_private(v, t, folder, &id[i]);
	free(id);
	return e;
}

err used_sids_erase(vault *v, const id32 *epoch)
{
	return erase_folder(v, PRIV_USED_SESSION, epoch);
}

/* ---- attempts ------------------------------------------------------------------------------------------------- */

typedef struct attempt_name { attempted what; uint32_t number; bool buried; } attempt_name;

static id32 name_of_attempt(const attempt_name *a)
{
	id32 id = {{ [0] = (uint8_t)a->what, [1] = a->buried }};
	store32(id.b + 4, a->number);
	return id;
}

static bool attempt_of_name(attempt_name *out, const id32 *name)
{
	const attempt_name a = { (attempted)name->b[0], load32(name->b + 4), name->b[1] };
	const id32 again = name_of_attempt(&a);
	*out = a;
	return a.what >= ATTEMPT_EPOCH && a.what < ATTEMPTS && id_eq_var(&again, name);
}

/* *last: of all; *alive: of those that are not buried. */
static err last_of(uint32_t *last, uint32_t *alive, vault *v, attempted what, const id32 *request)
{
	id32 *id = NULL;
	size_t ids = 0;

	*last = *alive = 0;
	TRY(vault_list_private(&id, &ids, v, PRIV_ATTEMPT, request));
	for (size_t i = 0; i < ids; i++) {
		attempt_name a;
		if (!attempt_of_name(&a, &id[i]) || a.what != what) continue;
		if (a.number > *last) *last = a.number;
		if (!a.buried && a.number > *alive) *alive = a.number;
	}
	free(id);
	return OK;
}

err attempt_last(uint32_t *out, vault *v, attempted what, const id32 *request)
{
	uint32_t alive;
	return last_of(out, &alive, v, what, request);
}

static err record(vault *v, const id32 *request, const attempt_name *a)
{
	const id32 id = name_of_attempt(a);
	bool existed;

	return vault_put_private(v, PRIV_ATTEMPT, request, &id, (slice){ 0 }, &existed);
}

err attempt_record(vault *v, attempted what, const id32 *request, uint32_t number)
{
	return record(v, request, &(attempt_name){ what, number, false });
}

/* The mark first: a crash leaves too much rather than nothing. */
static err bury(vault *v, attempted what, const id32 *request)
{
	attempt_name mark = { what, 0, true }, a;
	uint32_t alive;
	id32 *id = NULL;
	size_t ids = 0;

	TRY(last_of(&mark.number, &alive, v, what, request));
	if (alive == 0) return OK;
	TRY(record(v, request, &mark));
	const id32 stays = name_of_attempt(&mark);
	err e = vault_list_private(&id, &ids, v, PRIV_ATTEMPT, request);
	for (size_t i = 0; e == OK && i < ids; i++)
		if (attempt_of_name(&a, &id[i]) && a.what == what && !id_eq_var(&id[i], &stays))
			e = vault_remove_private(v, PRIV_ATTEMPT, request, &id[i]);
	free(id);
	return e;
}

err attempts_bury(vault *v, const id32 *request)
{
	for (attempted what = ATTEMPT_EPOCH; what < ATTEMPTS; what++) TRY(bury(v, what, request));
	return OK;
}

err attempts_each(vault *v, void (*each)(void *, attempted, const id32 *), void *ctx)
{
	id32 *request = NULL;
	size_t requests = 0;

	err e = vault_list_epochs(&request, &requests, v, PRIV_ATTEMPT);
	for (size_t i = 0; e == OK && i < requests; i++)
		for (attempted what = ATTEMPT_EPOCH; e == OK && what < ATTEMPTS; what++) {
			uint32_t last, alive;
			e = last_of(&last, &alive, v, what, &request[i]);
			if (e == OK && alive) each(ctx, what, &request[i]);
		}
	free(request);
	return e;
}
